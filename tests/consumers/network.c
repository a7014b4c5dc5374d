/* Uses core and transport: a message goes through a real socket and is answered. */
#define _POSIX_C_SOURCE 200809L
#include "core/gossip_core.h"
#include "net/gossip_net.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

struct peer {
    gossip_core_t *core;
    gossip_transport_t *transport;
    gossip_node_view_t self;
};

static void carry(const gossip_message_t *msg, const gossip_node_view_t *target, void *user_data) {
    struct peer *peer = user_data;
    gossip_transport_send_message(peer->transport, msg, target);
}

static int start(struct peer *peer, int number) {
    memset(peer, 0, sizeof *peer);
    peer->transport = gossip_transport_factory_create(GOSSIP_TRANSPORT_UDP, "127.0.0.1", 0);
    if (peer->transport == NULL ||
        gossip_transport_start(peer->transport) != GOSSIP_ERR_SUCCESS) {
        printf("no transport: %s\n", gossip_last_error());
        return 0;
    }
    peer->self.id.data[15] = (uint8_t)number;
    strcpy(peer->self.ip, "127.0.0.1");
    peer->self.port = gossip_transport_port(peer->transport);
    peer->core = gossip_core_create(&peer->self, carry, NULL, peer);
    gossip_transport_set_core(peer->transport, peer->core);
    return peer->core != NULL;
}

static int sees(const struct peer *peer, const struct peer *other) {
    gossip_node_view_t found;
    return gossip_core_find_node(peer->core, &other->self.id, &found) &&
           found.status == GOSSIP_NODE_ONLINE;
}

int main(void) {
    struct peer a, b;
    if (!start(&a, 1) || !start(&b, 2)) {
        return 1;
    }
    gossip_core_join(b.core, &a.self);
    int met = 0;
    for (int round = 0; round < 250 && !met; round++) {
        const struct timespec pause = {0, 20 * 1000 * 1000};
        gossip_core_tick(a.core);
        gossip_core_tick(b.core);
        nanosleep(&pause, NULL);
        met = sees(&a, &b) && sees(&b, &a);
    }
    if (!met) {
        puts("the two nodes did not meet within 5 s");
    }
    gossip_transport_destroy(a.transport);
    gossip_transport_destroy(b.transport);
    gossip_core_destroy(a.core);
    gossip_core_destroy(b.core);
    return met ? 0 : 1;
}
