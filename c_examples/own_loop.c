/*
 * own_loop: a program with an event loop and a socket of its own, and no transport of the library.
 *
 * The library says what to send and when it wants to be called; the program waits in epoll for its
 * socket and for that time, and does everything else it has to do in the same loop. Here five nodes
 * share one process and one loop, each with a socket of its own. The fifth then goes away without a
 * word. Ends with 0 when all saw all, and then the four left saw the fifth fail.
 */
#define _POSIX_C_SOURCE 200809L
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "core/gossip_ext.h"

#define NODES 5
#define MOST_SECONDS 30

typedef struct node {
    gossip_core_t *core;
    int fd;
    uint16_t port;
} node_t;

static node_t nodes[NODES];
static int running = NODES;

/* UDP may drop what has no room: the library takes that for a loss, and says it again. */
static void on_packet(const uint8_t *bytes, size_t size, const char *ip, uint16_t port, void *data)
{
    const node_t *node = data;
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
    if (inet_pton(AF_INET, ip, &to.sin_addr) == 1)
        (void)sendto(node->fd, bytes, size, MSG_DONTWAIT, (struct sockaddr *)&to, sizeof to);
}

static void on_changes(const gossip_change_t *const *changes, size_t count, void *data)
{
    const node_t *node = data;
    for (size_t i = 0; i < count; i++)
        printf("%d: %d is %s\n", node->port, changes[i]->node.port,
               gossip_status_string(changes[i]->node.status));
}

/* Opens a socket on a free port, and makes the node that speaks by it. */
static int start(node_t *node, int number)
{
    struct sockaddr_in own = {.sin_family = AF_INET};
    socklen_t size = sizeof own;
    own.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    node->fd = socket(AF_INET, SOCK_DGRAM, 0);
    if (node->fd < 0 || bind(node->fd, (struct sockaddr *)&own, size) != 0 ||
        getsockname(node->fd, (struct sockaddr *)&own, &size) != 0)
        return -1;
    node->port = ntohs(own.sin_port);

    gossip_config_t config;
    gossip_config_init(&config, GOSSIP_PROFILE_LOCAL);
    config.packets = 1;
    config.cluster = "own_loop";
    gossip_node_view_t self = {.ip = "127.0.0.1", .port = node->port};
    self.id.data[15] = (uint8_t)number;
    gossip_callbacks_t callbacks = {
        .size = sizeof callbacks, .on_packet = on_packet, .on_changes = on_changes, .user_data = node};
    node->core = gossip_core_create_with(&config, &self, &callbacks);
    return node->core != NULL ? 0 : -1;
}

/* One datagram from a node's socket to its core. What is no message only counts as refused. */
static void receive(node_t *node)
{
    uint8_t bytes[65536];
    char ip[INET_ADDRSTRLEN];
    struct sockaddr_in from;
    socklen_t size = sizeof from;
    ssize_t count =
        recvfrom(node->fd, bytes, sizeof bytes, MSG_DONTWAIT, (struct sockaddr *)&from, &size);
    if (count > 0 && inet_ntop(AF_INET, &from.sin_addr, ip, sizeof ip) != NULL)
        (void)gossip_core_handle_packet(node->core, bytes, (size_t)count, ip, ntohs(from.sin_port));
}

/* Waits for a socket or for the first time at which a node wants to be called, and serves them. */
static void turn(int loop)
{
    struct epoll_event events[NODES];
    uint64_t wait = 1000;
    for (int i = 0; i < running; i++) {
        uint64_t due = gossip_core_next_timeout(nodes[i].core);
        wait = due < wait ? due : wait;
    }
    int count = epoll_wait(loop, events, NODES, (int)wait);
    for (int i = 0; i < count; i++)
        receive(events[i].data.ptr);
    for (int i = 0; i < running; i++)
        if (gossip_core_next_timeout(nodes[i].core) == 0)
            gossip_core_handle_timeout(nodes[i].core);
}

/* Whether each running node holds so many others online, and so many failed. */
static int all_see(uint64_t online, uint64_t failed)
{
    for (int i = 0; i < running; i++) {
        gossip_stats_t stats = {.size = sizeof stats};
        if (gossip_core_get_stats(nodes[i].core, &stats) != GOSSIP_ERR_SUCCESS ||
            stats.nodes_by_status[GOSSIP_NODE_ONLINE] != online ||
            stats.nodes_by_status[GOSSIP_NODE_FAILED] != failed)
            return 0;
    }
    return 1;
}

int main(void)
{
    time_t begin = time(NULL);
    int loop = epoll_create1(0);
    for (int i = 0; i < NODES; i++) {
        struct epoll_event readable = {.events = EPOLLIN, .data.ptr = &nodes[i]};
        if (start(&nodes[i], i + 1) != 0 ||
            epoll_ctl(loop, EPOLL_CTL_ADD, nodes[i].fd, &readable) != 0) {
            fprintf(stderr, "cannot start node %d: %s\n", i, gossip_last_error());
            return 1;
        }
    }
    /* The id of the seed need not be known: it tells it itself. */
    gossip_node_view_t seed = {.ip = "127.0.0.1", .port = nodes[0].port};
    for (int i = 1; i < NODES; i++)
        gossip_core_join(nodes[i].core, &seed);

    while (!all_see(NODES - 1, 0) && time(NULL) - begin < MOST_SECONDS)
        turn(loop);
    puts(all_see(NODES - 1, 0) ? "all see all" : "the cluster did NOT form");

    running--;
    close(nodes[running].fd); /* which takes it out of the loop, too */
    gossip_core_destroy(nodes[running].core);
    while (!all_see(NODES - 2, 1) && time(NULL) - begin < MOST_SECONDS)
        turn(loop);
    int seen = all_see(NODES - 2, 1);
    puts(seen ? "all saw the fifth fail" : "the fifth was NOT found to fail");

    for (int i = 0; i < running; i++) {
        gossip_core_destroy(nodes[i].core);
        close(nodes[i].fd);
    }
    close(loop);
    return seen ? 0 : 1;
}
