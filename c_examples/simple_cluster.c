/*
 * simple_cluster: five members of a cluster inside one program, without any network.
 *
 * The library never opens a socket by itself. It makes messages and hands them to a send callback;
 * a program brings each to the node it is for, by whatever means it has. Here that is a call of the
 * other node's gossip_core_handle_message. Ends with 0 when every node sees all others online.
 */
#include <stdio.h>
#include <string.h>

#include "core/gossip_core.h"

#define NODES 5
#define MOST_ROUNDS 20

static gossip_core_t *cores[NODES];

/* Node i has the made-up port 7000 + i, so the port of the target tells whose message it is. */
static void on_send(const gossip_message_t *msg, const gossip_node_view_t *target, void *user_data)
{
    int i = target->port - 7000;
    (void)user_data;
    if (i >= 0 && i < NODES)
        gossip_core_handle_message(cores[i], msg); /* calls from inside a callback are allowed */
}

static gossip_node_view_t describe(int i)
{
    gossip_node_view_t view = {0};
    view.id.data[15] = (uint8_t)(i + 1);
    snprintf(view.ip, sizeof view.ip, "127.0.0.1");
    view.port = 7000 + i;
    return view;
}

/* How many others are online in the eyes of one node. */
static int count_online(const gossip_core_t *core)
{
    size_t count = 0;
    int online = 0;
    gossip_node_view_t *nodes = gossip_core_get_nodes(core, &count); /* NULL if there are none */
    for (size_t i = 0; i < count; i++)
        online += nodes[i].status == GOSSIP_NODE_ONLINE;
    gossip_core_free_nodes(nodes);
    return online;
}

static int nodes_that_see_all(void)
{
    int complete = 0;
    for (int i = 0; i < NODES; i++)
        complete += count_online(cores[i]) == NODES - 1;
    return complete;
}

int main(void)
{
    const gossip_node_view_t seed = describe(0);
    int round = 0;

    for (int i = 0; i < NODES; i++) {
        const gossip_node_view_t self = describe(i);
        cores[i] = gossip_core_create(&self, on_send, NULL, NULL);
        if (cores[i] == NULL) {
            fprintf(stderr, "cannot create node %d: %s\n", i, gossip_last_error());
            return 1;
        }
    }
    /* Everybody joins through node 0. They learn of each other from the messages that follow. */
    for (int i = 1; i < NODES; i++)
        gossip_core_join(cores[i], &seed);

    while (nodes_that_see_all() < NODES && round < MOST_ROUNDS) {
        round++;
        for (int i = 0; i < NODES; i++)
            gossip_core_tick(cores[i]);
        printf("round %2d: %d of %d nodes see all the others online\n", round,
               nodes_that_see_all(), NODES);
    }

    int complete = nodes_that_see_all();
    for (int i = 0; i < NODES; i++)
        gossip_core_destroy(cores[i]);
    printf("%s\n", complete == NODES ? "the cluster has formed" : "the cluster did NOT form");
    return complete == NODES ? 0 : 1;
}
