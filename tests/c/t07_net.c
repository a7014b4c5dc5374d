/*
 * Real transports in one process: all know all, a stopped one is FAILED and comes back when its
 * socket does, a restarted process comes back too, junk fails nobody and leaves no memory behind.
 *
 * --transport udp|tcp --nodes 8 --interval-ms 50 --by-join 0 --zero-id 0 --host 127.0.0.1
 * --shown 127.0.0.1 (the address the nodes tell; 0.0.0.0 with --host 0.0.0.0 is a usual mistake)
 * --victim-ticks 1 (the program of the stopped one goes on ticking) --junk 200000
 */
#include "netcluster.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct net net;

static void forms(bool by_join, bool zero_id, unsigned limit_ms)
{
    net_join_all(&net, by_join, zero_id);
    long took = net_run_until(&net, net_all_online, 0, limit_ms);
    CHECK(took >= 0, "not all know all within %u ms", limit_ms);
    h_figure("formed_ms", (double)took);
    net_run_ms(&net, 500);
    net.calm = true;
    net_check(&net, "formed");
}

static void stops_and_returns(size_t victim, bool ticks)
{
    struct peer *peer = &net.peers[victim];
    net.calm = false;
    uint64_t began = h_now_us();
    CHECK(gossip_transport_stop(peer->transport) == GOSSIP_ERR_SUCCESS, "stop: %s",
          gossip_last_error());
    CHECK(h_now_us() - began < 1000000u, "stop took %.3f s", (double)(h_now_us() - began) / 1e6);
    peer->listens = false;
    peer->ticks = ticks;
    long took = net_run_until(&net, net_all_call_failed, victim, h_stretch_ms(4000));
    CHECK(took >= 0, "the stopped one is not FAILED at all within 4 s");
    h_figure("failed_ms", (double)took);
    net.calm = true;
    for (size_t a = 0; a < net.count; a++)
        for (size_t b = 0; b < net.count; b++) {
            gossip_node_view_t view;
            if (a != b && a != victim && b != victim)
                CHECK(gossip_core_find_node(net.peers[a].core, &net.peers[b].self.id, &view) &&
                          view.status == GOSSIP_NODE_ONLINE,
                      "peer %zu does not call peer %zu ONLINE", a, b);
        }
    net.calm = false;
    gossip_error_code_t code = gossip_transport_start(peer->transport);
    CHECK(code == GOSSIP_ERR_SUCCESS, "start again: %d, %s", (int)code, gossip_last_error());
    peer->listens = peer->ticks = true;
    took = net_run_until(&net, net_all_online, 0, h_stretch_ms(8000));
    CHECK(took >= 0, "not ONLINE at all within 8 s after the socket was back");
    h_figure("back_ms", (double)took);
    net.calm = true;
    net_run_ms(&net, 1000);
    net_check(&net, "back");
}

static void restarts(size_t victim)
{
    net.calm = false;
    net_renew(&net, victim);
    gossip_node_view_t seed = net.peers[0].self;
    if (strcmp(seed.ip, "0.0.0.0") == 0)
        snprintf(seed.ip, sizeof seed.ip, "127.0.0.1");
    gossip_core_join(net.peers[victim].core, &seed);
    long took = net_run_until(&net, net_all_online, 0, h_stretch_ms(8000));
    CHECK(took >= 0, "a restarted process is not ONLINE at all within 8 s");
    h_figure("restarted_ms", (double)took);
    net_run_ms(&net, 2500);
    net.calm = true;
    net_run_ms(&net, 500);
    net_check(&net, "restarted");
}

/* Junk of many kinds: noise, lying lengths, cut and strange JSON, empty and huge packets. */
static size_t make_junk(uint8_t *junk, size_t size, unsigned kind)
{
    static const char *const texts[] = {
        "", "{}", "{\"type\":", "[[[[[[[[[[[[[[[[", "null",
        "{\"entries\":[1],\"sender\":\"\",\"timestamp\":-1,\"type\":0}",
        "{\"entries\":[{\"id\":\"01\",\"ip\":[1],\"port\":-8}],\"sender\":\"ff\",\"type\":2}",
        "{\"entries\":[],\"sender\":\"01,02\",\"timestamp\":18446744073709551615,\"type\":77}",
        "{\"entries\":{},\"sender\":7,\"timestamp\":1e400,\"type\":1}", "\xff\xfe\x00junk"};
    const char *text = texts[kind % 10];
    size_t length = strlen(text), noise = 0;
    switch (kind % 4) {
    case 0: /* a right frame around a strange text */
        memset(junk, 0, 4);
        junk[3] = (uint8_t)length;
        memcpy(junk + 4, text, length);
        return length + 4;
    case 1: /* a length that lies */
        for (size_t i = 0; i < 4; i++)
            junk[i] = (uint8_t)h_random();
        memcpy(junk + 4, text, length);
        return length + 4;
    case 2: /* zero bytes: each four are an empty frame */
        noise = h_random_below(size);
        memset(junk, 0, noise);
        return noise;
    default:
        noise = h_random_below(size);
        for (size_t i = 0; i < noise; i++)
            junk[i] = (uint8_t)h_random();
        return noise;
    }
}

static void *throw_junk(void *count)
{
    uint8_t junk[600];
    bool tcp = net.type == GOSSIP_TRANSPORT_TCP;
    int fds[PEERS_MAX];
    memset(fds, 0xff, sizeof fds);
    for (unsigned i = 0; i < *(unsigned *)count; i++) {
        size_t peer = i % net.count;
        if (fds[peer] < 0)
            fds[peer] = net_connect(net.type, "127.0.0.1", (uint16_t)net.peers[peer].self.port);
        size_t length = make_junk(junk, sizeof junk, (unsigned)h_random_below(1u << 16));
        bool sent = fds[peer] >= 0 && send(fds[peer], junk, length, MSG_NOSIGNAL) >= 0;
        /* The library may cut a TCP connection that talks junk; a new one brings more. */
        if (tcp && (!sent || i % 64 == 63)) {
            close(fds[peer]);
            fds[peer] = -1;
        }
        if (i % 100 == 99)
            h_sleep_ms(1);
    }
    for (size_t peer = 0; peer < net.count; peer++)
        if (fds[peer] >= 0)
            close(fds[peer]);
    return NULL;
}

static void survives_junk(unsigned count)
{
    pthread_t thread;
    unsigned warm = count / 20;
    /* The first junk warms buffers and caches up; the rest must not add to them. */
    pthread_create(&thread, NULL, throw_junk, &warm);
    pthread_join(thread, NULL);
    net_run_ms(&net, 500);
    size_t before = h_resident_bytes();
    pthread_create(&thread, NULL, throw_junk, &count);
    uint64_t end = h_now_us() + count * 20ull;
    while (h_now_us() < end)
        net_run_ms(&net, 50);
    pthread_join(thread, NULL);
    net_run_ms(&net, 1000);
    double grown = (double)h_resident_bytes() - (double)before;
    h_figure("junk_grew_kib", grown / 1024);
    if (!h_instrumented())
        CHECK(grown < 8.0 * 1024 * 1024, "%u pieces of junk grew the process by %.0f KiB", count,
              grown / 1024);
    net_check(&net, "after the junk");
}

int main(int argc, char **argv)
{
    h_begin("t07_net", argc, argv, 120);
    const char *kind = h_option_text("transport", "udp");
    size_t nodes = (size_t)h_option("nodes", 8);
    unsigned interval_ms = (unsigned)h_option("interval-ms", 50);
    bool by_join = h_option("by-join", 0) != 0, zero_id = h_option("zero-id", 0) != 0;
    const char *host = h_option_text("host", "127.0.0.1");
    const char *shown = h_option_text("shown", host);
    bool ticks = h_option("victim-ticks", 1) != 0;
    unsigned junk = (unsigned)h_option("junk", 200000);
    h_options_end();
    size_t threads = net_threads(), descriptors = net_descriptors();

    gossip_transport_type_t type =
        strcmp(kind, "tcp") == 0 ? GOSSIP_TRANSPORT_TCP : GOSSIP_TRANSPORT_UDP;
    net_open(&net, nodes, type, host, shown, interval_ms);
    forms(by_join, zero_id, h_stretch_ms(3000));
    if (nodes > 3) {
        stops_and_returns(1, ticks);
        restarts(2);
    }
    if (junk > 0)
        survives_junk(junk);
    net_close(&net);
    net_settle(threads, descriptors);
    CHECK(net_threads() == threads, "%zu threads at first, %zu at the end", threads, net_threads());
    CHECK(net_descriptors() == descriptors, "%zu descriptors at first, %zu at the end", descriptors,
          net_descriptors());
    return h_end();
}
