/*
 * events: what the event callback tells in the life of one node.
 *
 * Four nodes in one program, without any network. Node 4 joins, falls silent, comes back, and
 * leaves. Node 1 watches it. Ends with 0 when node 1 was told of each of these steps in time.
 */
#define _POSIX_C_SOURCE 200809L
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/gossip_core.h"

#define NODES 4
#define ROUND_MS 20
#define PATIENCE_ROUNDS 400 /* 8 seconds */

static gossip_core_t *cores[NODES];
static bool silent; /* while it is set, nothing reaches the last node and nothing leaves it */

/* As the watcher sees the last node. */
static gossip_node_status_t watched = GOSSIP_NODE_UNKNOWN;

static void on_send(const gossip_message_t *msg, const gossip_node_view_t *target, void *user_data)
{
    const int *sender = user_data;
    int receiver = target->port - 7000;
    if (receiver < 0 || receiver >= NODES)
        return;
    if (silent && (*sender == NODES - 1 || receiver == NODES - 1))
        return;
    gossip_core_handle_message(cores[receiver], msg);
}

/*
 * node is how the other node looks after the change, old_status what it was before. The same status
 * twice means that something else changed: its address, role, region or metadata. The view is only
 * lent: copy what is needed later. The library holds no lock here, so any call of it is allowed.
 */
static void on_event(const gossip_node_view_t *node, gossip_node_status_t old_status,
                     void *user_data)
{
    const int *watcher = user_data;
    if (*watcher != 0 || node->id.data[15] != NODES)
        return;
    printf("  node 1 was told: node %d, %s -> %s\n", node->id.data[15],
           gossip_status_string(old_status), gossip_status_string(node->status));
    watched = node->status;
}

static gossip_node_view_t describe(int i)
{
    gossip_node_view_t view = {0};
    view.id.data[15] = (uint8_t)(i + 1);
    snprintf(view.ip, sizeof view.ip, "127.0.0.1");
    view.port = 7000 + i;
    return view;
}

/* Lets rounds go by until the watcher sees the last node in that status. */
static bool wait_for(gossip_node_status_t status)
{
    const struct timespec pause = {0, ROUND_MS * 1000000L};
    for (int round = 0; round < PATIENCE_ROUNDS && watched != status; round++) {
        for (int i = 0; i < NODES; i++)
            gossip_core_tick(cores[i]);
        nanosleep(&pause, NULL);
    }
    if (watched != status)
        printf("  FAILED: node 1 was not told in %d rounds\n", PATIENCE_ROUNDS);
    return watched == status;
}

int main(void)
{
    static int numbers[NODES] = {0, 1, 2, 3}; /* what user_data points to */
    const gossip_node_view_t seed = describe(0);
    const gossip_node_view_t last = describe(NODES - 1);

    for (int i = 0; i < NODES; i++) {
        const gossip_node_view_t self = describe(i);
        cores[i] = gossip_core_create(&self, on_send, on_event, &numbers[i]);
        if (cores[i] == NULL) {
            fprintf(stderr, "cannot create node %d: %s\n", i + 1, gossip_last_error());
            return 1;
        }
    }
    puts("node 4 joins");
    for (int i = 1; i < NODES; i++)
        gossip_core_join(cores[i], &seed);
    bool ok = wait_for(GOSSIP_NODE_ONLINE);

    puts("node 4 falls silent");
    silent = true;
    ok = ok && wait_for(GOSSIP_NODE_FAILED);

    /* The two sides would find each other by themselves: each tries the failed nodes from time to
     * time. That may take half a minute; meeting any member makes it quick. */
    puts("node 4 can be heard again, and meets node 1");
    silent = false;
    gossip_core_meet(cores[NODES - 1], &seed);
    ok = ok && wait_for(GOSSIP_NODE_ONLINE);

    puts("node 4 leaves"); /* here a node that left is shown as failed: the events look alike */
    gossip_core_leave(cores[NODES - 1], &last.id);
    ok = ok && wait_for(GOSSIP_NODE_FAILED);

    for (int i = 0; i < NODES; i++)
        gossip_core_destroy(cores[i]);
    printf("%s\n", ok ? "all of it was told" : "something was NOT told");
    return ok ? 0 : 1;
}
