#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include "core/gossip_core.h"
#include "net/gossip_net.h"

static void on_send(const gossip_message_t *msg, const gossip_node_view_t *to, void *udp) {
    (void)gossip_transport_send_message(*(gossip_transport_t **)udp, msg, to);
}
static void on_event(const gossip_node_view_t *n, gossip_node_status_t old, void *udp) {
    (void)udp;
    fprintf(stderr, "%s:%d was %s, is %s\n", n->ip, n->port, gossip_status_string(old),
            gossip_status_string(n->status));
}
int main(int argc, char **argv) { /* usage: node OWN_PORT [PORT_OF_ANY_MEMBER] */
    int port = argc > 1 ? atoi(argv[1]) : 7001;
    gossip_node_view_t self = {.id = {{port / 256, port % 256}}, .ip = "127.0.0.1", .port = port};
    gossip_node_view_t member = {.ip = "127.0.0.1", .port = argc > 2 ? atoi(argv[2]) : 0};
    gossip_transport_t *udp = gossip_transport_factory_create(GOSSIP_TRANSPORT_UDP, self.ip, port);
    gossip_core_t *core = gossip_core_create(&self, on_send, on_event, &udp);
    gossip_transport_set_core(udp, core);
    if (gossip_transport_start(udp) != GOSSIP_ERR_SUCCESS)
        return fprintf(stderr, "%s\n", gossip_last_error()), 1;
    if (argc > 2) gossip_core_join(core, &member);
    struct pollfd enter = {.fd = 0, .events = POLLIN};
    while (poll(&enter, 1, 100) == 0) gossip_core_tick(core); /* a round each 100 ms, till Enter */
    gossip_core_leave(core, &self.id);
    for (int i = 0; i < 10; i++, poll(NULL, 0, 100)) gossip_core_tick(core);
    gossip_transport_destroy(udp);
    gossip_core_destroy(core);
}
