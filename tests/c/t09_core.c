/*
 * Abuse of the core's functions: every argument NULL in turn, every integer out of range, texts
 * without an end, foreign enumeration values, counts that lie. Nothing may crash, and the member
 * that is there stays there, online. To be run plainly, under sanitizers and under valgrind.
 */
#include "harness.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/gossip_core.h"

/* The friend's heartbeat, which makes long steps: slow tools give it time to become suspect. */
static uint64_t friend_heartbeat = 1;
static gossip_core_t *core;
static unsigned sends;

static bool ended(const char *text)
{
    return memchr(text, 0, 64) != NULL;
}

static void check_view(const gossip_node_view_t *view, const char *what)
{
    CHECK(ended(view->ip) && ended(view->role) && ended(view->region), "%s: a text without end",
          what);
    CHECK((unsigned)view->status <= 4, "%s: status %d", what, (int)view->status);
}

static void on_send(const gossip_message_t *msg, const gossip_node_view_t *target, void *data)
{
    (void)data;
    sends++;
    check_view(target, "a target");
    for (size_t i = 0; i < msg->entries_count; i++)
        check_view(&msg->entries[i], "an entry");
}

static void on_event(const gossip_node_view_t *node, gossip_node_status_t old, void *data)
{
    (void)data;
    check_view(node, "an event");
    CHECK((unsigned)old <= 4, "an event's old status %d", (int)old);
}

static gossip_node_view_t view(uint8_t id)
{
    gossip_node_view_t node;
    memset(&node, 0, sizeof node);
    node.id.data[0] = id;
    snprintf(node.ip, sizeof node.ip, "10.0.0.%u", id);
    node.port = 5000 + id;
    node.status = GOSSIP_NODE_ONLINE;
    return node;
}

static void say(unsigned type, uint8_t sender, gossip_node_view_t *entries, size_t count,
                uint64_t timestamp)
{
    gossip_message_t message;
    memset(&message, 0, sizeof message);
    message.sender.data[0] = sender;
    message.type = (gossip_message_type_t)type;
    message.timestamp = timestamp;
    message.entries = entries;
    message.entries_count = count;
    gossip_core_handle_message(core, &message);
    h_check_library(gossip_last_error());
}

/* The friend goes on talking to us; whatever was done before, it must be online then. */
static void friend_is_online(const char *after)
{
    gossip_node_view_t own = view(2), found;
    own.heartbeat = friend_heartbeat += 100000;
    say(GOSSIP_MSG_PING, 2, &own, 1, own.heartbeat);
    memset(&found, 0, sizeof found);
    gossip_node_id_t id = {{2}};
    CHECK(gossip_core_find_node(core, &id, &found) == 1 && found.status == GOSSIP_NODE_ONLINE,
          "after %s the friend is %d", after, (int)found.status);
    CHECK(strcmp(found.ip, "10.0.0.2") == 0 && found.port == 5002, "after %s it is at %s:%d", after,
          found.ip, found.port);
    gossip_node_view_t *self = gossip_core_self(core);
    CHECK(self != NULL && self->status == GOSSIP_NODE_ONLINE && self->port == 5001 &&
              strcmp(self->ip, "10.0.0.1") == 0 && self->id.data[0] == 1,
          "after %s the own view is wrong", after);
    CHECK(self != NULL && self->heartbeat < (uint64_t)1 << 63, "after %s the own heartbeat is %llu",
          after, self ? (unsigned long long)self->heartbeat : 0);
    gossip_core_free_self(self);
    size_t count = 0;
    gossip_node_view_t *nodes = gossip_core_get_nodes(core, &count);
    for (size_t i = 0; i < count; i++) {
        check_view(&nodes[i], "a listed node");
        CHECK(nodes[i].id.data[0] != 1 || nodes[i].id.data[1] != 0, "after %s it lists itself",
              after);
    }
    gossip_core_free_nodes(nodes);
}

static void open_core(void)
{
    gossip_node_view_t own = view(1), other = view(2);
    core = gossip_core_create(&own, on_send, on_event, NULL);
    if (!CHECK(core != NULL, "no core: %s", gossip_last_error()))
        exit(h_end());
    say(GOSSIP_MSG_MEET, 2, &other, 1, 1);
    friend_is_online("the start");
}

static void null_arguments(void)
{
    gossip_node_view_t one = view(9);
    gossip_node_id_t id = {{9}};
    gossip_message_t message;
    memset(&message, 0, sizeof message);
    size_t count = 77;
    const char *key = "k", *value = "v", *nothing = NULL;

    CHECK(gossip_core_create(NULL, on_send, on_event, NULL) == NULL, "a core of nothing");
    CHECK(*gossip_last_error() != '\0', "no error text");
    gossip_core_t *mute = gossip_core_create(&one, NULL, NULL, NULL);
    CHECK(mute != NULL, "callbacks may be NULL");
    gossip_core_meet(mute, &one);
    id.data[0] = 8;
    one.id = id;
    gossip_core_meet(mute, &one);
    gossip_core_tick(mute);
    CHECK(gossip_core_size(mute) == 1, "a core without callbacks works");
    gossip_core_destroy(mute);

    gossip_core_destroy(NULL);
    gossip_core_tick(NULL);
    gossip_core_tick_full_broadcast(NULL);
    gossip_core_handle_message(NULL, &message);
    gossip_core_handle_message(core, NULL);
    gossip_core_handle_message(NULL, NULL);
    gossip_core_meet(NULL, &one);
    gossip_core_meet(core, NULL);
    gossip_core_join(NULL, &one);
    gossip_core_join(core, NULL);
    gossip_core_leave(NULL, &id);
    gossip_core_leave(core, NULL);
    CHECK(gossip_core_self(NULL) == NULL, "self of NULL");
    gossip_core_free_self(NULL);
    gossip_core_free_nodes(NULL);
    CHECK(gossip_core_get_nodes(NULL, &count) == NULL && count == 77, "the count was touched");
    CHECK(gossip_core_get_nodes(core, NULL) == NULL, "a list without a count");
    CHECK(gossip_core_find_node(NULL, &id, &one) == 0, "find without a core");
    CHECK(gossip_core_find_node(core, NULL, &one) == 0, "find without an id");
    CHECK(gossip_core_find_node(core, &id, NULL) == 0, "find without a place for the result");
    CHECK(gossip_core_size(NULL) == 0, "size of NULL");
    gossip_core_reset(NULL);
    CHECK(gossip_core_get_internal(NULL) == NULL, "internal of NULL");
    gossip_core_update_self_metadata(NULL, &key, &value, 1);
    gossip_core_update_self_metadata(core, NULL, &value, 1);
    gossip_core_update_self_metadata(core, &key, NULL, 1);
    gossip_core_update_self_metadata(core, &nothing, &value, 1);
    gossip_core_update_self_metadata(core, &key, &nothing, 1);
    CHECK(gossip_core_size(core) == 1, "NULL changed the list");
    friend_is_online("NULL arguments");
}

static void lying_counts(void)
{
    static const size_t counts[] = {SIZE_MAX, SIZE_MAX / sizeof(gossip_node_view_t) + 1,
                                    SIZE_MAX / 2, (size_t)1 << 40, (size_t)1 << 31};
    gossip_node_view_t entry = view(2);
    const char *key = "k", *value = "v";
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        for (unsigned type = 0; type < 10; type++) {
            say(type, 2, NULL, counts[i], 5);
            say(type, 2, &entry, counts[i], 5);
            say(type, 2, NULL, 1, 5);
            say(type, 2, &entry, 0, 5);
            gossip_core_update_self_metadata(core, &key, &value, counts[i]);
        }
    /* Type 4 above was a LEAVE of the friend; it lives, so its next PING brings it back. */
    friend_is_online("counts that lie");
    size_t many = 5000;
    gossip_node_view_t *entries = calloc(many, sizeof *entries);
    for (size_t i = 0; entries != NULL && i < many; i++) {
        entries[i] = view(7);
        memcpy(entries[i].id.data + 4, &i, sizeof i);
    }
    for (unsigned type = 0; type < 12 && entries != NULL; type++)
        if (type != GOSSIP_MSG_LEAVE)
            say(type, 3, entries, many, 5);
    free(entries);
    gossip_core_tick(core);
    gossip_core_reset(core);
    gossip_node_view_t other = view(2);
    other.heartbeat = friend_heartbeat;
    say(GOSSIP_MSG_MEET, 2, &other, 1, friend_heartbeat);
    friend_is_online("a reset");
}

/* A view of which nothing is right; `kind` says what is wrong. */
static gossip_node_view_t strange(unsigned kind)
{
    static const int ports[] = {0, -1, 65535, 65536, 70000, INT_MIN, INT_MAX, -65536};
    static const uint64_t numbers[] = {0, 1, 1ull << 32, 1ull << 62, (1ull << 63) - 1, 1ull << 63,
                                       UINT64_MAX - 1, UINT64_MAX};
    static const unsigned statuses[] = {0, 1, 2, 3, 4, 5, 77, 255, 256, 0x7fffffffu, 0xffffffffu};
    static const unsigned char fills[] = {'A', 0xff, 0x80, 0xc3, '"', '\\', 1};
    gossip_node_view_t node = view((uint8_t)(20 + kind % 200));
    if (kind % 3 == 0)
        memset(node.ip, fills[kind % sizeof fills], sizeof node.ip);
    if (kind % 2 == 0)
        memset(node.role, fills[(kind / 2) % sizeof fills], sizeof node.role);
    if (kind % 5 < 3)
        memset(node.region, fills[(kind / 3) % sizeof fills], sizeof node.region);
    node.port = ports[kind % 8];
    node.heartbeat = numbers[(kind / 2) % 8];
    node.config_epoch = numbers[(kind / 4) % 8];
    node.version = numbers[(kind / 8) % 8];
    node.sent_messages = node.received_messages = UINT64_MAX;
    node.status = (gossip_node_status_t)statuses[kind % 11];
    return node;
}

static void strange_views(void)
{
    static const unsigned types[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 77, 255, 256, 0x7fffffffu,
                                     0x80000000u, 0xffffffffu};
    for (unsigned kind = 0; kind < 440; kind++) {
        gossip_node_view_t node = strange(kind), found;
        for (unsigned i = 0; i < sizeof types / sizeof *types; i++) {
            say(types[i], node.id.data[0], &node, 1, node.heartbeat);
            gossip_node_view_t pair[2] = {view(2), node};
            pair[0].heartbeat = ++friend_heartbeat;
            if (types[i] != GOSSIP_MSG_LEAVE)
                say(types[i], 2, pair, 2, node.heartbeat);
        }
        gossip_core_meet(core, &node);
        gossip_core_join(core, &node);
        gossip_core_find_node(core, &node.id, &found);
        gossip_core_leave(core, &node.id);
        gossip_core_tick(core);
        h_check_library(gossip_last_error());
        gossip_core_tick_full_broadcast(core);
        gossip_core_t *other = gossip_core_create(&node, on_send, on_event, NULL);
        if (other == NULL) {
            CHECK(*gossip_last_error() != '\0', "a refused view gives no error text");
            continue;
        }
        gossip_node_view_t *self = gossip_core_self(other);
        check_view(self, "the self of a strange view");
        gossip_core_free_self(self);
        gossip_node_view_t friend = view(2);
        gossip_core_meet(other, &friend);
        gossip_core_tick(other);
        gossip_core_destroy(other);
    }
    friend_is_online("strange views");
}

/* Entries with our own id, our own address, the zero id, and the friend's id with lies. */
static void lies_about_members(void)
{
    for (unsigned kind = 0; kind < 440; kind++) {
        gossip_node_view_t pair[3] = {view(2), strange(kind), strange(kind + 1)};
        pair[0].heartbeat = ++friend_heartbeat;
        pair[1].id = view(1).id;
        memset(&pair[2].id, 0, sizeof pair[2].id);
        say(GOSSIP_MSG_PING, 2, pair, 3, friend_heartbeat);
        say(GOSSIP_MSG_UPDATE, 1, pair, 3, UINT64_MAX);
        say(GOSSIP_MSG_PING, 0, pair, 3, UINT64_MAX);
        gossip_core_tick(core);
        h_check_library(gossip_last_error());
    }
    friend_is_online("lies about members");
}

static void strange_metadata(void)
{
    char *long_text = malloc(1u << 20);
    if (!CHECK(long_text != NULL, "no memory"))
        return;
    memset(long_text, 'x', (1u << 20) - 1);
    long_text[(1u << 20) - 1] = '\0';
    const char *texts[] = {"", "config_epoch", "-1", "18446744073709551616", " 12xyz", "\xff\xfe",
                           "\x01", long_text, NULL};
    for (size_t i = 0; i < 9; i++)
        for (size_t j = 0; j < 9; j++) {
            const char *keys[2] = {texts[i], texts[(i + 3) % 9]};
            const char *values[2] = {texts[j], texts[(j + 5) % 9]};
            gossip_core_update_self_metadata(core, keys, values, 2);
        }
    /* Far more than is carried; what is too much is refused. */
    char key[128];
    const char *one = key, *value = "v";
    for (unsigned i = 0; i < 1500; i++) {
        snprintf(key, sizeof key, "key-%0100u", i);
        gossip_core_update_self_metadata(core, &one, &value, 1);
    }
    gossip_core_tick(core);
    free(long_text);
    friend_is_online("strange metadata");
}

static void strange_values(void)
{
    static const unsigned values[] = {5, 6, 77, 255, 256, 0x7fffffffu, 0x80000000u, 0xffffffffu};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        CHECK(gossip_status_string((gossip_node_status_t)values[i]) != NULL, "status text");
        CHECK(gossip_error_string((gossip_error_code_t)values[i]) != NULL, "error text");
    }
    CHECK(gossip_last_error() != NULL, "the error text is NULL");
}

int main(int argc, char **argv)
{
    h_begin("t09_core", argc, argv, 60);
    h_options_end();
    open_core();
    null_arguments();
    lying_counts();
    strange_views();
    lies_about_members();
    strange_metadata();
    strange_values();
    h_figure("sends", sends);
    gossip_core_destroy(core);
    return h_end();
}
