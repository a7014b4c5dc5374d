/*
 * Abuse of the transport's and the serializer's functions: every argument NULL in turn, integers
 * out of range, texts without an end, counts that lie, bytes that are no message; and the rows of
 * the old reader that programs rely on.
 */
#include "netcluster.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static gossip_serializer_t *json;

static gossip_node_view_t view(uint8_t id)
{
    gossip_node_view_t node;
    memset(&node, 0, sizeof node);
    node.id.data[0] = id;
    snprintf(node.ip, sizeof node.ip, "127.0.0.1");
    node.port = 5000 + id;
    node.status = GOSSIP_NODE_ONLINE;
    return node;
}

static void transport_nulls(gossip_transport_type_t type)
{
    gossip_node_view_t own = view(1), target = view(2);
    gossip_message_t message = {own.id, GOSSIP_MSG_PING, 1, &own, 1};
    gossip_core_t *core = gossip_core_create(&own, NULL, NULL, NULL);
    gossip_transport_t *transport = gossip_transport_factory_create(type, "127.0.0.1", 0);
    CHECK(gossip_transport_create(type, NULL, 0) == NULL, "create without a host");
    CHECK(gossip_transport_factory_create(type, NULL, 0) == NULL, "factory without a host");
    CHECK(gossip_transport_create(type, "", 0) == NULL, "an empty host");
    CHECK(gossip_transport_create(type, "256.1.1.1", 0) == NULL, "a host out of range");
    CHECK(gossip_transport_create(type, "no such name", 0) == NULL, "a name");
    gossip_transport_destroy(NULL);
    CHECK(gossip_transport_start(NULL) != GOSSIP_ERR_SUCCESS, "start NULL");
    CHECK(gossip_transport_stop(NULL) != GOSSIP_ERR_SUCCESS, "stop NULL");
    CHECK(gossip_transport_port(NULL) == 0, "port of NULL");
    gossip_transport_set_core(NULL, core);
    gossip_transport_set_core(transport, NULL);
    gossip_transport_set_core(NULL, NULL);
    gossip_transport_set_serializer(NULL, json);
    gossip_transport_set_serializer(transport, NULL);
    CHECK(gossip_transport_start(transport) == GOSSIP_ERR_SUCCESS, "%s", gossip_last_error());
    CHECK(gossip_transport_send_message(NULL, &message, &target) != GOSSIP_ERR_SUCCESS, "send 1");
    CHECK(gossip_transport_send_message(transport, NULL, &target) == GOSSIP_ERR_INVALID_ARGUMENT,
          "send without a message");
    CHECK(gossip_transport_send_message(transport, &message, NULL) == GOSSIP_ERR_INVALID_ARGUMENT,
          "send without a target");
    static const int ports[] = {0, -1, 65536, 70000, INT_MIN, INT_MAX};
    for (size_t i = 0; i < sizeof ports / sizeof *ports; i++) {
        target.port = ports[i];
        gossip_transport_send_message(transport, &message, &target);
    }
    memset(target.ip, '1', sizeof target.ip);
    CHECK(gossip_transport_send_message(transport, &message, &target) != GOSSIP_ERR_SUCCESS,
          "sent to an address without end");
    memset(target.ip, 0xff, sizeof target.ip);
    CHECK(gossip_transport_send_message(transport, &message, &target) != GOSSIP_ERR_SUCCESS,
          "sent to an address of noise");
    target = view(2);
    message.entries = NULL;
    message.entries_count = SIZE_MAX;
    gossip_transport_send_message(transport, &message, &target);
    message.entries = &own;
    CHECK(gossip_transport_send_message(transport, &message, &target) != GOSSIP_ERR_SUCCESS,
          "sent 2^64-1 entries");
    gossip_transport_destroy(transport);
    gossip_core_destroy(core);
}

static void serializer_nulls(void)
{
    gossip_node_view_t own = view(1);
    gossip_message_t message = {own.id, GOSSIP_MSG_PING, 1, &own, 1}, untouched;
    uint8_t *data = NULL;
    size_t size = 0;
    gossip_serializer_destroy(NULL);
    CHECK(gossip_serializer_serialize(NULL, &message, &data, &size) == 3, "serialize 1");
    CHECK(gossip_serializer_serialize(json, NULL, &data, &size) == 3, "serialize 2");
    CHECK(gossip_serializer_serialize(json, &message, NULL, &size) == 3, "serialize 3");
    CHECK(gossip_serializer_serialize(json, &message, &data, NULL) == 3, "serialize 4");
    CHECK(data == NULL && size == 0, "an output was written without success");
    const uint8_t *bytes = (const uint8_t *)"{}";
    memset(&message, 0x5a, sizeof message);
    untouched = message;
    CHECK(gossip_serializer_deserialize(NULL, bytes, 2, &message) == 3, "deserialize 1");
    CHECK(gossip_serializer_deserialize(json, NULL, 0, &message) == 3, "deserialize 2");
    CHECK(gossip_serializer_deserialize(json, NULL, 5, &message) == 3, "deserialize 3");
    CHECK(gossip_serializer_deserialize(json, bytes, 2, NULL) == 3, "deserialize 4");
    CHECK(gossip_serializer_deserialize(json, bytes, SIZE_MAX, &message) != 0, "deserialize 5");
    CHECK(gossip_serializer_deserialize(json, bytes, (size_t)1 << 40, &message) != 0,
          "deserialize 6");
    CHECK(memcmp(&message, &untouched, sizeof message) == 0, "the message was touched on error");
    message.entries = &own;
    message.entries_count = SIZE_MAX;
    CHECK(gossip_serializer_serialize(json, &message, &data, &size) != 0, "2^64-1 entries");
    message.entries = NULL;
    message.entries_count = 3;
    message.type = GOSSIP_MSG_PONG;
    if (gossip_serializer_serialize(json, &message, &data, &size) == 0)
        free(data);
}

static gossip_error_code_t read_text(const char *text, gossip_message_t *message)
{
    memset(message, 0x11, sizeof *message);
    return gossip_serializer_deserialize(json, (const uint8_t *)text, strlen(text), message);
}

/* Inputs that the old reader took as an all-default message, as errors, and as they are. */
static void reader_rows(void)
{
    static const char *const blank[] = {"", "{}", "{ }", " {} ", "\n\t{}\r\n", "{\"other\":[1,{}]}",
                                        "{\"entries\":[]}"};
    static const char *const wrong[] = {"{", "{}x", "{\"type\":1,}", "{\"type\":1e400}", "\xff",
                                        "{\"entries\":[}", "[[[[", "{\"sender\":\"\xff\xfe\"}"};
    gossip_message_t message;
    for (size_t i = 0; i < sizeof blank / sizeof *blank; i++) {
        gossip_error_code_t code = read_text(blank[i], &message);
        CHECK(code == 0 && message.type == GOSSIP_MSG_PING && message.timestamp == 0 &&
                  message.entries == NULL && message.entries_count == 0,
              "'%s' is no all-default message: %d, %s", blank[i], (int)code, gossip_last_error());
    }
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        gossip_error_code_t code = read_text(wrong[i], &message);
        CHECK(code == GOSSIP_ERR_SERIALIZATION_ERROR, "'%s' gives %d", wrong[i], (int)code);
    }
    const char *full =
        " { \"later\":{\"a\":[1,2]}, \"type\":2 ,\"timestamp\":7,\"sender\":\"01,02,03,04,05,06,07,"
        "08,09,0a,0b,0c,0d,0e,0f,10\",\"entries\":[{\"config_epoch\":1,\"heartbeat\":9,\"id\":"
        "\"01,02,03,04,05,06,07,08,09,0a,0b,0c,0d,0e,0f,10\",\"ip\":\"10.0.0.1\",\"metadata\":"
        "{\"k\":\"v\"},\"port\":8080,\"region\":\"eu-west-1\",\"role\":\"replica\",\"status\":2,"
        "\"suspicion_count\":0,\"version\":3,\"new\":null}]}";
    gossip_error_code_t code = read_text(full, &message);
    CHECK(code == 0 && message.type == GOSSIP_MSG_MEET && message.timestamp == 7 &&
              message.entries_count == 1 && message.sender.data[15] == 16,
          "a full message: %d, %s", (int)code, gossip_last_error());
    if (code == 0 && message.entries_count == 1) {
        const gossip_node_view_t *entry = &message.entries[0];
        CHECK(entry->heartbeat == 9 && entry->config_epoch == 1 && entry->version == 3 &&
                  entry->port == 8080 && entry->status == GOSSIP_NODE_ONLINE &&
                  strcmp(entry->ip, "10.0.0.1") == 0 && strcmp(entry->role, "replica") == 0 &&
                  strcmp(entry->region, "eu-west-1") == 0,
              "the entry of a full message");
        free(message.entries);
    }
}

static void deep_and_cut(void)
{
    size_t depth = 1000000;
    char *text = malloc(depth + 64);
    gossip_message_t message;
    if (!CHECK(text != NULL, "no memory"))
        return;
    memset(text, '[', depth);
    CHECK(gossip_serializer_deserialize(json, (uint8_t *)text, depth, &message) != 0, "deep text");
    int head = snprintf(text, 64, "{\"x\":");
    memset(text + head, '[', depth);
    CHECK(gossip_serializer_deserialize(json, (uint8_t *)text, depth, &message) != 0, "deep value");
    free(text);

    gossip_node_view_t entries[3] = {view(1), view(2), view(3)};
    gossip_message_t whole = {entries[0].id, GOSSIP_MSG_PING, 5, entries, 3};
    uint8_t *data = NULL;
    size_t size = 0;
    if (!CHECK(gossip_serializer_serialize(json, &whole, &data, &size) == 0 && size > 0, "%s",
               gossip_last_error()))
        return;
    for (size_t length = 1; length < size; length++) {
        /* An exact copy, so that a read past its end is seen by the tools. */
        uint8_t *cut = malloc(length);
        if (cut == NULL)
            break;
        memcpy(cut, data, length);
        CHECK(gossip_serializer_deserialize(json, cut, length, &message) ==
                  GOSSIP_ERR_SERIALIZATION_ERROR,
              "%zu of %zu bytes are no error", length, size);
        free(cut);
    }
    for (unsigned i = 0; i < 20000; i++) {
        uint8_t kept[4];
        size_t at[4];
        for (unsigned j = 0; j < 4; j++) {
            at[j] = h_random_below(size);
            kept[j] = data[at[j]];
            data[at[j]] = (uint8_t)h_random();
        }
        if (gossip_serializer_deserialize(json, data, size, &message) == 0)
            free(message.entries);
        for (unsigned j = 4; j-- > 0;)
            data[at[j]] = kept[j];
    }
    CHECK(gossip_serializer_deserialize(json, data, size, &message) == 0, "%s", gossip_last_error());
    CHECK(message.entries_count == 3 && message.entries[2].port == 5003, "a round trip");
    free(message.entries);
    free(data);
}

static void strange_texts(void)
{
    static const unsigned char fills[] = {'A', '"', '\\', '/', 1, 0x1f, 0x7f, 0xc3, 0xff, 0x80};
    for (size_t i = 0; i < sizeof fills; i++) {
        gossip_node_view_t entry = view(1);
        memset(entry.ip, fills[i], sizeof entry.ip);
        memset(entry.role, fills[i], sizeof entry.role);
        memset(entry.region, fills[i], sizeof entry.region);
        entry.port = INT_MIN;
        entry.status = (gossip_node_status_t)77;
        gossip_message_t whole = {entry.id, (gossip_message_type_t)255, UINT64_MAX, &entry, 1}, back;
        uint8_t *data = NULL;
        size_t size = 0;
        if (gossip_serializer_serialize(json, &whole, &data, &size) != 0)
            continue;
        if (gossip_serializer_deserialize(json, data, size, &back) == 0) {
            CHECK(back.entries_count == 1 && memchr(back.entries[0].role, 0, 64) != NULL,
                  "a text of 0x%02x has no end", fills[i]);
            free(back.entries);
        }
        free(data);
    }
}

int main(int argc, char **argv)
{
    h_begin("t09_net", argc, argv, 60);
    h_options_end();
    json = gossip_json_serializer_create();
    CHECK(json != NULL, "no serializer");
    static const unsigned types[] = {2, 3, 77, 0x7fffffffu, 0xffffffffu};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        CHECK(gossip_transport_create((gossip_transport_type_t)types[i], "127.0.0.1", 0) == NULL,
              "type %u", types[i]);
        CHECK(gossip_transport_factory_create((gossip_transport_type_t)types[i], "127.0.0.1", 0) ==
                  NULL,
              "type %u", types[i]);
    }
    transport_nulls(GOSSIP_TRANSPORT_UDP);
    transport_nulls(GOSSIP_TRANSPORT_TCP);
    serializer_nulls();
    reader_rows();
    deep_and_cut();
    strange_texts();
    gossip_serializer_destroy(json);
    return h_end();
}
