/* A program as it was written for libgossip 1.4.2: two nodes on UDP, and the serializer. */
#define _POSIX_C_SOURCE 200809L
#include "core/gossip_core.h"
#include "net/gossip_net.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

struct peer {
    gossip_core_t *core;
    gossip_transport_t *transport;
    gossip_node_view_t self;
};

static int failures;

static void expect(int holds, const char *what) {
    if (!holds) {
        printf("udp: not so: %s\n", what);
        failures++;
    }
}

/* Version 1.4.2 could not tell which port it got, so its programs had to bring one. */
static uint16_t free_port(void) {
    struct sockaddr_in address;
    socklen_t length = sizeof address;
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, length) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &length) != 0) {
        perror("udp: no free port");
        exit(1);
    }
    close(fd);
    return ntohs(address.sin_port);
}

static void carry(const gossip_message_t *msg, const gossip_node_view_t *target, void *user_data) {
    gossip_transport_send_message(((struct peer *)user_data)->transport, msg, target);
}

static void start(struct peer *peer, int number, int by_factory) {
    uint16_t port = free_port();
    memset(peer, 0, sizeof *peer);
    memset(peer->self.id.data, number, sizeof peer->self.id.data);
    strcpy(peer->self.ip, "127.0.0.1");
    peer->self.port = port;
    peer->core = gossip_core_create(&peer->self, carry, NULL, peer);
    if (by_factory) {
        peer->transport = gossip_transport_factory_create(GOSSIP_TRANSPORT_UDP, "127.0.0.1", port);
    } else {
        gossip_serializer_t *serializer = gossip_json_serializer_create();
        peer->transport = gossip_transport_create(GOSSIP_TRANSPORT_UDP, "127.0.0.1", port);
        gossip_transport_set_serializer(peer->transport, serializer);
        gossip_serializer_destroy(serializer);
    }
    expect(peer->core != NULL && peer->transport != NULL, "core and transport are made");
    gossip_transport_set_core(peer->transport, peer->core);
    expect(gossip_transport_start(peer->transport) == GOSSIP_ERR_SUCCESS, "the transport starts");
}

static int sees(const struct peer *peer, const struct peer *other) {
    gossip_node_view_t found;
    return gossip_core_find_node(peer->core, &other->self.id, &found) &&
           found.status == GOSSIP_NODE_ONLINE;
}

static void check_serializer(void) {
    gossip_serializer_t *serializer = gossip_json_serializer_create();
    gossip_node_view_t entry;
    gossip_message_t message, back;
    uint8_t *data = NULL;
    size_t size = 0;
    memset(&entry, 0, sizeof entry);
    memset(&message, 0, sizeof message);
    memset(&back, 0, sizeof back);
    strcpy(entry.ip, "10.0.0.1");
    entry.port = 7;
    message.type = GOSSIP_MSG_UPDATE;
    message.timestamp = 99;
    message.entries = &entry;
    message.entries_count = 1;
    expect(gossip_serializer_serialize(serializer, &message, &data, &size) == GOSSIP_ERR_SUCCESS &&
               data != NULL,
           "a message is serialized");
    expect(gossip_serializer_deserialize(serializer, data, size, &back) == GOSSIP_ERR_SUCCESS,
           "it is read again");
    expect(back.type == GOSSIP_MSG_UPDATE && back.timestamp == 99 && back.entries_count == 1 &&
               back.entries != NULL && strcmp(back.entries[0].ip, "10.0.0.1") == 0,
           "it is the same");
    free(data);
    free(back.entries);
    gossip_serializer_destroy(serializer);
}

int main(void) {
    struct peer a, b;
    check_serializer();
    start(&a, 1, 1);
    start(&b, 2, 0);
    gossip_core_meet(b.core, &a.self);
    int met = 0;
    for (int round = 0; round < 250 && !met && failures == 0; round++) {
        const struct timespec pause = {0, 20 * 1000 * 1000};
        gossip_core_tick(a.core);
        gossip_core_tick(b.core);
        nanosleep(&pause, NULL);
        met = sees(&a, &b) && sees(&b, &a);
    }
    expect(met, "the two nodes meet within 5 s");
    expect(gossip_transport_stop(a.transport) == GOSSIP_ERR_SUCCESS, "the transport stops");
    gossip_transport_destroy(a.transport);
    gossip_transport_destroy(b.transport);
    gossip_core_destroy(a.core);
    gossip_core_destroy(b.core);
    return failures != 0;
}
