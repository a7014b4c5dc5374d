/*
 * leave(own id): within 12 rounds FAILED at all others, still listed, nobody else goes out, and it
 * does not come back by itself. leave(other id): the same for a node that is dead, the teller stays;
 * a live node that another called left is back soon. Rounds here pass without time passing.
 *
 * --nodes 32 --rounds 12 --stops 0 (1: the leaver's process ends right after the call)
 */
#include "cluster.h"

#include <stdio.h>
#include <string.h>

static struct cluster cluster;
static unsigned limit;

static unsigned rounds_until_failed(size_t about)
{
    unsigned rounds = 0;
    while (rounds <= limit && !cluster_all_call_failed(&cluster, &about)) {
        cluster_round_now(&cluster);
        rounds++;
    }
    return rounds;
}

static void check_others(size_t gone, const char *when)
{
    for (size_t at = 0; at < cluster.count; at++) {
        if (at == gone || !cluster.nodes[at].running || cluster.nodes[at].out)
            continue;
        CHECK(cluster_status(&cluster, at, gone) == GOSSIP_NODE_FAILED,
              "%s: node %zu calls node %zu %d (4 is right, -1 is not listed)", when, at, gone,
              cluster_status(&cluster, at, gone));
    }
    cluster_check_online(&cluster, when);
    CHECK(cluster.failed_live == 0, "%s: %llu events of FAILED about others", when,
          (unsigned long long)cluster.failed_live);
}

/* The leaver comes back when it meets somebody again. */
static void meets_again(size_t leaver)
{
    gossip_node_view_t seed = cluster_view(&cluster, (leaver + 1) % cluster.count);
    cluster.nodes[leaver].out = false;
    gossip_core_meet(cluster.nodes[leaver].core, &seed);
    long took = cluster_run_until(&cluster, cluster_all_online, NULL, 4000);
    CHECK(took >= 0, "the node that left and met again is not ONLINE at all within 4 s");
    if (took < 0)
        cluster_check_online(&cluster, "meets again");
    h_figure("met_again_ms", (double)took);
}

static void leaves(bool stops)
{
    size_t leaver = 1 + h_random_below(cluster.count - 1);
    cluster.nodes[leaver].out = true;
    gossip_core_leave(cluster.nodes[leaver].core, &cluster.nodes[leaver].self.id);
    if (stops)
        cluster_stop(&cluster, leaver);
    cluster_deliver_all(&cluster);
    unsigned rounds = rounds_until_failed(leaver);
    CHECK(rounds <= limit, "the node that left is not FAILED at all others in %u rounds", limit);
    h_figure(stops ? "rounds_stopped" : "rounds", rounds);
    check_others(leaver, "after the leave");
    cluster_run_ms(&cluster, 3000);
    check_others(leaver, "3 s after the leave");
    if (stops) {
        cluster_restart(&cluster, leaver, false, (leaver + 1) % cluster.count, true);
        long took = cluster_run_until(&cluster, cluster_all_online, NULL, 4000);
        CHECK(took >= 0, "the node that left and was started anew is not ONLINE at all within 4 s");
        h_figure("anew_ms", (double)took);
    } else {
        meets_again(leaver);
    }
    cluster_count_from_here(&cluster);
}

static uint64_t heartbeat_at(size_t at, size_t about)
{
    gossip_node_view_t view;
    memset(&view, 0, sizeof view);
    gossip_core_find_node(cluster.nodes[at].core, &cluster.nodes[about].self.id, &view);
    return view.heartbeat;
}

static void leave_of_a_dead_node(void)
{
    size_t teller = h_random_below(cluster.count), dead = (teller + 1) % cluster.count;
    cluster.nodes[dead].out = true;
    cluster_stop(&cluster, dead);
    uint64_t before = heartbeat_at(teller, dead), own = heartbeat_at(dead, dead);
    gossip_core_leave(cluster.nodes[teller].core, &cluster.nodes[dead].self.id);
    uint64_t stamp = heartbeat_at(teller, dead);
    cluster_deliver_all(&cluster);
    unsigned rounds = rounds_until_failed(dead);
    CHECK(rounds <= limit, "leave(other) did not reach all in %u rounds", limit);
    if (rounds > limit)
        fprintf(stderr,
                "  teller %zu, dead %zu: the teller had it at heartbeat %llu, told %llu, and has "
                "%llu now; its own was %llu\n",
                teller, dead, (unsigned long long)before, (unsigned long long)stamp,
                (unsigned long long)heartbeat_at(teller, dead), (unsigned long long)own);
    h_figure("rounds_other", rounds);
    check_others(dead, "after leave(other)");
    cluster_restart(&cluster, dead, false, teller, false);
    CHECK(cluster_run_until(&cluster, cluster_all_online, NULL, 4000) >= 0,
          "a dead node that was told to have left is not ONLINE at all 4 s after its restart");
    cluster_count_from_here(&cluster);
}

static void leave_of_a_live_node(void)
{
    size_t teller = h_random_below(cluster.count), live = (teller + 1) % cluster.count;
    cluster.nodes[live].out = true;
    gossip_core_leave(cluster.nodes[teller].core, &cluster.nodes[live].self.id);
    CHECK(cluster_status(&cluster, teller, live) == GOSSIP_NODE_FAILED,
          "leave(other) leaves it %d at the teller", cluster_status(&cluster, teller, live));
    cluster_run_ms(&cluster, 100);
    cluster.nodes[live].out = false;
    long took = cluster_run_until(&cluster, cluster_all_online, NULL, 4000);
    CHECK(took >= 0, "a live node that another called left is not back within 4 s");
    if (took < 0)
        cluster_check_online(&cluster, "leave of a live node");
    h_figure("live_back_ms", (double)took + 100);
    CHECK(cluster.failed_live == 0, "leave(other) took out %llu others",
          (unsigned long long)cluster.failed_live);
}

int main(int argc, char **argv)
{
    h_begin("t06_leave", argc, argv, 120);
    size_t nodes = (size_t)h_option("nodes", 32);
    bool stops = h_option("stops", 0) != 0;
    limit = (unsigned)h_option("rounds", 12);
    cluster_open(&cluster, nodes, (struct presets){.interval_ms = 20});
    h_options_end();

    cluster_join_all(&cluster, true);
    CHECK(cluster_run_until(&cluster, cluster_all_online, NULL, 20000) >= 0,
          "the cluster did not form");
    cluster_run_ms(&cluster, 500);
    cluster_count_from_here(&cluster);
    leaves(stops);
    leave_of_a_dead_node();
    leave_of_a_live_node();
    cluster_check_lists(&cluster, "at the end");
    cluster_close(&cluster);
    return h_end();
}
