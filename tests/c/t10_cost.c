/*
 * What a round and a PING with 3 entries cost at 10 and at 10 000 members: medians and the 99.9
 * percentile. Machines are noisy, so the best of some attempts counts for each figure, and what the
 * machine adds to a mere loop is taken off the percentile.
 *
 * --small 10 --large 10000 --samples 10000 --attempts 6 --answer 1 (pinged members answer)
 * --warm-up 1000 (rounds and PINGs before the first one that is timed)
 */
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/gossip_core.h"

/* SPIN_US: a stretch of work about as long as a round, that shows the machine's own noise. */
enum { PENDING_MAX = 64, SPIN_US = 2 };

static gossip_core_t *core;
static unsigned pinged[PENDING_MAX];
static size_t pending;
static uint64_t heartbeat = 10;
static bool answer;
static unsigned warm_up;
static unsigned long pings_sent, entries_sent;

struct figures {
    double entries, tick_us, tick_tail_us, ping_us, ping_tail_us;
};

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void on_send(const gossip_message_t *msg, const gossip_node_view_t *target, void *data)
{
    (void)data;
    pings_sent += msg->type == GOSSIP_MSG_PING;
    entries_sent += msg->type == GOSSIP_MSG_PING ? msg->entries_count : 0;
    if (msg->type == GOSSIP_MSG_PING && pending < PENDING_MAX)
        memcpy(&pinged[pending++], target->id.data, sizeof *pinged);
}

static gossip_node_view_t member(unsigned number)
{
    gossip_node_view_t node;
    memset(&node, 0, sizeof node);
    memcpy(node.id.data, &number, sizeof number);
    node.id.data[15] = 7;
    snprintf(node.ip, sizeof node.ip, "10.%u.%u.%u", number >> 16 & 255, number >> 8 & 255,
             number & 255);
    node.port = 7000;
    node.status = GOSSIP_NODE_ONLINE;
    node.heartbeat = heartbeat;
    return node;
}

static void fill(unsigned members)
{
    gossip_node_view_t own = member(100000000), entries[100];
    core = gossip_core_create(&own, on_send, NULL, NULL);
    for (unsigned at = 1; at <= members; at += 99) {
        size_t count = 1;
        entries[0] = member(1);
        for (unsigned i = at; i < at + 99 && i <= members; i++)
            if (i != 1)
                entries[count++] = member(i);
        gossip_message_t message = {entries[0].id,
                                    at == 1 ? GOSSIP_MSG_MEET : GOSSIP_MSG_UPDATE, heartbeat,
                                    entries, count};
        if (at == 1) {
            message.entries_count = 1;
            gossip_core_handle_message(core, &message);
            message.type = GOSSIP_MSG_UPDATE;
            message.entries_count = count;
        }
        gossip_core_handle_message(core, &message);
    }
    CHECK(gossip_core_size(core) == members, "%zu of %u members", gossip_core_size(core), members);
}

static void answers(void)
{
    size_t count = answer ? pending : 0;
    for (size_t i = 0; i < count; i++) {
        gossip_node_view_t entry = member(pinged[i]);
        gossip_message_t message = {entry.id, GOSSIP_MSG_PONG, heartbeat, &entry, 1};
        gossip_core_handle_message(core, &message);
    }
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void summarize(double *times, unsigned samples, double *median, double *tail)
{
    qsort(times, samples, sizeof *times, by_value);
    *median = times[samples / 2];
    *tail = times[samples - 1 - samples / 1000];
}

static void one_tick(double *time)
{
    pending = 0;
    heartbeat++;
    uint64_t began = now_ns();
    gossip_core_tick(core);
    *time = (double)(now_ns() - began) / 1000.0;
    answers();
}

static void one_ping(double *time, unsigned members)
{
    heartbeat++;
    unsigned number = 1 + (unsigned)h_random_below(members);
    gossip_node_view_t entries[3] = {member(number), member(1 + (unsigned)h_random_below(members)),
                                     member(1 + (unsigned)h_random_below(members))};
    gossip_message_t message = {entries[0].id, GOSSIP_MSG_PING, heartbeat, entries, 3};
    uint64_t began = now_ns();
    gossip_core_handle_message(core, &message);
    *time = (double)(now_ns() - began) / 1000.0;
}

static struct figures measure(unsigned members, unsigned samples)
{
    struct figures figures;
    double *times = malloc(samples * sizeof *times);
    if (times == NULL)
        exit(2);
    fill(members);
    for (unsigned i = 0; i < warm_up; i++) {
        one_tick(&times[0]);
        one_ping(&times[0], members);
    }
    pings_sent = entries_sent = 0;
    for (unsigned i = 0; i < samples; i++)
        one_tick(&times[i]);
    figures.entries = pings_sent ? (double)entries_sent / (double)pings_sent : 0;
    summarize(times, samples, &figures.tick_us, &figures.tick_tail_us);
    for (unsigned i = 0; i < samples; i++)
        one_ping(&times[i], members);
    summarize(times, samples, &figures.ping_us, &figures.ping_tail_us);
    gossip_core_destroy(core);
    free(times);
    return figures;
}

/* What the machine itself adds: the tail of a loop that only spins for about as long as a round. */
static double noise_tail_us(unsigned samples)
{
    double median = 0, tail = 0, *times = malloc(samples * sizeof *times);
    if (times == NULL)
        exit(2);
    for (unsigned i = 0; i < samples; i++) {
        uint64_t began = now_ns(), now = began;
        while (now - began < SPIN_US * 1000)
            now = now_ns();
        times[i] = (double)(now - began) / 1000.0;
    }
    summarize(times, samples, &median, &tail);
    free(times);
    return tail;
}

static double smaller(double a, double b)
{
    return a < b ? a : b;
}

static double larger(double a, double b)
{
    return a > b ? a : b;
}

int main(int argc, char **argv)
{
    h_begin("t10_cost", argc, argv, 120);
    unsigned few = (unsigned)h_option("small", 10), many = (unsigned)h_option("large", 10000);
    unsigned samples = (unsigned)h_option("samples", 10000);
    unsigned attempts = (unsigned)h_option("attempts", 6);
    answer = h_option("answer", 1) != 0;
    warm_up = (unsigned)h_option("warm-up", 1000);
    h_options_end();
    double tick = 1e9, ping = 1e9, tick_ratio = 1e9, ping_ratio = 1e9, tail_ratio = 1e9;
    double entries_few = 0, entries_many = 0, noise = 1e9;
    double tick_few = 1e9, ping_few = 1e9, ping_tail = 1e9;
    for (unsigned i = 0; i < attempts; i++) {
        struct figures a = measure(few, samples), b = measure(many, samples);
        entries_few = a.entries;
        entries_many = b.entries;
        double noise_now = noise_tail_us(samples);
        double excess = noise_now > SPIN_US ? noise_now - SPIN_US : 0;
        noise = smaller(noise, noise_now);
        tick_few = smaller(tick_few, a.tick_us);
        ping_few = smaller(ping_few, a.ping_us);
        tick = smaller(tick, b.tick_us);
        ping = smaller(ping, b.ping_us);
        tick_ratio = smaller(tick_ratio, b.tick_us / a.tick_us);
        ping_ratio = smaller(ping_ratio, b.ping_us / a.ping_us);
        tail_ratio = smaller(tail_ratio, larger(b.tick_tail_us - excess, 0) / b.tick_us);
        ping_tail = smaller(ping_tail, b.ping_tail_us);
    }
    h_figure("tick_few_us", tick_few);
    h_figure("tick_many_us", tick);
    h_figure("tick_ratio", tick_ratio);
    h_figure("tick_tail_ratio", tail_ratio);
    h_figure("noise_tail_us", noise);
    h_figure("entries_few", entries_few);
    h_figure("entries_many", entries_many);
    h_figure("ping_few_us", ping_few);
    h_figure("ping_many_us", ping);
    h_figure("ping_ratio", ping_ratio);
    h_figure("ping_tail_us", ping_tail);
    if (h_instrumented()) {
        CHECK(tick > 0, "no time passed");
        return h_end();
    }
    CHECK(tick_ratio <= 2, "a round at %u members costs %.2f times one at %u", many, tick_ratio, few);
    CHECK(tick <= 5, "a round at %u members costs %.2f us", many, tick);
    CHECK(tail_ratio <= 10, "the 99.9 percentile of a round is %.1f times the median", tail_ratio);
    CHECK(ping_ratio <= 2, "a PING at %u members costs %.2f times one at %u", many, ping_ratio, few);
    CHECK(ping <= 3, "a PING at %u members costs %.2f us", many, ping);
    return h_end();
}
