#include "netcluster.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static socklen_t address(struct sockaddr_storage *storage, const char *host, uint16_t port)
{
    memset(storage, 0, sizeof *storage);
    if (strchr(host, ':') != NULL) {
        struct sockaddr_in6 *six = (struct sockaddr_in6 *)storage;
        six->sin6_family = AF_INET6;
        six->sin6_port = htons(port);
        inet_pton(AF_INET6, host, &six->sin6_addr);
        return sizeof *six;
    }
    struct sockaddr_in *four = (struct sockaddr_in *)storage;
    four->sin_family = AF_INET;
    four->sin_port = htons(port);
    inet_pton(AF_INET, host, &four->sin_addr);
    return sizeof *four;
}

static int open_socket(gossip_transport_type_t type, const struct sockaddr_storage *storage)
{
    return socket(storage->ss_family, type == GOSSIP_TRANSPORT_TCP ? SOCK_STREAM : SOCK_DGRAM, 0);
}

uint16_t net_free_port(gossip_transport_type_t type, const char *host)
{
    struct sockaddr_storage storage;
    socklen_t length = address(&storage, host, 0);
    int fd = open_socket(type, &storage);
    if (fd < 0 || bind(fd, (struct sockaddr *)&storage, length) != 0 ||
        getsockname(fd, (struct sockaddr *)&storage, &length) != 0) {
        fprintf(stderr, "no free port of %s\n", host);
        exit(2);
    }
    close(fd);
    return ntohs(storage.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&storage)->sin6_port
                                               : ((struct sockaddr_in *)&storage)->sin_port);
}

int net_connect(gossip_transport_type_t type, const char *host, uint16_t port)
{
    struct sockaddr_storage storage;
    socklen_t length = address(&storage, host, port);
    int fd = open_socket(type, &storage);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&storage, length) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static void on_send(const gossip_message_t *message, const gossip_node_view_t *target, void *data)
{
    struct peer *peer = data;
    if (gossip_transport_send_message(peer->transport, message, target) != GOSSIP_ERR_SUCCESS)
        peer->send_errors++;
}

static void on_event(const gossip_node_view_t *node, gossip_node_status_t old_status, void *data)
{
    struct peer *peer = data;
    (void)old_status;
    if (node->status == GOSSIP_NODE_FAILED && peer->net->calm)
        peer->failed_events++;
}

/* With a port of 0 the transport starts first, as the core must know the port it got. */
static void start_peer(struct peer *peer, uint16_t port)
{
    struct net *net = peer->net;
    peer->transport = gossip_transport_factory_create(net->type, net->host, port);
    if (!CHECK(peer->transport != NULL, "no transport: %s", gossip_last_error()))
        exit(h_end());
    if (port == 0) {
        gossip_error_code_t code = gossip_transport_start(peer->transport);
        CHECK(code == GOSSIP_ERR_SUCCESS, "start: %d, %s", (int)code, gossip_last_error());
        port = (uint16_t)gossip_transport_port(peer->transport);
        CHECK(port != 0, "the port of a started transport is 0");
        peer->listens = true;
    }
    peer->self.port = port;
    peer->core = gossip_core_create(&peer->self, on_send, on_event, peer);
    gossip_transport_set_core(peer->transport, peer->core);
    if (!peer->listens) {
        gossip_error_code_t code = gossip_transport_start(peer->transport);
        CHECK(code == GOSSIP_ERR_SUCCESS, "start: %d, %s", (int)code, gossip_last_error());
    }
    peer->ticks = peer->listens = true;
}

static void stop_peer(struct peer *peer)
{
    gossip_transport_destroy(peer->transport);
    gossip_core_destroy(peer->core);
    peer->transport = NULL;
    peer->core = NULL;
    peer->ticks = peer->listens = false;
}

void net_open(struct net *net, size_t count, gossip_transport_type_t type, const char *host,
              const char *shown, unsigned interval_ms)
{
    memset(net, 0, sizeof *net);
    net->count = count <= PEERS_MAX ? count : PEERS_MAX;
    net->type = type;
    net->host = host;
    net->shown = shown;
    net->interval_us = interval_ms * 1000u;
    for (size_t i = 0; i < net->count; i++) {
        struct peer *peer = &net->peers[i];
        peer->net = net;
        for (size_t byte = 0; byte < sizeof peer->self.id.data; byte++)
            peer->self.id.data[byte] = (uint8_t)h_random();
        peer->self.id.data[0] = (uint8_t)(i + 1);
        snprintf(peer->self.ip, sizeof peer->self.ip, "%s", shown);
        snprintf(peer->self.role, sizeof peer->self.role, "peer-%zu", i);
        bool ask = i > 0 && i + 2 >= net->count;
        start_peer(peer, ask ? 0 : net_free_port(type, host));
    }
    net->next_us = h_now_us();
}

void net_close(struct net *net)
{
    for (size_t i = 0; i < net->count; i++)
        stop_peer(&net->peers[i]);
}

void net_renew(struct net *net, size_t index)
{
    struct peer *peer = &net->peers[index];
    uint16_t port = (uint16_t)peer->self.port;
    stop_peer(peer);
    start_peer(peer, port);
}

static gossip_node_view_t seed_view(const struct net *net)
{
    gossip_node_view_t view;
    memset(&view, 0, sizeof view);
    view.id = net->peers[0].self.id;
    snprintf(view.ip, sizeof view.ip, "%s", strchr(net->host, ':') ? "::1" : "127.0.0.1");
    view.port = net->peers[0].self.port;
    return view;
}

void net_join_all(struct net *net, bool by_join, bool zero_id)
{
    for (size_t i = 1; i < net->count; i++) {
        gossip_node_view_t view = seed_view(net);
        if (zero_id)
            memset(&view.id, 0, sizeof view.id);
        if (by_join)
            gossip_core_join(net->peers[i].core, &view);
        else
            gossip_core_meet(net->peers[i].core, &view);
    }
}

long net_run_until(struct net *net, net_condition done, size_t about, unsigned limit_ms)
{
    uint64_t began = h_now_us(), end = began + limit_ms * 1000ull;
    for (;;) {
        uint64_t now = h_now_us();
        if (done != NULL && done(net, about))
            return (long)((now - began) / 1000u);
        if (now >= end)
            return -1;
        if (now >= net->next_us) {
            for (size_t i = 0; i < net->count; i++)
                if (net->peers[i].ticks)
                    gossip_core_tick(net->peers[i].core);
            net->next_us = now + net->interval_us;
        }
        uint64_t wake = now + 10000u;
        h_sleep_until_us(wake < net->next_us ? wake : net->next_us);
    }
}

void net_run_ms(struct net *net, unsigned ms)
{
    net_run_until(net, NULL, 0, ms);
}

static int status(const struct net *net, size_t at, size_t about)
{
    gossip_node_view_t view;
    if (!gossip_core_find_node(net->peers[at].core, &net->peers[about].self.id, &view))
        return -1;
    return (int)view.status;
}

bool net_all_online(struct net *net, size_t unused)
{
    (void)unused;
    for (size_t a = 0; a < net->count; a++)
        for (size_t b = 0; b < net->count; b++)
            if (a != b && net->peers[a].listens && net->peers[b].listens &&
                status(net, a, b) != GOSSIP_NODE_ONLINE)
                return false;
    return true;
}

bool net_all_call_failed(struct net *net, size_t about)
{
    for (size_t a = 0; a < net->count; a++)
        if (a != about && status(net, a, about) != GOSSIP_NODE_FAILED)
            return false;
    return true;
}

void net_check(struct net *net, const char *when)
{
    static const gossip_node_id_t zero;
    for (size_t a = 0; a < net->count; a++) {
        if (!net->peers[a].listens)
            continue;
        for (size_t b = 0; b < net->count; b++)
            if (a != b && net->peers[b].listens)
                CHECK(status(net, a, b) == GOSSIP_NODE_ONLINE, "%s: peer %zu calls peer %zu %d",
                      when, a, b, status(net, a, b));
        size_t count = 0;
        gossip_node_view_t *views = gossip_core_get_nodes(net->peers[a].core, &count);
        CHECK(count == net->count - 1, "%s: peer %zu lists %zu nodes", when, a, count);
        for (size_t i = 0; i < count; i++) {
            CHECK(memcmp(&views[i].id, &net->peers[a].self.id, 16) != 0,
                  "%s: peer %zu lists itself", when, a);
            CHECK(memcmp(&views[i].id, &zero, 16) != 0, "%s: peer %zu lists a zero id", when, a);
        }
        gossip_core_free_nodes(views);
        CHECK(net->peers[a].failed_events == 0, "%s: peer %zu called somebody FAILED %u times",
              when, a, net->peers[a].failed_events);
    }
}

static size_t entries_of(const char *path)
{
    DIR *directory = opendir(path);
    size_t count = 0;
    while (directory != NULL && readdir(directory) != NULL)
        count++;
    if (directory != NULL)
        closedir(directory);
    return count;
}

size_t net_threads(void)
{
    return entries_of("/proc/self/task") - 2;
}

size_t net_descriptors(void)
{
    /* The directory that is being read, "." and ".." do not count. */
    return entries_of("/proc/self/fd") - 3;
}

void net_settle(size_t threads, size_t descriptors)
{
    for (unsigned i = 0; i < 4000; i++) {
        if (net_threads() <= threads && net_descriptors() <= descriptors)
            return;
        h_sleep_ms(1);
    }
}
