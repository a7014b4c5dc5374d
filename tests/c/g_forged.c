/*
 * Forged messages about a live node: LEAVE, failed and suspect claims with any heartbeat, by a
 * sender that is unknown, the victim itself, the receiver itself, or another member. The victim
 * must be ONLINE at all again within 4 s each time; and at the end a real failure is still seen, a
 * return and a restart still work: nothing is poisoned for ever.
 *
 * --nodes 8 --everybody 1 (each node gets the forgery; 0: one of them)
 */
#include "cluster.h"

#include <stdlib.h>
#include <string.h>

static struct cluster cluster;
static double worst;

enum sender { UNKNOWN, VICTIM, RECEIVER, OTHER, SENDERS };
static const char *const sender_names[] = {"an unknown id", "the victim", "the receiver", "another"};

struct forgery {
    gossip_message_type_t type;
    gossip_node_status_t status;
    enum sender sender;
    unsigned heartbeat_kind;
    bool own_entry_first; /* the lying sender gives an entry of its own too */
};

/* Heartbeats from far behind to the end of the range. */
static uint64_t heartbeat_of(unsigned kind, uint64_t now)
{
    const uint64_t choices[] = {0, now, now + 1, now + 1000, now + (1ull << 32),
                                1ull << 62, (1ull << 63) - 1, UINT64_MAX};
    return choices[kind % 8];
}

static gossip_node_id_t id_of(const struct forgery *forgery, size_t to, size_t victim)
{
    gossip_node_id_t unknown = {{0xde, 0xad}};
    size_t other = 0;
    while (other == to || other == victim)
        other++;
    switch (forgery->sender) {
    case VICTIM: return cluster.nodes[victim].self.id;
    case RECEIVER: return cluster.nodes[to].self.id;
    case OTHER: return cluster.nodes[other].self.id;
    default: return unknown;
    }
}

static void forge(const struct forgery *forgery, size_t to, size_t victim)
{
    gossip_node_view_t *self = gossip_core_self(cluster.nodes[victim].core), entries[2];
    entries[0] = entries[1] = *self;
    gossip_core_free_self(self);
    gossip_message_t message = {id_of(forgery, to, victim), forgery->type, 0, entries, 1};
    entries[0].status = forgery->status;
    entries[0].heartbeat = heartbeat_of(forgery->heartbeat_kind, entries[0].heartbeat);
    message.timestamp = entries[0].heartbeat;
    if (forgery->own_entry_first) {
        entries[1] = entries[0];
        entries[0].id = message.sender;
        entries[0].status = GOSSIP_NODE_ONLINE;
        message.entries_count = 2;
    }
    cluster_inject(&cluster, to, &message);
}

static void attack(const struct forgery *forgery, bool everybody)
{
    size_t victim = h_random_below(cluster.count);
    for (size_t to = 0; to < cluster.count; to++)
        if (to != victim && (everybody || to == (victim + 1) % cluster.count))
            forge(forgery, to, victim);
    long took = cluster_run_until(&cluster, cluster_all_online, NULL, 4000);
    unsigned before = h_failures();
    CHECK(took >= 0,
          "type %d, status %d, heartbeat kind %u, by %s%s: not all ONLINE at all within 4 s",
          (int)forgery->type, (int)forgery->status, forgery->heartbeat_kind,
          sender_names[forgery->sender], forgery->own_entry_first ? " with its entry" : "");
    if (h_failures() > before && before < 3)
        cluster_check_online(&cluster, "forged");
    worst = (double)took > worst ? (double)took : worst;
    cluster_check_lists(&cluster, "forged");
    /* A little later it must still hold: a claim on its way does not bring the lie back. */
    cluster_run_ms(&cluster, 40);
    if (h_failures() > 12) {
        CHECK(false, "too many forgeries succeed; the rest is left out");
        cluster_close(&cluster);
        exit(h_end());
    }
}

static void all_attacks(bool everybody)
{
    static const gossip_message_type_t types[] = {GOSSIP_MSG_LEAVE, GOSSIP_MSG_PING,
                                                  GOSSIP_MSG_UPDATE, GOSSIP_MSG_PONG};
    struct forgery forgery;
    memset(&forgery, 0, sizeof forgery);
    for (unsigned type = 0; type < 4; type++)
        for (unsigned sender = 0; sender < SENDERS; sender++)
            for (unsigned kind = 0; kind < 8; kind++) {
                forgery.type = types[type];
                forgery.sender = (enum sender)sender;
                forgery.heartbeat_kind = kind;
                forgery.status = h_chance(50) ? GOSSIP_NODE_FAILED : GOSSIP_NODE_SUSPECT;
                if (forgery.type == GOSSIP_MSG_LEAVE)
                    forgery.status = h_chance(50) ? GOSSIP_NODE_ONLINE : GOSSIP_NODE_FAILED;
                forgery.own_entry_first = sender == UNKNOWN && h_chance(50);
                attack(&forgery, everybody);
            }
}

/* Entries that claim the receiver's own id, address, or a zero id; none of it may be taken. */
static void claims_about_the_receiver(size_t to)
{
    gossip_node_view_t *before = gossip_core_self(cluster.nodes[to].core);
    size_t size = gossip_core_size(cluster.nodes[to].core);
    for (unsigned kind = 0; kind < 8; kind++) {
        gossip_node_view_t entries[2] = {*before, *before};
        size_t teller = (to + 1) % cluster.count;
        gossip_message_t message = {cluster.nodes[teller].self.id, GOSSIP_MSG_UPDATE, 0, entries, 2};
        entries[0].heartbeat = heartbeat_of(kind, before->heartbeat);
        entries[0].port = 4242;
        memcpy(entries[0].role, "usurper", 8);
        memset(&entries[1].id, 0, sizeof entries[1].id);
        entries[1].status = GOSSIP_NODE_ONLINE;
        cluster_inject(&cluster, to, &message);
        gossip_node_view_t *after = gossip_core_self(cluster.nodes[to].core);
        CHECK(after->port == before->port && strcmp(after->role, before->role) == 0 &&
                  after->status == GOSSIP_NODE_ONLINE,
              "an entry changed the receiver's own view: port %d, role %s", after->port,
              after->role);
        CHECK(after->heartbeat < 1ull << 62, "the own heartbeat jumped to %llu",
              (unsigned long long)after->heartbeat);
        gossip_core_free_self(after);
        cluster_run_ms(&cluster, 30);
    }
    CHECK(gossip_core_size(cluster.nodes[to].core) == size, "%zu nodes became %zu", size,
          gossip_core_size(cluster.nodes[to].core));
    gossip_core_free_self(before);
    cluster_check_lists(&cluster, "claims about the receiver");
    CHECK(cluster_run_until(&cluster, cluster_all_online, NULL, 4000) >= 0,
          "not all ONLINE at all after claims about the receiver");
}

static void still_works(void)
{
    size_t victim = h_random_below(cluster.count);
    cluster.nodes[victim].out = true;
    cluster_stop(&cluster, victim);
    long failed = cluster_run_until(&cluster, cluster_all_call_failed, &victim, 4000);
    CHECK(failed >= 0, "after the forgeries a stopped node is not FAILED at all within 4 s");
    h_figure("failed_ms", (double)failed);
    cluster_restart(&cluster, victim, false, (victim + 1) % cluster.count, true);
    long back = cluster_run_until(&cluster, cluster_all_online, NULL, 4000);
    CHECK(back >= 0, "after the forgeries a restarted node is not ONLINE at all within 4 s");
    if (back < 0)
        cluster_check_online(&cluster, "restarted");
    h_figure("back_ms", (double)back);
}

int main(int argc, char **argv)
{
    h_begin("g_forged", argc, argv, 110);
    size_t nodes = (size_t)h_option("nodes", 8);
    bool everybody = h_option("everybody", 1) != 0;
    cluster_open(&cluster, nodes, (struct presets){.interval_ms = 20});
    h_options_end();
    cluster_join_all(&cluster, true);
    CHECK(cluster_run_until(&cluster, cluster_all_online, NULL, 10000) >= 0, "it did not form");
    cluster_run_ms(&cluster, 2500);
    all_attacks(everybody);
    claims_about_the_receiver(h_random_below(nodes));
    h_figure("worst_ms", worst);
    still_works();
    cluster_close(&cluster);
    return h_end();
}
