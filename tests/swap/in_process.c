/* A program as it was written for libgossip 1.4.2: a cluster in one process, every core function. */
#include "core/gossip_core.h"

#include <stdio.h>
#include <string.h>

#define NODES 4

static gossip_core_t *cores[NODES];
static int events[NODES];
static int failures;

static void expect(int holds, const char *what) {
    if (!holds) {
        printf("in_process: not so: %s\n", what);
        failures++;
    }
}

static gossip_node_view_t node(int number) {
    gossip_node_view_t view;
    memset(&view, 0, sizeof view);
    memset(view.id.data, number + 1, sizeof view.id.data);
    strcpy(view.ip, "127.0.0.1");
    strcpy(view.role, "worker");
    strcpy(view.region, "here");
    view.port = 7000 + number;
    return view;
}

static void carry(const gossip_message_t *msg, const gossip_node_view_t *target, void *user_data) {
    (void)user_data;
    int to = target->port - 7000;
    if (to >= 0 && to < NODES) {
        gossip_core_handle_message(cores[to], msg);
    }
}

static void on_event(const gossip_node_view_t *view, gossip_node_status_t old, void *user_data) {
    (void)view;
    (void)old;
    ++*(int *)user_data;
}

static void rounds(int count) {
    for (int round = 0; round < count; round++) {
        for (int i = 0; i < NODES; i++) {
            gossip_core_tick(cores[i]);
        }
    }
}

static gossip_node_status_t status(int of, int at) {
    gossip_node_view_t wanted = node(of), found;
    memset(&found, 0, sizeof found);
    if (!gossip_core_find_node(cores[at], &wanted.id, &found)) {
        return GOSSIP_NODE_UNKNOWN;
    }
    expect(strcmp(found.ip, "127.0.0.1") == 0 && found.port == wanted.port, "address");
    expect(strcmp(found.role, "worker") == 0 && strcmp(found.region, "here") == 0, "role, region");
    return found.status;
}

int main(void) {
    for (int i = 0; i < NODES; i++) {
        gossip_node_view_t self = node(i);
        cores[i] = gossip_core_create(&self, carry, on_event, &events[i]);
        expect(cores[i] != NULL, "a core is made");
        expect(gossip_core_get_internal(cores[i]) != NULL, "an internal pointer");
    }
    if (failures != 0) {
        return 1;
    }
    gossip_node_view_t seed = node(0);
    gossip_core_meet(cores[1], &seed);
    for (int i = 2; i < NODES; i++) {
        gossip_core_join(cores[i], &seed);
    }
    rounds(20);
    for (int i = 0; i < NODES; i++) {
        expect(gossip_core_size(cores[i]) == NODES - 1, "every node knows all others");
        expect(events[i] >= NODES - 1, "events were raised");
        for (int of = 0; of < NODES; of++) {
            expect(of == i || status(of, i) == GOSSIP_NODE_ONLINE, "all online");
        }
    }

    const char *keys[] = {"zone"}, *values[] = {"a"};
    gossip_node_view_t *before = gossip_core_self(cores[0]);
    gossip_core_update_self_metadata(cores[0], keys, values, 1);
    gossip_node_view_t *after = gossip_core_self(cores[0]);
    expect(after->heartbeat > before->heartbeat, "new metadata raise the heartbeat");
    expect(after->status == GOSSIP_NODE_ONLINE, "a node is online to itself");
    gossip_core_free_self(before);
    gossip_core_free_self(after);

    gossip_core_tick_full_broadcast(cores[1]);
    gossip_core_leave(cores[3], &(gossip_node_id_t){{4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4}});
    rounds(12);
    for (int i = 0; i < NODES - 1; i++) {
        expect(status(3, i) == GOSSIP_NODE_FAILED, "a node that left is failed at the others");
    }

    size_t count = 0;
    gossip_node_view_t *nodes = gossip_core_get_nodes(cores[0], &count);
    expect(nodes != NULL && count == NODES - 1, "the list has every other node");
    gossip_core_free_nodes(nodes);
    gossip_core_reset(cores[0]);
    expect(gossip_core_size(cores[0]) == 0, "nothing is known after a reset");
    for (int i = 0; i < NODES; i++) {
        gossip_core_destroy(cores[i]);
    }
    return failures != 0;
}
