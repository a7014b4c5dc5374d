/*
 * The C ABI v1 as a compiler sees it: every size, offset and value; and what each function gives
 * to one caller: texts with an end, memory for plain free, counters, lists.
 */
#include "harness.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "core/gossip_core.h"
#include "net/gossip_net.h"

#define SAME(expression, value) _Static_assert((expression) == (value), #expression)
#define FIELD(type, field, at, bytes)                                                             \
    SAME(offsetof(type, field), at);                                                              \
    SAME(sizeof(((type *)0)->field), bytes)

SAME(sizeof(gossip_node_id_t), 16);
SAME(_Alignof(gossip_node_id_t), 1);
FIELD(gossip_node_id_t, data, 0, 16);
SAME(sizeof(gossip_node_view_t), 264);
SAME(_Alignof(gossip_node_view_t), 8);
FIELD(gossip_node_view_t, id, 0, 16);
FIELD(gossip_node_view_t, ip, 16, 64);
FIELD(gossip_node_view_t, port, 80, 4);
FIELD(gossip_node_view_t, config_epoch, 88, 8);
FIELD(gossip_node_view_t, heartbeat, 96, 8);
FIELD(gossip_node_view_t, version, 104, 8);
FIELD(gossip_node_view_t, status, 112, 4);
FIELD(gossip_node_view_t, role, 116, 64);
FIELD(gossip_node_view_t, region, 180, 64);
FIELD(gossip_node_view_t, sent_messages, 248, 8);
FIELD(gossip_node_view_t, received_messages, 256, 8);
SAME(sizeof(gossip_message_t), 48);
SAME(_Alignof(gossip_message_t), 8);
FIELD(gossip_message_t, sender, 0, 16);
FIELD(gossip_message_t, type, 16, 4);
FIELD(gossip_message_t, timestamp, 24, 8);
FIELD(gossip_message_t, entries, 32, 8);
FIELD(gossip_message_t, entries_count, 40, 8);

SAME(sizeof(gossip_node_status_t), 4);
SAME(sizeof(gossip_message_type_t), 4);
SAME(sizeof(gossip_error_code_t), 4);
SAME(sizeof(gossip_transport_type_t), 4);
SAME(GOSSIP_NODE_UNKNOWN, 0);
SAME(GOSSIP_NODE_JOINING, 1);
SAME(GOSSIP_NODE_ONLINE, 2);
SAME(GOSSIP_NODE_SUSPECT, 3);
SAME(GOSSIP_NODE_FAILED, 4);
SAME(GOSSIP_MSG_PING, 0);
SAME(GOSSIP_MSG_PONG, 1);
SAME(GOSSIP_MSG_MEET, 2);
SAME(GOSSIP_MSG_JOIN, 3);
SAME(GOSSIP_MSG_LEAVE, 4);
SAME(GOSSIP_MSG_UPDATE, 5);
SAME(GOSSIP_ERR_SUCCESS, 0);
SAME(GOSSIP_ERR_NETWORK_ERROR, 1);
SAME(GOSSIP_ERR_SERIALIZATION_ERROR, 2);
SAME(GOSSIP_ERR_INVALID_ARGUMENT, 3);
SAME(GOSSIP_ERR_OPERATION_NOT_PERMITTED, 4);
SAME(GOSSIP_TRANSPORT_UDP, 0);
SAME(GOSSIP_TRANSPORT_TCP, 1);

/* The tags name the same types as the typedef names, and these are the exact signatures. */
SAME(sizeof(struct gossip_node_id), sizeof(gossip_node_id_t));
SAME(sizeof(struct gossip_node_view), sizeof(gossip_node_view_t));
SAME(sizeof(struct gossip_message), sizeof(gossip_message_t));
SAME(sizeof(enum gossip_node_status) + sizeof(enum gossip_message_type), 8);
SAME(sizeof(enum gossip_error_code) + sizeof(enum gossip_transport_type), 8);
static void on_send(const gossip_message_t *msg, const gossip_node_view_t *target, void *data);
static void on_event(const gossip_node_view_t *node, gossip_node_status_t old, void *data);
static gossip_core_t *(*const p_create)(const gossip_node_view_t *, gossip_send_callback_t,
                                        gossip_event_callback_t, void *) = gossip_core_create;
static void (*const p_destroy)(gossip_core_t *) = gossip_core_destroy;
static void (*const p_tick)(gossip_core_t *) = gossip_core_tick;
static void (*const p_broadcast)(gossip_core_t *) = gossip_core_tick_full_broadcast;
static void (*const p_handle)(gossip_core_t *, const gossip_message_t *) =
    gossip_core_handle_message;
static void (*const p_meet)(gossip_core_t *, const gossip_node_view_t *) = gossip_core_meet;
static void (*const p_join)(gossip_core_t *, const gossip_node_view_t *) = gossip_core_join;
static void (*const p_leave)(gossip_core_t *, const gossip_node_id_t *) = gossip_core_leave;
static gossip_node_view_t *(*const p_self)(const gossip_core_t *) = gossip_core_self;
static void (*const p_free_self)(gossip_node_view_t *) = gossip_core_free_self;
static gossip_node_view_t *(*const p_nodes)(const gossip_core_t *,
                                            size_t *) = gossip_core_get_nodes;
static void (*const p_free_nodes)(gossip_node_view_t *) = gossip_core_free_nodes;
static int (*const p_find)(const gossip_core_t *, const gossip_node_id_t *,
                           gossip_node_view_t *) = gossip_core_find_node;
static size_t (*const p_size)(const gossip_core_t *) = gossip_core_size;
static void (*const p_reset)(gossip_core_t *) = gossip_core_reset;
static void *(*const p_internal)(gossip_core_t *) = gossip_core_get_internal;
static void (*const p_metadata)(gossip_core_t *, const char **, const char **,
                                size_t) = gossip_core_update_self_metadata;
static gossip_serializer_t *(*const p_json)(void) = gossip_json_serializer_create;
static void (*const p_json_destroy)(gossip_serializer_t *) = gossip_serializer_destroy;
static gossip_error_code_t (*const p_serialize)(const gossip_serializer_t *,
                                                const gossip_message_t *, uint8_t **,
                                                size_t *) = gossip_serializer_serialize;
static gossip_error_code_t (*const p_deserialize)(const gossip_serializer_t *, const uint8_t *,
                                                  size_t, gossip_message_t *) =
    gossip_serializer_deserialize;
static gossip_transport_t *(*const p_transport)(gossip_transport_type_t, const char *,
                                                uint16_t) = gossip_transport_create;
static void (*const p_transport_destroy)(gossip_transport_t *) = gossip_transport_destroy;
static gossip_error_code_t (*const p_start)(gossip_transport_t *) = gossip_transport_start;
static gossip_error_code_t (*const p_stop)(gossip_transport_t *) = gossip_transport_stop;
static gossip_error_code_t (*const p_send)(gossip_transport_t *, const gossip_message_t *,
                                           const gossip_node_view_t *) =
    gossip_transport_send_message;
static void (*const p_set_core)(gossip_transport_t *, gossip_core_t *) = gossip_transport_set_core;
static void (*const p_set_serializer)(gossip_transport_t *,
                                      gossip_serializer_t *) = gossip_transport_set_serializer;
static gossip_transport_t *(*const p_factory)(gossip_transport_type_t, const char *,
                                              uint16_t) = gossip_transport_factory_create;
static const char *(*const p_error)(void) = gossip_last_error;
static const char *(*const p_version)(void) = gossip_version;

static unsigned sends, events;

static void on_send(const gossip_message_t *msg, const gossip_node_view_t *target, void *data)
{
    CHECK(data == &sends, "user data changed");
    CHECK(msg->entries_count > 0 && target->port != 0, "an empty message");
    sends++;
}

static void on_event(const gossip_node_view_t *node, gossip_node_status_t old, void *data)
{
    CHECK(data == &sends, "user data changed");
    CHECK((int)old >= 0 && node != NULL, "an event without a node");
    events++;
}

static gossip_node_view_t view(uint8_t id)
{
    gossip_node_view_t node;
    memset(&node, 0, sizeof node);
    node.id.data[0] = id;
    memcpy(node.ip, "10.0.0.1", 9);
    node.port = 5000 + id;
    memcpy(node.role, "replica", 8);
    memcpy(node.region, "eu-west-1", 10);
    return node;
}

static void addresses(void)
{
    CHECK(p_create && p_destroy && p_tick && p_broadcast && p_handle && p_meet && p_join &&
              p_leave && p_self && p_free_self && p_nodes && p_free_nodes && p_find && p_size &&
              p_reset && p_internal && p_metadata,
          "a function of the core is missing");
    CHECK(p_json && p_json_destroy && p_serialize && p_deserialize && p_transport &&
              p_transport_destroy && p_start && p_stop && p_send && p_set_core &&
              p_set_serializer && p_factory && p_error && p_version,
          "a function of the net part is missing");
}

static void texts(void)
{
    CHECK(gossip_last_error() != NULL, "the error text is NULL");
    const char *version = gossip_version();
    unsigned major = 0, minor = 0, patch = 0;
    char *rest = NULL;
    if (!CHECK(version != NULL, "the version is NULL"))
        return;
    major = (unsigned)strtoul(version, &rest, 10);
    minor = *rest == '.' ? (unsigned)strtoul(rest + 1, &rest, 10) : 999;
    patch = *rest == '.' ? (unsigned)strtoul(rest + 1, &rest, 10) : 999;
    CHECK(major == 1 && minor >= 5 && minor < 999 && patch < 999 && *rest == '\0', "version %s",
          version);
    CHECK(gossip_version_number() == GOSSIP_VERSION_NUMBER, "the version's number is %d",
          gossip_version_number());
    CHECK((unsigned)GOSSIP_VERSION_NUMBER == 10000 * major + 100 * minor + patch, "version %s",
          version);
    for (int i = 0; i <= 4; i++) {
        const char *status = gossip_status_string((gossip_node_status_t)i);
        const char *error = gossip_error_string((gossip_error_code_t)i);
        CHECK(status != NULL && *status != '\0', "no text for status %d", i);
        CHECK(error != NULL && *error != '\0', "no text for error %d", i);
        for (int j = 0; j < i; j++) {
            CHECK(strcmp(gossip_status_string((gossip_node_status_t)j), status) != 0,
                  "status %d and %d have one text", i, j);
            CHECK(strcmp(gossip_error_string((gossip_error_code_t)j), error) != 0,
                  "error %d and %d have one text", i, j);
        }
    }
}

static void creation(void)
{
    gossip_node_view_t own = view(1);
    own.status = GOSSIP_NODE_FAILED;
    own.heartbeat = 41;
    own.version = 42;
    own.config_epoch = 43;
    gossip_core_t *core = gossip_core_create(&own, on_send, on_event, &sends);
    memset(&own, 0xee, sizeof own); /* the core has its own copy */
    gossip_node_view_t *self = gossip_core_self(core);
    if (!CHECK(self != NULL, "no self"))
        return;
    CHECK(self->status == GOSSIP_NODE_ONLINE, "status %d", (int)self->status);
    CHECK(self->heartbeat == 41 && self->version == 42 && self->config_epoch == 43, "counters");
    CHECK(strcmp(self->ip, "10.0.0.1") == 0 && self->port == 5001, "address");
    CHECK(strcmp(self->role, "replica") == 0 && strcmp(self->region, "eu-west-1") == 0, "texts");
    for (size_t i = strlen(self->role); i < sizeof self->role; i++)
        CHECK(self->role[i] == '\0', "stale bytes behind a text");
    free(self); /* gossip_core_free_self is plain free */

    size_t count = 99;
    CHECK(gossip_core_get_nodes(core, &count) == NULL && count == 0, "the list is not empty");
    CHECK(gossip_core_size(core) == 0, "size");
    gossip_core_tick(core);
    gossip_core_tick_full_broadcast(core);
    self = gossip_core_self(core);
    CHECK(self->heartbeat == 43 && self->version == 44, "a tick alone: heartbeat %llu, version %llu",
          (unsigned long long)self->heartbeat, (unsigned long long)self->version);
    gossip_core_free_self(self);
    CHECK(sends == 0 && events == 0, "a lonely node sends");
    CHECK(gossip_core_get_internal(core) != NULL, "no internal pointer");
    gossip_core_destroy(core);
}

static void lists(void)
{
    gossip_node_view_t own = view(1), found;
    gossip_core_t *core = gossip_core_create(&own, on_send, on_event, &sends);
    for (uint8_t i = 2; i < 12; i++) {
        gossip_node_view_t other = view(i);
        gossip_core_meet(core, &other);
        CHECK(sends == (unsigned)i - 1 && events == (unsigned)i - 1, "meet %u: %u sends, %u events",
              i, sends, events);
    }
    size_t count = 0;
    gossip_node_view_t *nodes = gossip_core_get_nodes(core, &count);
    CHECK(count == 10 && gossip_core_size(core) == 10, "%zu nodes", count);
    for (size_t i = 0; i < count; i++) {
        CHECK(nodes[i].id.data[0] == i + 2, "the order is not that of insertion");
        CHECK(nodes[i].status == GOSSIP_NODE_JOINING, "status %d", (int)nodes[i].status);
        CHECK(nodes[i].port == 5000 + (int)i + 2, "port %d", nodes[i].port);
    }
    free(nodes); /* gossip_core_free_nodes is plain free */
    CHECK(gossip_core_find_node(core, &own.id, &found) == 1 && found.port == own.port, "own id");
    gossip_node_id_t foreign = {{77}};
    memset(&found, 0x5a, sizeof found);
    CHECK(gossip_core_find_node(core, &foreign, &found) == 0, "a foreign id is found");
    CHECK(found.port == 0x5a5a5a5a, "an output was written without success");
    gossip_core_reset(core);
    gossip_node_view_t *self = gossip_core_self(core);
    CHECK(gossip_core_size(core) == 0 && self->heartbeat == 1 && self->version == 0 &&
              self->sent_messages == 0 && self->received_messages == 0,
          "after reset: size %zu, heartbeat %llu, version %llu", gossip_core_size(core),
          (unsigned long long)self->heartbeat, (unsigned long long)self->version);
    gossip_core_free_self(self);
    CHECK(events == 10, "reset raised an event");
    gossip_core_destroy(core);
}

static void transports(void)
{
    CHECK(gossip_transport_create(GOSSIP_TRANSPORT_UDP, NULL, 0) == NULL, "host NULL");
    CHECK(gossip_transport_create(GOSSIP_TRANSPORT_UDP, "localhost", 0) == NULL, "a name as host");
    CHECK(*gossip_last_error() != '\0', "no error text");
    CHECK(gossip_transport_create((gossip_transport_type_t)7, "127.0.0.1", 0) == NULL, "type 7");
    gossip_transport_t *transport = gossip_transport_create(GOSSIP_TRANSPORT_UDP, "127.0.0.1", 0);
    gossip_node_view_t own = view(1), target = view(2);
    gossip_message_t message = {own.id, GOSSIP_MSG_PING, 1, &own, 1};
    CHECK(gossip_transport_send_message(transport, &message, &target) != GOSSIP_ERR_SUCCESS,
          "sent before start, without a serializer");
    CHECK(gossip_transport_stop(transport) == GOSSIP_ERR_SUCCESS, "stop before start");
    CHECK(gossip_transport_start(transport) == GOSSIP_ERR_SUCCESS, "%s", gossip_last_error());
    CHECK(gossip_transport_port(transport) != 0, "no port");
    memcpy(target.ip, "127.0.0.1", 10);
    CHECK(gossip_transport_send_message(transport, &message, &target) ==
              GOSSIP_ERR_SERIALIZATION_ERROR,
          "sent without a serializer");
    gossip_serializer_t *json = gossip_json_serializer_create();
    gossip_transport_set_serializer(transport, json);
    gossip_serializer_destroy(json); /* the caller's own; the transport keeps what it needs */
    CHECK(gossip_transport_send_message(transport, &message, &target) == GOSSIP_ERR_SUCCESS, "%s",
          gossip_last_error());
    CHECK(gossip_transport_start(transport) == GOSSIP_ERR_NETWORK_ERROR, "a second start");
    CHECK(gossip_transport_stop(transport) == GOSSIP_ERR_SUCCESS, "stop");
    CHECK(gossip_transport_stop(transport) == GOSSIP_ERR_SUCCESS, "stop again");
    gossip_transport_destroy(transport);
}

int main(int argc, char **argv)
{
    h_begin("t_api", argc, argv, 60);
    h_options_end();
    addresses();
    texts();
    creation();
    lists();
    transports();
    return h_end();
}
