/*
 * Many threads call everything on one core, while its callbacks call back into it. Callbacks come
 * one at a time, each node's events in a chain; nothing hangs, and the core still works.
 *
 * --threads 4 --ms 2500
 */
#include "harness.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/gossip_core.h"

enum { THREADS_MAX = 32, NODES = 40 };

static gossip_core_t *core;
static atomic_int inside;
static atomic_bool over, resetting;
static atomic_ulong overlaps, broken_chains, callbacks, calls;
static int chain[NODES];

static gossip_node_view_t view(unsigned number, uint64_t heartbeat)
{
    gossip_node_view_t node;
    memset(&node, 0, sizeof node);
    node.id.data[0] = (uint8_t)number;
    node.id.data[1] = 1;
    snprintf(node.ip, sizeof node.ip, "10.0.0.%u", number);
    node.port = 5000 + (int)number;
    node.status = GOSSIP_NODE_ONLINE;
    node.heartbeat = heartbeat;
    return node;
}

static void call_back(const gossip_node_id_t *id)
{
    gossip_node_view_t found;
    size_t count = 0;
    gossip_core_find_node(core, id, &found);
    gossip_core_size(core);
    if (callbacks % 16 == 0)
        gossip_core_free_nodes(gossip_core_get_nodes(core, &count));
    if (callbacks % 64 == 0)
        gossip_core_tick(core);
}

static void enter(void)
{
    if (atomic_fetch_add(&inside, 1) != 0)
        overlaps++;
    callbacks++;
}

static void on_send(const gossip_message_t *msg, const gossip_node_view_t *target, void *data)
{
    (void)msg;
    (void)data;
    enter();
    call_back(&target->id);
    if (callbacks % 8 == 0) {
        gossip_node_view_t own = view(target->id.data[0], callbacks);
        gossip_message_t message = {own.id, GOSSIP_MSG_PONG, own.heartbeat, &own, 1};
        gossip_core_handle_message(core, &message);
    }
    inside--;
}

static void on_event(const gossip_node_view_t *node, gossip_node_status_t old, void *data)
{
    (void)data;
    enter();
    unsigned number = node->id.data[0];
    if (number < NODES && node->id.data[1] == 1) {
        /* A reset forgets without an event, so with resets the chain proves nothing. */
        if (!resetting && chain[number] != (int)old)
            broken_chains++;
        chain[number] = (int)node->status;
    }
    call_back(&node->id);
    inside--;
}

static void one_call(unsigned random)
{
    unsigned number = 2 + random % (NODES - 2);
    gossip_node_view_t entries[2] = {view(number, random >> 8), view(2 + random / 7 % 30, random >> 9)};
    gossip_message_t message = {entries[0].id, (gossip_message_type_t)(random % 8), random >> 8,
                                entries, 2};
    gossip_node_view_t found;
    const char *key = "key", *value = "value";
    size_t count = 0;
    calls++;
    switch (random / 16 % 14) {
    case 0: gossip_core_tick(core); break;
    case 1: gossip_core_meet(core, &entries[0]); break;
    case 2: gossip_core_join(core, &entries[1]); break;
    case 3: gossip_core_leave(core, &entries[0].id); break;
    case 4: gossip_core_free_self(gossip_core_self(core)); break;
    case 5: gossip_core_free_nodes(gossip_core_get_nodes(core, &count)); break;
    case 6: gossip_core_find_node(core, &entries[0].id, &found); break;
    case 7: gossip_core_update_self_metadata(core, &key, &value, 1); break;
    case 8: gossip_core_tick_full_broadcast(core); break;
    case 9:
        if (resetting && random % 64 == 0)
            gossip_core_reset(core);
        break;
    case 10: gossip_core_get_internal(core); break;
    default: gossip_core_handle_message(core, &message); break;
    }
}

static void *work(void *seed)
{
    uint64_t state = (uint64_t)(uintptr_t)seed * 0x9e3779b97f4a7c15u + 12345;
    while (!over) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        one_call((unsigned)(state >> 33));
        h_check_library(gossip_last_error());
    }
    return NULL;
}

static void run(unsigned threads, unsigned ms)
{
    pthread_t ids[THREADS_MAX];
    gossip_node_view_t own = view(1, 0);
    memset(chain, 0, sizeof chain);
    over = false;
    core = gossip_core_create(&own, on_send, on_event, NULL);
    for (unsigned i = 0; i < threads; i++)
        pthread_create(&ids[i], NULL, work, (void *)(uintptr_t)(h_random() | 1));
    h_sleep_ms(ms);
    over = true;
    for (unsigned i = 0; i < threads; i++)
        pthread_join(ids[i], NULL);
    CHECK(overlaps == 0, "%lu callbacks ran at the same time as another", overlaps);
    CHECK(broken_chains == 0, "%lu events do not follow the one before", broken_chains);
    /* Perhaps everybody was told to have left; a newcomer must be welcomed all the same. */
    gossip_node_view_t newcomer = view(200, 1);
    gossip_message_t message = {newcomer.id, GOSSIP_MSG_MEET, 1, &newcomer, 1};
    unsigned long before = callbacks;
    gossip_core_handle_message(core, &message);
    CHECK(callbacks >= before + 2, "after the storm a MEET brings %lu callbacks of 2",
          callbacks - before);
    before = callbacks;
    gossip_core_tick(core);
    CHECK(callbacks > before, "after the storm a tick does nothing: %s", gossip_last_error());
    CHECK(inside == 0, "callbacks are under way without a call");
    size_t count = 0;
    gossip_core_free_nodes(gossip_core_get_nodes(core, &count));
    CHECK(count == gossip_core_size(core) && count < 2 * NODES, "%zu nodes", count);
    gossip_core_destroy(core);
}

int main(int argc, char **argv)
{
    h_begin("g_concurrent", argc, argv, 60);
    unsigned threads = (unsigned)h_option("threads", 4), ms = (unsigned)h_option("ms", 2500);
    h_options_end();
    threads = threads < THREADS_MAX ? threads : THREADS_MAX;
    run(threads, ms);
    resetting = true;
    run(threads, ms / 2);
    h_figure("calls", (double)calls);
    h_figure("callbacks", (double)callbacks);
    return h_end();
}
