/*
 * A cluster of cores on real transports in one process: the send callback hands each message to
 * the node's transport, and the program's main thread ticks all of them.
 */
#ifndef GOSSIP_TESTS_NETCLUSTER_H
#define GOSSIP_TESTS_NETCLUSTER_H

#include "harness.h"

#include <stdatomic.h>

#include "core/gossip_core.h"
#include "net/gossip_net.h"

enum { PEERS_MAX = 32 };

struct peer {
    struct net *net;
    gossip_core_t *core;
    gossip_transport_t *transport;
    gossip_node_view_t self;
    bool ticks, listens;
    atomic_uint failed_events, send_errors;
};

struct net {
    size_t count;
    struct peer peers[PEERS_MAX];
    gossip_transport_type_t type;
    const char *host;  /* bound to */
    const char *shown; /* told to the others */
    uint64_t interval_us, next_us;
    atomic_bool calm; /* a FAILED event now is a fault */
};

/* A port of `host` that nothing listens on. */
uint16_t net_free_port(gossip_transport_type_t type, const char *host);
/* A socket of the test's own, connected to a port of 127.0.0.1 or ::1; -1 if that failed. */
int net_connect(gossip_transport_type_t type, const char *host, uint16_t port);

/* Opens `count` peers. The last two ask for port 0 and learn theirs from the library. */
void net_open(struct net *net, size_t count, gossip_transport_type_t type, const char *host,
              const char *shown, unsigned interval_ms);
void net_close(struct net *net);
/* Destroys core and transport of a peer and makes both anew with the same id and address. */
void net_renew(struct net *net, size_t index);
/* All but the first meet (or join) the first; with `zero_id` they do not know its id. */
void net_join_all(struct net *net, bool by_join, bool zero_id);

/* Ticks for so long; or until the condition holds: milliseconds it took, or -1. */
void net_run_ms(struct net *net, unsigned ms);
typedef bool (*net_condition)(struct net *net, size_t about);
long net_run_until(struct net *net, net_condition done, size_t about, unsigned limit_ms);

bool net_all_online(struct net *net, size_t unused);
bool net_all_call_failed(struct net *net, size_t about);
/* Failed checks for each pair that is not online, and for lists that must not be. */
void net_check(struct net *net, const char *when);

/* Threads and open descriptors of this process. */
size_t net_threads(void);
size_t net_descriptors(void);

/*
 * Waits until this process has no more of them than these: the system lists a thread for a moment
 * after it was joined, and a thread that was destroyed inside its own callback ends soon after.
 */
void net_settle(size_t threads, size_t descriptors);

#endif
