/*
 * Events and callbacks as one caller sees them: one event for each change, none without one, in
 * order, before the call returns, outside of any lock; counters that count.
 */
#include "harness.h"

#include <stdio.h>
#include <string.h>

#include "core/gossip_core.h"
#include "core/gossip_ext.h"

enum { LOG_MAX = 256 };

/* One line of what the callbacks were told. */
struct record {
    bool is_send;
    int type_or_status, old;
    uint8_t id;
    size_t entries;
    uint64_t timestamp;
    char role[64];
};
static struct record records[LOG_MAX];
static size_t record_count;
static gossip_core_t *core;
static bool inside;

static struct record *next_record(void)
{
    CHECK(!inside, "a callback inside a callback");
    CHECK(record_count < LOG_MAX, "too many callbacks");
    return &records[record_count < LOG_MAX ? record_count++ : LOG_MAX - 1];
}

/* What a callback of a careful program does: it reads the library, which must not hang. */
static void look_around(const gossip_node_id_t *id)
{
    inside = true;
    size_t count = 0;
    gossip_node_view_t found;
    gossip_core_free_nodes(gossip_core_get_nodes(core, &count));
    CHECK(count == gossip_core_size(core), "list and size differ");
    CHECK(gossip_core_find_node(core, id, &found) == 1, "the node of the callback is not found");
    gossip_core_free_self(gossip_core_self(core));
    inside = false;
}

static void on_send(const gossip_message_t *msg, const gossip_node_view_t *target, void *data)
{
    (void)data;
    struct record *record = next_record();
    memset(record, 0, sizeof *record);
    record->is_send = true;
    record->type_or_status = (int)msg->type;
    record->id = target->id.data[0];
    record->entries = msg->entries_count;
    record->timestamp = msg->timestamp;
    CHECK(msg->sender.data[0] == 1, "the sender is not this node");
    look_around(&msg->sender);
}

static void on_event(const gossip_node_view_t *node, gossip_node_status_t old, void *data)
{
    (void)data;
    struct record *record = next_record();
    memset(record, 0, sizeof *record);
    record->type_or_status = (int)node->status;
    record->old = (int)old;
    record->id = node->id.data[0];
    memcpy(record->role, node->role, sizeof record->role);
    look_around(&node->id);
}

static gossip_node_view_t view(uint8_t id, uint64_t heartbeat, gossip_node_status_t status)
{
    gossip_node_view_t node;
    memset(&node, 0, sizeof node);
    node.id.data[0] = id;
    snprintf(node.ip, sizeof node.ip, "10.0.0.%u", id);
    node.port = 5000 + id;
    node.heartbeat = heartbeat;
    node.status = status;
    return node;
}

static void hear(gossip_message_type_t type, gossip_node_view_t entry)
{
    gossip_message_t message = {entry.id, type, entry.heartbeat, &entry, 1};
    gossip_core_handle_message(core, &message);
}

static bool is_event(size_t at, uint8_t id, int old, int status)
{
    const struct record *record = &records[at];
    bool right = at < record_count && !record->is_send && record->id == id && record->old == old &&
                 record->type_or_status == status;
    if (!right && at < record_count)
        fprintf(stderr, "record %zu of %zu: %s about %u, %d -> %d\n", at, record_count,
                record->is_send ? "send" : "event", record->id, record->old,
                record->type_or_status);
    return right;
}

static size_t count_events(uint8_t id)
{
    size_t count = 0;
    for (size_t i = 0; i < record_count; i++)
        count += !records[i].is_send && records[i].id == id;
    return count;
}

static void open_core(void)
{
    gossip_node_view_t own = view(1, 10, GOSSIP_NODE_UNKNOWN);
    core = gossip_core_create(&own, on_send, on_event, NULL);
    record_count = 0;
}

/* The same with a clock that stands still: what is late after a slow line of this program would be
 * asked once more. */
static void open_core_without_time(void)
{
    gossip_node_view_t own = view(1, 10, GOSSIP_NODE_UNKNOWN);
    gossip_config_t config;
    gossip_config_init(&config, GOSSIP_PROFILE_LOOP);
    config.manual_clock = 1;
    gossip_callbacks_t callbacks = {.size = sizeof callbacks, .on_send = on_send, .on_event = on_event};
    core = gossip_core_create_with(&config, &own, &callbacks);
    record_count = 0;
}

static void meet_then_pong(void)
{
    open_core();
    gossip_node_view_t two = view(2, 0, GOSSIP_NODE_UNKNOWN);
    gossip_core_meet(core, &two);
    CHECK(record_count == 2 && is_event(0, 2, 0, 1), "meet: first the event unknown -> joining");
    CHECK(records[1].is_send && records[1].type_or_status == GOSSIP_MSG_MEET &&
              records[1].id == 2 && records[1].entries == 1,
          "meet: then one MEET with one entry");
    gossip_core_meet(core, &two);
    CHECK(count_events(2) == 1, "a second meet raises no event");
    record_count = 0;
    hear(GOSSIP_MSG_PONG, view(2, 5, GOSSIP_NODE_ONLINE));
    CHECK(count_events(2) == 1 && is_event(0, 2, 1, 2), "its PONG: joining -> online");
    hear(GOSSIP_MSG_PONG, view(2, 5, GOSSIP_NODE_ONLINE));
    hear(GOSSIP_MSG_UPDATE, view(2, 4, GOSSIP_NODE_ONLINE));
    hear(GOSSIP_MSG_UPDATE, view(2, 6, GOSSIP_NODE_ONLINE));
    CHECK(count_events(2) == 1, "news without a change raise no event");

    record_count = 0;
    gossip_node_view_t changed = view(2, 7, GOSSIP_NODE_ONLINE);
    memcpy(changed.role, "leader", 7);
    changed.config_epoch = 1;
    hear(GOSSIP_MSG_PING, changed);
    CHECK(count_events(2) == 1 && is_event(0, 2, 2, 2) && strcmp(records[0].role, "leader") == 0,
          "a new role: one event, online -> online, with the role");
    record_count = 0;
    hear(GOSSIP_MSG_LEAVE, view(2, 8, GOSSIP_NODE_ONLINE));
    CHECK(count_events(2) == 1 && is_event(0, 2, 2, 4), "LEAVE: online -> failed, once");
    CHECK(gossip_core_size(core) == 1, "a node that left is listed");
    gossip_core_destroy(core);
}

static void unknown_nodes(void)
{
    open_core();
    hear(GOSSIP_MSG_MEET, view(3, 1, GOSSIP_NODE_ONLINE));
    CHECK(count_events(3) == 1 && is_event(0, 3, 0, 2), "a MEET: unknown -> online, once");
    size_t pongs = 0;
    for (size_t i = 0; i < record_count; i++)
        pongs += records[i].is_send && records[i].id == 3 &&
                 records[i].type_or_status == GOSSIP_MSG_PONG;
    CHECK(pongs == 1, "a MEET is answered by %zu PONGs", pongs);

    record_count = 0;
    gossip_node_view_t entries[2] = {view(3, 2, GOSSIP_NODE_ONLINE), view(4, 9, GOSSIP_NODE_ONLINE)};
    gossip_message_t message = {entries[0].id, GOSSIP_MSG_PING, 2, entries, 2};
    gossip_core_handle_message(core, &message);
    CHECK(count_events(4) == 1 && is_event(0, 4, 0, 2), "told of by an online member: one event");
    record_count = 0;
    entries[0].heartbeat = 3;
    for (unsigned status = GOSSIP_NODE_SUSPECT; status <= GOSSIP_NODE_FAILED; status++) {
        entries[1] = view((uint8_t)(5 + status), 9, (gossip_node_status_t)status);
        gossip_core_handle_message(core, &message);
    }
    CHECK(gossip_core_size(core) == 2 && count_events(8) == 0 && count_events(9) == 0,
          "suspect and failed claims about unknown nodes add nothing");
    /* Oneself, in any disguise, is never listed and never an event. */
    record_count = 0;
    entries[1] = view(1, 1000, GOSSIP_NODE_FAILED);
    gossip_core_handle_message(core, &message);
    CHECK(gossip_core_size(core) == 2 && count_events(1) == 0, "the own id is not listed");
    gossip_core_destroy(core);
}

static void leaving_others(void)
{
    open_core();
    gossip_node_id_t stranger = {{99}};
    gossip_core_leave(core, &stranger);
    CHECK(record_count == 0, "leave of an unknown id does nothing");
    hear(GOSSIP_MSG_MEET, view(2, 1, GOSSIP_NODE_ONLINE));
    hear(GOSSIP_MSG_MEET, view(3, 1, GOSSIP_NODE_ONLINE));
    record_count = 0;
    gossip_node_id_t two = {{2}};
    gossip_core_leave(core, &two);
    CHECK(count_events(2) == 1, "leave of a member: %zu events", count_events(2));
    for (size_t i = 0; i < record_count; i++)
        CHECK(records[i].is_send || is_event(i, 2, 2, 4), "the event is online -> failed");
    gossip_core_destroy(core);
}

static gossip_node_view_t self_now(void)
{
    gossip_node_view_t *self = gossip_core_self(core), copy = *self;
    gossip_core_free_self(self);
    return copy;
}

static void counters(void)
{
    open_core_without_time();
    CHECK(self_now().sent_messages == 0 && self_now().received_messages == 0, "fresh counters");
    for (uint8_t i = 2; i < 6; i++)
        hear(GOSSIP_MSG_MEET, view(i, 1, GOSSIP_NODE_ONLINE));
    CHECK(self_now().received_messages == 4, "received %llu of 4",
          (unsigned long long)self_now().received_messages);
    for (unsigned i = 0; i < 20; i++) {
        gossip_node_view_t before = self_now();
        record_count = 0;
        gossip_core_tick(core);
        gossip_node_view_t after = self_now();
        size_t pings = 0;
        for (size_t j = 0; j < record_count; j++)
            pings += records[j].is_send && records[j].type_or_status == GOSSIP_MSG_PING;
        CHECK(pings == 3, "a tick with four members sends %zu PINGs", pings);
        CHECK(after.heartbeat == before.heartbeat + 1 && after.version == before.version + 1,
              "a tick: heartbeat +%llu, version +%llu",
              (unsigned long long)(after.heartbeat - before.heartbeat),
              (unsigned long long)(after.version - before.version));
        CHECK(after.sent_messages == before.sent_messages + record_count, "sent: %llu of %zu",
              (unsigned long long)(after.sent_messages - before.sent_messages), record_count);
    }
    record_count = 0;
    gossip_core_tick_full_broadcast(core);
    size_t pinged = 0;
    for (size_t j = 0; j < record_count; j++)
        pinged |= records[j].is_send ? (size_t)1 << records[j].id : 0;
    CHECK((pinged & 0x3c) == 0x3c, "a full broadcast pings every online node: %zx", pinged);
    gossip_core_destroy(core);
}

static void metadata(void)
{
    open_core();
    const char *keys[] = {"config_epoch", "color"}, *values[] = {"7", "red"};
    const char *none[] = {NULL, NULL};
    gossip_node_view_t before = self_now();
    gossip_core_update_self_metadata(core, keys, values, 2);
    CHECK(self_now().config_epoch == 7 && self_now().heartbeat == before.heartbeat + 1 &&
              self_now().version == before.version + 1,
          "the key config_epoch sets the epoch, and the counters rise");
    gossip_core_update_self_metadata(core, none, none, 2);
    CHECK(self_now().heartbeat == before.heartbeat + 2, "pairs of NULL still raise the heartbeat");
    gossip_core_update_self_metadata(core, keys, values, 0);
    gossip_core_update_self_metadata(core, NULL, values, 2);
    gossip_core_update_self_metadata(core, keys, NULL, 2);
    CHECK(self_now().heartbeat == before.heartbeat + 2, "nothing given: no effect");
    values[0] = "3";
    gossip_core_update_self_metadata(core, keys, values, 1);
    CHECK(*gossip_last_error() != '\0', "a refused epoch gives no error text");
    CHECK(self_now().config_epoch == 7, "the epoch fell");
    gossip_core_destroy(core);
}

/* A storm of calls from inside a callback: each queues its own callbacks after the current one. */
static unsigned depth, deepest, calls;

static void on_send_again(const gossip_message_t *msg, const gossip_node_view_t *target, void *data)
{
    (void)msg;
    (void)data;
    depth++;
    deepest = depth > deepest ? depth : deepest;
    if (calls < 50) {
        calls++;
        gossip_core_tick(core);
        gossip_core_meet(core, target);
        hear(GOSSIP_MSG_PING, view(target->id.data[0], 100 + calls, GOSSIP_NODE_ONLINE));
    }
    depth--;
}

static void calls_from_callbacks(void)
{
    gossip_node_view_t own = view(1, 0, GOSSIP_NODE_ONLINE);
    core = gossip_core_create(&own, on_send_again, NULL, NULL);
    for (uint8_t i = 2; i < 6; i++)
        hear(GOSSIP_MSG_MEET, view(i, 1, GOSSIP_NODE_ONLINE));
    gossip_core_tick(core);
    CHECK(calls == 50 && deepest == 1, "%u calls from callbacks, %u callbacks deep", calls, deepest);
    CHECK(gossip_core_size(core) == 4, "size %zu", gossip_core_size(core));
    gossip_core_destroy(core);
}

int main(int argc, char **argv)
{
    h_begin("t_events", argc, argv, 30);
    h_options_end();
    meet_then_pong();
    unknown_nodes();
    leaving_others();
    counters();
    metadata();
    calls_from_callbacks();
    return h_end();
}
