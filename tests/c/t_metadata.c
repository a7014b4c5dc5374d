/*
 * Large metadata over UDP: one of many nodes sets 64 KiB, and all others can read it within some
 * seconds, where datagrams get lost, too: this program's own send functions lose a part of them.
 *
 * --way node|transport --nodes 20 --loss 5 (of 100) --limit-ms 5000 --changes 3
 */
#include "harness.h"

#include <dlfcn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "core/gossip_ext.h"
#include "net/gossip_node.h"
#include "netcluster.h"

enum { NODES_MAX = 32, VALUE_BYTES = 65536 - 4 };

static atomic_uint loss_percent;
static atomic_ulong lost, let_through;

/* Threads of the library send, so the harness's random numbers are not used here. */
static bool loses(void)
{
    static atomic_ulong state = 1;
    unsigned long long random = atomic_fetch_add(&state, 1) * 0x9e3779b97f4a7c15ull;
    random = (random ^ random >> 29) * 0xbf58476d1ce4e5b9ull;
    bool is_lost = (random >> 33) % 100 < loss_percent;
    atomic_fetch_add(is_lost ? &lost : &let_through, 1);
    return is_lost;
}

/* ISO C has no cast from an object's address to a function's. */
static void find(void *function, const char *name)
{
    void *found_at = dlsym(RTLD_NEXT, name);
    memcpy(function, &found_at, sizeof found_at);
}

static bool is_datagram(int fd)
{
    int kind = 0;
    socklen_t size = sizeof kind;
    return getsockopt(fd, SOL_SOCKET, SO_TYPE, &kind, &size) == 0 && kind == SOCK_DGRAM;
}

/* The header's own prototype has a type that is not of ISO C. */
ssize_t lossy_sendto(int fd, const void *bytes, size_t size, int flags, const struct sockaddr *to,
                     socklen_t to_size) __asm__("sendto");

ssize_t lossy_sendto(int fd, const void *bytes, size_t size, int flags, const struct sockaddr *to,
                     socklen_t to_size)
{
    static ssize_t (*next)(int, const void *, size_t, int, const struct sockaddr *, socklen_t);
    if (next == NULL)
        find(&next, "sendto");
    return is_datagram(fd) && loses() ? (ssize_t)size : next(fd, bytes, size, flags, to, to_size);
}

int sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags)
{
    static int (*next)(int, struct mmsghdr *, unsigned, int);
    if (next == NULL)
        find(&next, "sendmmsg");
    /* Those before the first lost one go; that one counts as sent, and the caller comes again. */
    unsigned kept = 0;
    while (kept < count && !loses())
        kept++;
    int sent = kept > 0 ? next(fd, messages, kept, flags) : 0;
    if (sent < 0 || (unsigned)sent < kept || kept == count)
        return sent;
    messages[kept].msg_len = 0;
    for (size_t i = 0; i < messages[kept].msg_hdr.msg_iovlen; i++)
        messages[kept].msg_len += (unsigned)messages[kept].msg_hdr.msg_iov[i].iov_len;
    return sent + 1;
}

static bool use_nodes;
static size_t count;
static gossip_node_t *nodes[NODES_MAX];
static gossip_node_id_t ids[NODES_MAX];
static struct net net;
static char value[VALUE_BYTES + 1], found[VALUE_BYTES + 1];

static void open_all(void)
{
    if (!use_nodes) {
        net_open(&net, count, GOSSIP_TRANSPORT_UDP, "127.0.0.1", "127.0.0.1", 100);
        for (size_t i = 0; i < count; i++)
            ids[i] = net.peers[i].self.id;
        net_join_all(&net, true, false);
        return;
    }
    char seed[32];
    const char *const seeds[] = {seed};
    for (size_t i = 0; i < count; i++) {
        gossip_node_config_t config;
        gossip_node_config_init(&config);
        memset(config.id.data, (int)i + 1, sizeof config.id.data);
        config.bind_host = "127.0.0.1";
        ids[i] = config.id;
        nodes[i] = gossip_node_create(&config);
        CHECK(gossip_node_start(nodes[i]) == GOSSIP_ERR_SUCCESS, "%s", gossip_last_error());
        snprintf(seed, sizeof seed, "127.0.0.1:%u", (unsigned)gossip_node_port(nodes[0]));
        if (i > 0)
            CHECK(gossip_node_join(nodes[i], seeds, 1, 0) >= 0, "%s", gossip_last_error());
    }
}

static void close_all(void)
{
    for (size_t i = 0; use_nodes && i < count; i++)
        gossip_node_destroy(nodes[i]);
    if (!use_nodes)
        net_close(&net);
}

static bool all_online(void)
{
    if (!use_nodes)
        return net_all_online(&net, 0);
    for (size_t at = 0; at < count; at++)
        for (size_t of = 0; of < count; of++) {
            gossip_node_info_t info = {.size = sizeof info};
            if (!gossip_node_find(nodes[at], &ids[of], &info) ||
                info.status != GOSSIP_NODE_ONLINE)
                return at == of;
        }
    return true;
}

static bool reads(size_t at, size_t of)
{
    size_t size = sizeof found;
    bool is_there =
        use_nodes ? gossip_node_get_metadata(nodes[at], &ids[of], "big", found, &size)
                  : gossip_core_get_metadata(net.peers[at].core, &ids[of], "big", found, &size);
    return is_there && size == sizeof value && memcmp(found, value, sizeof value) == 0;
}

static bool all_read(size_t of)
{
    for (size_t at = 0; at < count; at++)
        if (!reads(at, of))
            return false;
    return true;
}

static void wait_ms(unsigned ms)
{
    if (use_nodes)
        h_sleep_ms(ms);
    else
        net_run_ms(&net, ms);
}

int main(int argc, char **argv)
{
    h_begin("t_metadata", argc, argv, 120);
    use_nodes = strcmp(h_option_text("way", "node"), "node") == 0;
    count = (size_t)h_option("nodes", 20);
    unsigned loss = (unsigned)h_option("loss", 5);
    unsigned limit_ms = h_stretch_ms((unsigned)h_option("limit-ms", 5000));
    long changes = h_option("changes", 3);
    h_options_end();
    count = count <= NODES_MAX ? count : NODES_MAX;
    open_all();
    uint64_t began = h_now_us();
    while (!all_online() && CHECK(h_now_us() - began < 30000000, "not all are online"))
        wait_ms(50);
    loss_percent = loss;
    double worst = 0;
    for (long change = 0; change < changes; change++) {
        size_t of = (size_t)change * 7 % count;
        for (size_t i = 0; i < VALUE_BYTES; i++)
            value[i] = (char)('a' + h_random_below(26));
        gossip_error_code_t set =
            use_nodes ? gossip_node_set_metadata(nodes[of], "big", value)
                      : gossip_core_set_metadata(net.peers[of].core, "big", value);
        CHECK(set == GOSSIP_ERR_SUCCESS, "%s", gossip_last_error());
        began = h_now_us();
        while (!all_read(of) && CHECK(h_now_us() - began < limit_ms * 1000ull,
                                      "change %ld is not everywhere in time", change))
            wait_ms(20);
        double took = (double)(h_now_us() - began) / 1000;
        worst = took > worst ? took : worst;
    }
    CHECK(loss == 0 || lost > 0, "nothing was lost of %lu datagrams", (unsigned long)let_through);
    h_figure("worst_ms", worst);
    h_figure("datagrams", (double)(lost + let_through));
    h_figure("lost", (double)lost);
    close_all();
    return h_end();
}
