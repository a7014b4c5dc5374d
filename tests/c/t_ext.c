/*
 * What core/gossip_ext.h adds, as a program that is written against it sees it: a configuration,
 * the program's own clock, metadata, statistics, messages with metadata, packets, lists of changes,
 * log lines. All time is virtual, so a run is a function of its seed.
 */
#include "harness.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "core/gossip_ext.h"

#define SAME(expression, value) _Static_assert((expression) == (value), #expression)

/* A program that was compiled against this header expects these for ever; fields are only added. */
SAME(offsetof(gossip_config_t, size), 0);
SAME(offsetof(gossip_callbacks_t, size), 0);
SAME(offsetof(gossip_stats_t, size), 0);
SAME(offsetof(gossip_peer_stats_t, size), 0);
SAME(offsetof(gossip_node_info_t, size), 0);
#if UINTPTR_MAX == UINT64_MAX
SAME(offsetof(gossip_config_t, seed), 8);
SAME(offsetof(gossip_config_t, cluster), 16);
SAME(offsetof(gossip_config_t, profile), 24);
SAME(offsetof(gossip_config_t, round_interval_ms), 48);
SAME(offsetof(gossip_config_t, packet_bytes), 140);
SAME(sizeof(gossip_config_t), 144);
SAME(offsetof(gossip_callbacks_t, on_packet), 32);
SAME(offsetof(gossip_callbacks_t, drop_user_data), 48);
SAME(sizeof(gossip_callbacks_t), 56);
SAME(offsetof(gossip_stats_t, nodes_by_status), 32);
SAME(offsetof(gossip_stats_t, sent), 112);
SAME(offsetof(gossip_stats_t, refused_messages), 624);
SAME(offsetof(gossip_node_info_t, now_ms), 272);
SAME(offsetof(gossip_node_info_t, status), 312);
SAME(offsetof(gossip_change_t, at_ms), 264);
SAME(offsetof(gossip_change_t, old_status), 272);
#endif
SAME(GOSSIP_NODE_LEFT, 5);
SAME(GOSSIP_MSG_PING_REQ, 6);
SAME(GOSSIP_MSG_NACK, 7);
SAME(GOSSIP_PROFILE_QUIET, 3);
SAME(GOSSIP_PROFILE_LOOP, 4);
SAME(GOSSIP_REASON_LEAVE, 5);
SAME(GOSSIP_LOG_TRACE, 5);
SAME(GOSSIP_NEVER, UINT64_MAX);

enum { MOST_NODES = 32, WIRE = 8192, DATAGRAM = 2048, DELAY_MS = 2 };

/* One node, and what its callbacks noted. */
typedef struct node {
    gossip_core_t *core;
    uint8_t number;
    bool dead;
    unsigned lists, changes, drops;
    uint64_t first_failed_ms, last_failed_ms;
    unsigned failed_in_one_list;
    uint64_t hash; /* of all that it sent */
} node_t;

typedef struct datagram {
    uint64_t at_ms;
    uint16_t to, from;
    size_t size;
    uint8_t bytes[DATAGRAM];
} datagram_t;

static node_t nodes[MOST_NODES];
static size_t node_count;
static datagram_t wire[WIRE];
static size_t wire_first, wire_end; /* places modulo WIRE */
static uint64_t now_ms;
static double loss_percent;
static unsigned drawn;

/* A generator of its own, so that each run in this program begins alike. */
static uint64_t dice;

static bool is_lost(void)
{
    dice ^= dice << 13;
    dice ^= dice >> 7;
    dice ^= dice << 17;
    drawn++;
    return (double)(dice % 10000) < loss_percent * 100;
}

static void hash(node_t *node, const void *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        node->hash = (node->hash ^ ((const uint8_t *)bytes)[i]) * 0x100000001b3u;
}

static void on_packet(const uint8_t *bytes, size_t size, const char *ip, uint16_t port, void *data)
{
    node_t *node = data;
    hash(node, bytes, size);
    hash(node, &port, sizeof port);
    CHECK(strcmp(ip, "127.0.0.1") == 0, "a packet to %s", ip);
    CHECK(size <= 1400, "a packet of %zu bytes", size);
    if (is_lost() || size > DATAGRAM)
        return;
    datagram_t *datagram = &wire[wire_end++ % WIRE];
    CHECK(wire_end - wire_first <= WIRE, "the wire is full");
    datagram->at_ms = now_ms + DELAY_MS;
    datagram->to = port;
    datagram->from = (uint16_t)(7000 + node->number);
    datagram->size = size;
    memcpy(datagram->bytes, bytes, size);
}

static void on_changes(const gossip_change_t *const *changes, size_t count, void *data)
{
    node_t *node = data;
    unsigned failed = 0;
    node->lists++;
    CHECK(count > 0, "an empty list");
    for (size_t i = 0; i < count; i++) {
        node->changes++;
        if (changes[i]->new_status == GOSSIP_NODE_FAILED) {
            if (failed == 0 || changes[i]->at_ms < node->first_failed_ms)
                node->first_failed_ms = changes[i]->at_ms;
            if (failed == 0 || changes[i]->at_ms > node->last_failed_ms)
                node->last_failed_ms = changes[i]->at_ms;
            failed++;
            /* Who watches no suspect may hear of the failure first. */
            CHECK(changes[i]->old_status == GOSSIP_NODE_ONLINE && changes[i]->merged > 0,
                  "from %u, of %u changes", changes[i]->old_status, changes[i]->merged);
        }
    }
    if (failed > node->failed_in_one_list)
        node->failed_in_one_list = failed;
}

static void on_drop(void *data)
{
    ((node_t *)data)->drops++;
}

static gossip_node_view_t view(uint8_t number)
{
    gossip_node_view_t node;
    memset(&node, 0, sizeof node);
    node.id.data[0] = number;
    node.id.data[15] = 1;
    memcpy(node.ip, "127.0.0.1", 10);
    node.port = 7000 + number;
    node.heartbeat = 1;
    return node;
}

static gossip_config_t configuration(uint64_t seed)
{
    gossip_config_t config;
    memset(&config, 0xee, sizeof config);
    CHECK(gossip_config_init(&config, GOSSIP_PROFILE_LOOP) == GOSSIP_ERR_SUCCESS, "init: %s",
          gossip_last_error());
    CHECK(config.size == sizeof config, "size %zu", config.size);
    config.has_seed = 1;
    config.seed = seed;
    config.manual_clock = 1;
    config.packets = 1;
    config.cluster = "t_ext";
    return config;
}

static void start(node_t *node, uint8_t number, const gossip_config_t *config)
{
    const gossip_node_view_t own = view(number);
    gossip_callbacks_t callbacks;
    memset(&callbacks, 0, sizeof callbacks);
    callbacks.size = sizeof callbacks;
    callbacks.on_packet = on_packet;
    callbacks.on_changes = on_changes;
    callbacks.user_data = node;
    callbacks.drop_user_data = on_drop;
    memset(node, 0, sizeof *node);
    node->number = number;
    node->core = gossip_core_create_with(config, &own, &callbacks);
    CHECK(node->core != NULL, "create: %s", gossip_last_error());
}

static void start_all(size_t count, uint64_t seed, uint32_t settle_ms)
{
    node_count = count;
    now_ms = wire_first = wire_end = 0;
    dice = 0x9e3779b97f4a7c15u;
    for (size_t i = 0; i < count; i++) {
        gossip_config_t config = configuration(seed * 100 + i);
        config.changes_settle_ms = settle_ms;
        start(&nodes[i], (uint8_t)(i + 1), &config);
    }
    for (size_t i = 1; i < count; i++) {
        const gossip_node_view_t seed_node = view(1);
        gossip_core_join(nodes[i].core, &seed_node);
    }
}

static void stop_all(void)
{
    for (size_t i = 0; i < node_count; i++) {
        gossip_core_destroy(nodes[i].core);
        CHECK(nodes[i].drops == 1, "user data was dropped %u times", nodes[i].drops);
    }
}

static void deliver(void)
{
    while (wire_first != wire_end && wire[wire_first % WIRE].at_ms <= now_ms) {
        const datagram_t *datagram = &wire[wire_first++ % WIRE];
        node_t *node = &nodes[datagram->to - 7001];
        if (node->dead)
            continue;
        gossip_error_code_t code =
            gossip_core_handle_packet_at(node->core, datagram->bytes, datagram->size, "127.0.0.1",
                                         datagram->from, now_ms);
        CHECK(code == GOSSIP_ERR_SUCCESS, "a packet was refused: %s", gossip_last_error());
    }
}

static void run(uint64_t ms)
{
    for (uint64_t end = now_ms + ms; now_ms < end;) {
        now_ms++;
        deliver();
        for (size_t i = 0; i < node_count; i++)
            if (!nodes[i].dead && gossip_core_next_timeout(nodes[i].core) <= now_ms)
                gossip_core_handle_timeout_at(nodes[i].core, now_ms);
    }
}

static gossip_stats_t stats_of(const node_t *node)
{
    gossip_stats_t stats;
    memset(&stats, 0xee, sizeof stats);
    stats.size = sizeof stats;
    CHECK(gossip_core_get_stats(node->core, &stats) == GOSSIP_ERR_SUCCESS, "stats: %s",
          gossip_last_error());
    return stats;
}

/* Whether all that live hold so many others online. */
static bool all_see(uint64_t online)
{
    for (size_t i = 0; i < node_count; i++)
        if (!nodes[i].dead && stats_of(&nodes[i]).nodes_by_status[GOSSIP_NODE_ONLINE] != online)
            return false;
    return true;
}

static void form(void)
{
    for (int i = 0; i < 60 && !all_see(node_count - 1); i++)
        run(500);
    CHECK(all_see(node_count - 1), "no cluster formed in %llu ms", (unsigned long long)now_ms);
}

/* Names the field, its value and its range, and gives back what it was to own. */
static void configurations(void)
{
    const gossip_node_view_t own = view(1);
    node_t node;
    gossip_callbacks_t callbacks;
    memset(&callbacks, 0, sizeof callbacks);
    memset(&node, 0, sizeof node);
    callbacks.size = sizeof callbacks;
    callbacks.user_data = &node;
    callbacks.drop_user_data = on_drop;

    gossip_config_t config = configuration(1);
    config.suspicion_min_ms = 5;
    CHECK(gossip_core_create_with(&config, &own, &callbacks) == NULL, "5 ms were taken");
    CHECK(strcmp(gossip_last_error(), "gossip_core_create_with: config->suspicion_min_ms is 5; "
                                      "pass 10 to 600000") == 0,
          "%s", gossip_last_error());
    config = configuration(1);
    config.probe_timeout_max_ms = 100;
    CHECK(gossip_core_create_with(&config, &own, &callbacks) == NULL, "100 ms were taken");
    CHECK(strstr(gossip_last_error(), "probe_timeout_min_ms is 200") != NULL, "%s",
          gossip_last_error());
    CHECK(node.drops == 2, "dropped %u times", node.drops);
    config = configuration(1);
    config.size = 12;
    CHECK(gossip_core_create_with(&config, &own, NULL) == NULL, "12 bytes were taken");

    /* A program compiled when the struct ended after its first constants. */
    config = configuration(1);
    config.size = offsetof(gossip_config_t, gossip_nodes);
    memset((char *)&config + config.size, 0xee, sizeof config - config.size);
    gossip_core_t *core = gossip_core_create_with(&config, &own, &callbacks);
    CHECK(core != NULL, "%s", gossip_last_error());
    gossip_core_destroy(core);
    CHECK(node.drops == 3, "dropped %u times", node.drops);

    struct {
        gossip_config_t config;
        uint32_t added[4];
    } newer;
    memset(&newer, 0, sizeof newer);
    newer.config = configuration(1);
    newer.config.size = sizeof newer;
    core = gossip_core_create_with(&newer.config, &own, NULL);
    CHECK(core != NULL, "%s", gossip_last_error());
    gossip_core_destroy(core);
    newer.added[2] = 7;
    CHECK(gossip_core_create_with(&newer.config, &own, NULL) == NULL, "an unknown wish was taken");
    CHECK(gossip_config_init(&config, (gossip_profile_t)9) == GOSSIP_ERR_INVALID_ARGUMENT, "9");
}

/* The same seeds give the same bytes, other seeds others, and 5 % of them lost change nothing. */
static void packets(uint64_t seed)
{
    uint64_t hashes[3] = {0, 0, 0};
    loss_percent = 5;
    for (int i = 0; i < 3; i++) {
        start_all(2, i < 2 ? seed : seed + 1, 0);
        form();
        run(20000);
        CHECK(all_see(1), "two nodes do not see each other");
        hashes[i] = nodes[0].hash ^ nodes[1].hash;
        if (i == 0) {
            gossip_stats_t stats = stats_of(&nodes[0]);
            CHECK(stats.now_ms <= now_ms && stats.now_ms + 200 > now_ms, "another clock");
            CHECK(stats.refused_messages == 0 && stats.failures == 0, "refused or failed");
            CHECK(stats.round_trip_p50_us >= 2000 && stats.round_trip_p50_us < 10000, "%llu us",
                  (unsigned long long)stats.round_trip_p50_us);
            CHECK(stats.sent_bytes[GOSSIP_MSG_PING] > 40 * stats.sent[GOSSIP_MSG_PING], "bytes");
            h_figure("packets", (double)stats.sent_messages);
            gossip_peer_stats_t peer;
            const gossip_node_view_t other = view(2);
            peer.size = sizeof peer;
            CHECK(gossip_core_get_peer_stats(nodes[0].core, &other.id, &peer) == 1, "no peer");
            CHECK(peer.packets == 1 && peer.status == GOSSIP_NODE_ONLINE, "packets %u, status %u",
                  peer.packets, peer.status);
            CHECK(peer.now_ms - peer.seen_ms < 2000, "seen %llu ms ago",
                  (unsigned long long)(peer.now_ms - peer.seen_ms));
        }
        stop_all();
    }
    loss_percent = 0;
    CHECK(hashes[0] == hashes[1], "the same seed gave other packets");
    CHECK(hashes[0] != hashes[2], "another seed gave the same packets");
}

typedef struct walk {
    char text[256];
    int most;
} walk_t;

static int on_pair(const char *key, size_t key_size, const char *value, size_t value_size,
                   void *data)
{
    walk_t *walk = data;
    CHECK(strlen(key) == key_size && strlen(value) == value_size, "sizes of %s", key);
    strcat(walk->text, key);
    strcat(walk->text, "=");
    strcat(walk->text, value);
    strcat(walk->text, ";");
    return --walk->most == 0;
}

static void expect_walk(const node_t *node, const gossip_node_id_t *id, int most, const char *text)
{
    walk_t walk = {"", most};
    size_t count = gossip_core_each_metadata(node->core, id, on_pair, &walk);
    CHECK(strcmp(walk.text, text) == 0, "%zu pairs: %s", count, walk.text);
    CHECK(count == gossip_core_metadata_count(node->core, id), "%zu pairs", count);
}

/* One node's metadata is seen by the others, walked, changed and taken away. */
static void metadata(void)
{
    start_all(3, 5, 0);
    form();
    const gossip_node_id_t id = view(2).id;
    gossip_core_t *owner = nodes[1].core;
    CHECK(gossip_core_set_metadata(owner, "zone", "b") == GOSSIP_ERR_SUCCESS, "set");
    CHECK(gossip_core_set_metadata(owner, "api", "http://10.0.0.2") == GOSSIP_ERR_SUCCESS, "set");
    run(15000);
    for (size_t i = 0; i < 3; i++) {
        char value[64] = "?";
        size_t size = 0;
        CHECK(gossip_core_get_metadata(nodes[i].core, &id, "api", NULL, &size) == 0, "put in NULL");
        CHECK(size == strlen("http://10.0.0.2") + 1, "size %zu", size);
        size = 5;
        CHECK(gossip_core_get_metadata(nodes[i].core, &id, "api", value, &size) == 0 &&
                  *value == '?',
              "put where there is no room");
        size = sizeof value;
        CHECK(gossip_core_get_metadata(nodes[i].core, &id, "api", value, &size) == 1, "not there");
        CHECK(strcmp(value, "http://10.0.0.2") == 0, "%s", value);
        expect_walk(&nodes[i], &id, 9, "api=http://10.0.0.2;zone=b;");
        expect_walk(&nodes[i], &id, 1, "api=http://10.0.0.2;");
    }
    CHECK(gossip_core_remove_self_metadata(owner, "api") == 1, "not removed");
    CHECK(gossip_core_remove_self_metadata(owner, "api") == 0, "removed twice");
    run(15000);
    expect_walk(&nodes[0], &id, 9, "zone=b;");
    stop_all();
}

/* What was handed out inside a send callback, and what one that was built brings in. */
static void on_send(const gossip_message_t *msg, const gossip_node_view_t *target, void *data)
{
    unsigned *entries = data;
    gossip_node_info_t info;
    info.size = sizeof info;
    CHECK(gossip_view_info(target, &info) == 1 && info.is_self == 0, "%s", gossip_last_error());
    for (size_t i = 0; i < msg->entries_count; i++) {
        char value[16];
        size_t size = sizeof value;
        CHECK(gossip_view_info(&msg->entries[i], &info) == 1, "%s", gossip_last_error());
        if (info.is_self)
            *entries += gossip_view_get_metadata(&msg->entries[i], "rack", value, &size) == 1 &&
                        strcmp(value, "r7") == 0;
    }
    const gossip_node_view_t copy = *target;
    CHECK(gossip_view_info(&copy, &info) == 0, "a copy was taken for the original");
}

static void messages(void)
{
    const gossip_node_view_t own = view(1);
    gossip_node_view_t other = view(2);
    unsigned entries = 0;
    gossip_config_t config = configuration(3);
    gossip_callbacks_t callbacks;
    memset(&callbacks, 0, sizeof callbacks);
    callbacks.size = sizeof callbacks;
    callbacks.on_send = on_send;
    callbacks.user_data = &entries;
    config.packets = 0;
    gossip_core_t *core = gossip_core_create_with(&config, &own, &callbacks);
    gossip_core_set_metadata(core, "rack", "r7");

    other.status = GOSSIP_NODE_ONLINE;
    gossip_message_builder_t *meet =
        gossip_message_builder_create(&other.id, GOSSIP_MSG_MEET, other.heartbeat - 1);
    CHECK(gossip_message_builder_add_entry(meet, &other) == GOSSIP_ERR_SUCCESS, "add");
    CHECK(gossip_message_builder_set_metadata(meet, 0, "a key", 1, "value", 3) ==
              GOSSIP_ERR_SUCCESS,
          "set");
    CHECK(gossip_message_builder_set_metadata(meet, 1, "k", 1, "v", 1) ==
              GOSSIP_ERR_INVALID_ARGUMENT,
          "no such entry");
    CHECK(gossip_core_handle_built_at(core, meet, 700) == GOSSIP_ERR_SUCCESS, "%s",
          gossip_last_error());
    gossip_message_builder_destroy(meet);

    node_t node = {.core = core};
    expect_walk(&node, &other.id, 9, "a=val;");
    CHECK(entries > 0, "the answer was not seen with its metadata");
    gossip_node_info_t info;
    info.size = sizeof info;
    CHECK(gossip_core_node_info(core, &other.id, &info) == 1, "%s", gossip_last_error());
    CHECK(info.now_ms == 700 && info.seen_ms == 700 && info.metadata_count == 1, "info");
    CHECK(info.suspected_ms == GOSSIP_NEVER && info.suspicion_count == 0, "suspected");

    other.heartbeat++;
    gossip_message_t leave = {other.id, GOSSIP_MSG_LEAVE, other.heartbeat, &other, 1};
    gossip_core_handle_message_at(core, &leave, 800);
    CHECK(gossip_core_node_info(core, &other.id, &info) == 1, "forgotten");
    CHECK(info.status == GOSSIP_NODE_LEFT && info.node.status == GOSSIP_NODE_FAILED, "status %u",
          info.status);
    gossip_core_tick_at(core, 60000);
    CHECK(gossip_core_cleanup_expired(core, 100000) == 0, "forgotten too soon");
    CHECK(gossip_core_cleanup_expired(core, 50000) == 1, "not forgotten");
    gossip_core_destroy(core);
}

/* Ten nodes of thirty crash at once: each of the others is told so in one list. */
static void ten_crashes(void)
{
    start_all(30, 9, 3000);
    form();
    run(40000);
    for (size_t i = 0; i < 30; i++) {
        nodes[i].lists = nodes[i].changes = nodes[i].failed_in_one_list = 0;
        nodes[i].dead = i >= 20;
    }
    run(40000);
    CHECK(all_see(19), "the dead are not buried");
    for (size_t i = 0; i < 20; i++)
        CHECK(nodes[i].lists == 1 && nodes[i].changes == 10 && nodes[i].failed_in_one_list == 10,
              "node %zu: %u lists, %u changes, %u failed", i, nodes[i].lists, nodes[i].changes,
              nodes[i].failed_in_one_list);
    h_figure("failures_spread_ms", (double)(nodes[0].last_failed_ms - nodes[0].first_failed_ms));
    stop_all();
}

static unsigned lines, line_drops;

static void on_line(gossip_log_level_t level, const char *target, const char *text, void *data)
{
    CHECK(level >= GOSSIP_LOG_ERROR && level <= GOSSIP_LOG_INFO, "level %d", (int)level);
    CHECK(strncmp(target, "gossip", 6) == 0 && *text != '\0' && data == &lines, "%s", target);
    lines++;
}

static void on_line_drop(void *data)
{
    line_drops += data == &lines;
}

static void log_lines(void)
{
    const gossip_node_view_t own = view(1), other = view(2);
    gossip_core_t *core = gossip_core_create(&own, NULL, NULL, NULL);
    CHECK(gossip_set_log_callback(GOSSIP_LOG_INFO, on_line, &lines, on_line_drop) ==
              GOSSIP_ERR_SUCCESS,
          "%s", gossip_last_error());
    gossip_core_meet(core, &other);
    CHECK(lines == 2, "%u lines", lines);
    CHECK(gossip_set_log_callback(GOSSIP_LOG_OFF, NULL, NULL, NULL) == GOSSIP_ERR_SUCCESS, "off");
    CHECK(line_drops == 1, "dropped %u times", line_drops);
    gossip_core_leave(core, &own.id);
    CHECK(lines == 2, "a line after the end");
    gossip_core_destroy(core);
}

int main(int argc, char **argv)
{
    h_begin("t_ext", argc, argv, 60);
    h_options_end();
    configurations();
    packets(1 + h_random_below(1000));
    metadata();
    messages();
    ten_crashes();
    log_lines();
    h_figure("packets_drawn", drawn);
    return h_end();
}
