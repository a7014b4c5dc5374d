/*
 * Nodes that run themselves, in one process: all see all, one that stops is FAILED and comes back
 * when it starts anew, one that leaves is LEFT, and threads that call everything meanwhile, with
 * callbacks that call back, do no harm.
 *
 * --nodes 5 --threads 3 --serializer auto|json|binary --profile 2 (a gossip_profile_t)
 */
#include "harness.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/gossip_node.h"

enum { NODES_MAX = 64, THREADS_MAX = 32 };

struct member {
    gossip_node_t *node;
    gossip_node_id_t id;
    atomic_int inside;
    atomic_uint told, failed_told, freed;
};

static struct member members[NODES_MAX];
static size_t count;
static atomic_bool over, calm;
static atomic_ulong overlaps, calls;

static void call_back(struct member *own)
{
    size_t known = 0;
    gossip_node_info_t info = {.size = sizeof info};
    free(gossip_node_members(own->node, sizeof(gossip_node_info_t), &known));
    gossip_node_self(own->node, &info);
    gossip_node_set_metadata(own->node, "told", own->told % 2 == 0 ? "even" : "odd");
}

static void on_event(const gossip_node_view_t *node, gossip_node_status_t old, void *data)
{
    struct member *own = data;
    (void)old;
    if (atomic_fetch_add(&own->inside, 1) != 0)
        overlaps++;
    own->told++;
    if (node->status == GOSSIP_NODE_FAILED && calm)
        own->failed_told++;
    if (own->told % 4 == 0)
        call_back(own);
    atomic_fetch_sub(&own->inside, 1);
}

static void on_drop(void *data)
{
    struct member *own = data;
    own->freed++;
}

static gossip_node_t *make(struct member *own, const char *serializer, gossip_config_t *protocol)
{
    gossip_node_config_t config;
    CHECK(gossip_node_config_init(&config) == GOSSIP_ERR_SUCCESS, "%s", gossip_last_error());
    config.id = own->id;
    config.bind_host = "127.0.0.1";
    config.serializer = serializer;
    config.protocol = protocol;
    config.on_event = on_event;
    config.user_data = own;
    config.drop_user_data = on_drop;
    gossip_node_t *node = gossip_node_create(&config);
    CHECK(node != NULL, "%s", gossip_last_error());
    CHECK(gossip_node_start(node) == GOSSIP_ERR_SUCCESS, "%s", gossip_last_error());
    return node;
}

static int join(gossip_node_t *node, uint16_t port)
{
    char seed[32];
    const char *const seeds[2] = {"127.0.0.1:1", seed};
    snprintf(seed, sizeof seed, "127.0.0.1:%u", (unsigned)port);
    return gossip_node_join(node, seeds, 2, h_stretch_ms(10000));
}

/* In JSON others hear of a node that left as FAILED. */
static bool left_shows_as_failed;

static bool holds(size_t at, size_t of, uint32_t status)
{
    gossip_node_info_t info = {.size = sizeof info};
    if (!gossip_node_find(members[at].node, &members[of].id, &info))
        return false;
    bool may_fail = status == GOSSIP_NODE_LEFT && left_shows_as_failed;
    return info.status == status || (may_fail && info.status == GOSSIP_NODE_FAILED);
}

/* Whether all but `of` itself hold it so. */
static bool all_hold(size_t of, uint32_t status)
{
    for (size_t at = 0; at < count; at++)
        if (at != of && !holds(at, of, status))
            return false;
    return true;
}

static bool all_online(void)
{
    for (size_t of = 0; of < count; of++)
        if (!all_hold(of, GOSSIP_NODE_ONLINE))
            return false;
    return true;
}

/* Who holds `of` otherwise, a line each. */
static void tell_who(size_t of, uint32_t status)
{
    static const char *const names[] = {"unknown", "joining", "online", "suspect", "failed", "left"};
    for (size_t at = 0; at < count; at++) {
        gossip_node_info_t info = {.size = sizeof info};
        bool found = gossip_node_find(members[at].node, &members[of].id, &info);
        if (at != of && !holds(at, of, status))
            fprintf(stderr, "  node %zu of node %zu: %s\n", at, of,
                    found ? names[info.status % 6] : "not a member");
    }
}

static void await(const char *what, size_t of, uint32_t status)
{
    uint64_t began = h_now_us(), limit = h_stretch_ms(20000) * 1000ull;
    while (status == 0 ? !all_online() : !all_hold(of, status)) {
        if (!CHECK(h_now_us() - began < limit, "not in time: %s", what)) {
            if (status != 0)
                tell_who(of, status);
            return;
        }
        h_sleep_ms(5);
    }
    h_figure(what, (double)(h_now_us() - began) / 1000);
}

static int count_pair(const char *key, size_t key_size, const char *value, size_t value_size,
                      void *pairs)
{
    (void)key, (void)key_size, (void)value, (void)value_size;
    ++*(size_t *)pairs;
    return 0;
}

/* Calls everything on nodes at random, until it is over. */
static void *disturb(void *seed)
{
    unsigned state = *(unsigned *)seed;
    char value[32];
    while (!over) {
        state = state * 1103515245u + 12345u;
        struct member *own = &members[state / 65536 % count];
        struct member *other = &members[state / 4096 % count];
        gossip_stats_t stats = {.size = sizeof stats};
        gossip_peer_stats_t peer = {.size = sizeof peer};
        gossip_node_net_stats_t net = {.size = sizeof net};
        size_t known = 0, pairs = 0, size = sizeof value;
        snprintf(value, sizeof value, "%u", state);
        gossip_node_set_metadata(own->node, "number", value);
        gossip_node_get_metadata(own->node, &other->id, "number", value, &size);
        gossip_node_each_metadata(own->node, &other->id, count_pair, &pairs);
        gossip_node_get_stats(own->node, &stats);
        gossip_node_get_net_stats(own->node, &net);
        gossip_node_get_peer_stats(own->node, &other->id, &peer);
        free(gossip_node_members(own->node, sizeof(gossip_node_info_t), &known));
        if (state / 256 % 16 == 0)
            gossip_node_remove_metadata(own->node, "number");
        calls++;
        h_sleep_ms(1);
    }
    return NULL;
}

int main(int argc, char **argv)
{
    h_begin("t_node", argc, argv, 240);
    count = (size_t)h_option("nodes", 5);
    size_t threads = (size_t)h_option("threads", 3);
    const char *serializer = h_option_text("serializer", "auto");
    long profile = h_option("profile", GOSSIP_PROFILE_LOCAL);
    h_options_end();
    left_shows_as_failed = strcmp(serializer, "json") == 0;
    CHECK(count >= 3 && count <= NODES_MAX && threads <= THREADS_MAX, "settings out of range");

    gossip_config_t protocol;
    gossip_config_init(&protocol, (gossip_profile_t)profile);
    for (size_t i = 0; i < count; i++) {
        members[i].id.data[0] = (uint8_t)(i + 1);
        members[i].node = make(&members[i], serializer, &protocol);
        if (i > 0)
            CHECK(join(members[i].node, gossip_node_port(members[0].node)) >= 1, "%s",
                  gossip_last_error());
    }
    await("formed_ms", 0, 0);
    pthread_t thread[THREADS_MAX];
    unsigned seeds[THREADS_MAX];
    calm = !h_instrumented();
    for (size_t i = 0; i < threads; i++) {
        seeds[i] = (unsigned)h_random();
        pthread_create(&thread[i], NULL, disturb, &seeds[i]);
    }
    h_sleep_ms(1500);
    calm = false;
    size_t last = count - 1;

    CHECK(gossip_node_stop(members[last].node) == GOSSIP_ERR_SUCCESS, "%s", gossip_last_error());
    await("failed_ms", last, GOSSIP_NODE_FAILED);
    CHECK(gossip_node_start(members[last].node) == GOSSIP_ERR_SUCCESS, "%s", gossip_last_error());
    CHECK(join(members[last].node, gossip_node_port(members[0].node)) >= 1, "%s",
          gossip_last_error());
    /* It, too, must know who leaves next: nobody tells a newcomer of one that left before. */
    await("back_ms", 0, 0);

    CHECK(gossip_node_leave(members[1].node, 2000) == GOSSIP_ERR_SUCCESS, "%s",
          gossip_last_error());
    await("left_ms", 1, GOSSIP_NODE_LEFT);
    over = true;
    for (size_t i = 0; i < threads; i++)
        pthread_join(thread[i], NULL);

    for (size_t i = 0; i < count; i++) {
        gossip_node_destroy(members[i].node);
        CHECK(members[i].freed == 1, "user_data of %zu was freed %u times", i, members[i].freed);
        CHECK(members[i].told > 0, "node %zu was told nothing", i);
        CHECK(members[i].failed_told == 0, "node %zu was told of a failure", i);
    }
    CHECK(overlaps == 0, "%lu callbacks of a node overlapped", (unsigned long)overlaps);
    h_figure("calls", (double)calls);
    return h_end();
}
