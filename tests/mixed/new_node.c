/*
 * A node of today as a process of its own, told what to do on standard input: the counterpart of
 * tests/old_node/node.py, with the same commands and the same kind of answers, JSON lines both.
 *
 *   new_node --id 0b000000000000000000000000000000 [--bind 127.0.0.1] [--port 0]
 *            [--announce-port N] [--transport udp|tcp] [--interval-ms 100]
 *            [--role TEXT] [--region TEXT] [--config-epoch 1]
 *            [--heartbeat N|clock]
 *
 * It is a program as they were written for version 1: a core, a transport of the factory, a tick
 * each interval. Only its answer to `list` needs more, since version 1 cannot read metadata.
 */
#define _POSIX_C_SOURCE 200809L
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/gossip_core.h"
#include "core/gossip_ext.h"
#include "net/gossip_net.h"

#define LONGEST_COMMAND (128 * 1024)

typedef struct options {
    gossip_node_view_t self;
    uint16_t port;
    int interval_ms;
    gossip_transport_type_t transport;
} options_t;

static gossip_core_t *core;
static gossip_transport_t *transport;
static gossip_node_id_t own_id;
static bool running = true;

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- JSON ---- */

static void print_text(const char *text)
{
    putchar('"');
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text < 0x20)
            printf("\\u%04x", (unsigned)*text);
        else if (*text == '"' || *text == '\\')
            printf("\\%c", *text);
        else
            putchar(*text);
    }
    putchar('"');
}

static void print_pair(const char *name, const char *value)
{
    printf("\"%s\": ", name);
    print_text(value);
}

static const char *hex(const gossip_node_id_t *id, char text[33])
{
    for (int i = 0; i < 16; i++)
        snprintf(text + 2 * i, 3, "%02x", id->data[i]);
    return text;
}

static const char *status_name(gossip_node_status_t status)
{
    switch (status) {
    case GOSSIP_NODE_UNKNOWN: return "unknown";
    case GOSSIP_NODE_JOINING: return "joining";
    case GOSSIP_NODE_ONLINE: return "online";
    case GOSSIP_NODE_SUSPECT: return "suspect";
    case GOSSIP_NODE_FAILED: return "failed";
    default: return "other";
    }
}

/* ---- what the library calls; it may be on the transport's thread ---- */

static void on_send(const gossip_message_t *msg, const gossip_node_view_t *target, void *user_data)
{
    (void)user_data;
    (void)gossip_transport_send_message(transport, msg, target);
}

static void on_event(const gossip_node_view_t *n, gossip_node_status_t old, void *user_data)
{
    char id[33];
    (void)user_data;
    printf("{\"event\": \"change\", \"id\": \"%s\", \"old\": \"%s\", \"new\": \"%s\"}\n",
           hex(&n->id, id), status_name(old), status_name(n->status));
}

/* ---- commands ---- */

static int print_metadata_pair(const char *key, size_t key_len, const char *value, size_t value_len,
                               void *user_data)
{
    bool *any = user_data;
    (void)key_len;
    (void)value_len;
    printf(*any ? ", " : "");
    *any = true;
    print_text(key);
    printf(": ");
    print_text(value);
    return 0; /* go on */
}

static void print_node(const gossip_node_view_t *n)
{
    char id[33];
    printf("{\"id\": \"%s\", \"port\": %d, \"heartbeat\": %llu, \"config_epoch\": %llu, ",
           hex(&n->id, id), n->port, (unsigned long long)n->heartbeat,
           (unsigned long long)n->config_epoch);
    print_pair("ip", n->ip);
    printf(", ");
    print_pair("status", status_name(n->status));
    printf(", ");
    print_pair("role", n->role);
    printf(", ");
    print_pair("region", n->region);
    bool any = false;
    printf(", \"metadata\": {");
    gossip_core_each_metadata(core, &n->id, print_metadata_pair, &any);
    printf("}}");
}

static bool list(char *rest)
{
    size_t count = 0;
    gossip_node_view_t *self = gossip_core_self(core);
    gossip_node_view_t *nodes = gossip_core_get_nodes(core, &count);
    (void)rest;
    if (self == NULL)
        return false;
    flockfile(stdout); /* keep the pieces of this line together */
    printf("{\"answer\": \"list\", \"ok\": true, \"self\": ");
    print_node(self);
    printf(", \"records\": [");
    for (size_t i = 0; i < count; i++) {
        printf(i > 0 ? ", " : "");
        print_node(&nodes[i]);
    }
    printf("]}\n");
    funlockfile(stdout);
    gossip_core_free_nodes(nodes);
    gossip_core_free_self(self);
    return true;
}

static bool parse_id(const char *text, gossip_node_id_t *id)
{
    if (strlen(text) != 32 || strspn(text, "0123456789abcdef") != 32)
        return false;
    for (int i = 0; i < 16; i++) {
        const char digits[3] = {text[2 * i], text[2 * i + 1], '\0'};
        id->data[i] = (uint8_t)strtoul(digits, NULL, 16);
    }
    return true;
}

/* "127.0.0.1:7001" to the ip and port of a view whose id is not known. */
static bool parse_address(const char *text, gossip_node_view_t *view)
{
    const char *colon = strrchr(text, ':');
    memset(view, 0, sizeof *view);
    if (colon == NULL || (size_t)(colon - text) >= sizeof view->ip)
        return false;
    memcpy(view->ip, text, (size_t)(colon - text));
    view->port = atoi(colon + 1);
    return view->port > 0;
}

static bool meet(char *rest)
{
    gossip_node_view_t view;
    if (!parse_address(rest, &view))
        return false;
    gossip_core_meet(core, &view);
    return true;
}

static bool join(char *rest)
{
    gossip_node_view_t view;
    if (!parse_address(rest, &view))
        return false;
    gossip_core_join(core, &view);
    return true;
}

static bool leave(char *rest)
{
    gossip_node_id_t id = own_id;
    if (*rest != '\0' && !parse_id(rest, &id))
        return false;
    gossip_core_leave(core, &id);
    return true;
}

static bool set_metadata(char *rest)
{
    char *equals = strchr(rest, '=');
    if (equals == NULL)
        return false;
    *equals = '\0';
    const char *keys[] = {rest};
    const char *values[] = {equals + 1};
    gossip_core_update_self_metadata(core, keys, values, 1);
    return true;
}

static bool quit(char *rest)
{
    (void)rest;
    running = false;
    return true;
}

static void obey(char *line)
{
    static const struct {
        const char *word;
        bool (*run)(char *rest);
    } commands[] = {{"list", list},         {"meet", meet},  {"join", join}, {"leave", leave},
                    {"metadata", set_metadata}, {"quit", quit}};
    char *rest = strchr(line, ' ');
    bool ok = false;
    if (rest != NULL)
        *rest++ = '\0';
    else
        rest = line + strlen(line);
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        if (strcmp(commands[i].word, line) == 0) {
            ok = commands[i].run(rest);
            if (ok && commands[i].run == list)
                return; /* it printed its answer */
        }
    }
    printf("{\"answer\": \"%s\", \"ok\": %s}\n", line, ok ? "true" : "false");
}

/* Takes what there is on standard input and runs the lines that are whole. */
static void read_commands(void)
{
    static char buffer[LONGEST_COMMAND];
    static size_t filled;
    ssize_t got = read(STDIN_FILENO, buffer + filled, sizeof buffer - filled);
    if (got <= 0) {
        running = false;
        return;
    }
    filled += (size_t)got;
    char *start = buffer;
    char *end;
    while ((end = memchr(start, '\n', filled - (size_t)(start - buffer))) != NULL) {
        *end = '\0';
        if (*start != '\0')
            obey(start);
        start = end + 1;
    }
    filled -= (size_t)(start - buffer);
    memmove(buffer, start, filled);
}

static void run(int interval_ms)
{
    int64_t next = now_ms() + interval_ms;
    while (running) {
        struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
        int64_t left = next - now_ms();
        if (poll(&input, 1, left > 0 ? (int)left : 0) > 0)
            read_commands();
        int64_t now = now_ms();
        if (now >= next) {
            gossip_core_tick(core);
            /* A late loop skips ticks, it does not make up for them. */
            next = next + interval_ms > now ? next + interval_ms : now;
        }
    }
}

/* ---- the command line ---- */

static void fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs("new_node: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    exit(2);
}

static void parse_options(int argc, char **argv, options_t *opt)
{
    opt->interval_ms = 100;
    opt->transport = GOSSIP_TRANSPORT_UDP;
    opt->self.config_epoch = 1;
    strcpy(opt->self.ip, "127.0.0.1");
    for (int i = 1; i + 1 < argc; i += 2) {
        const char *name = argv[i];
        const char *value = argv[i + 1];
        if (strcmp(name, "--id") == 0 && parse_id(value, &opt->self.id))
            own_id = opt->self.id;
        else if (strcmp(name, "--bind") == 0)
            snprintf(opt->self.ip, sizeof opt->self.ip, "%s", value);
        else if (strcmp(name, "--port") == 0)
            opt->port = (uint16_t)atoi(value);
        else if (strcmp(name, "--announce-port") == 0)
            opt->self.port = atoi(value);
        else if (strcmp(name, "--role") == 0)
            snprintf(opt->self.role, sizeof opt->self.role, "%s", value);
        else if (strcmp(name, "--region") == 0)
            snprintf(opt->self.region, sizeof opt->self.region, "%s", value);
        else if (strcmp(name, "--config-epoch") == 0)
            opt->self.config_epoch = strtoull(value, NULL, 10);
        else if (strcmp(name, "--heartbeat") == 0)
            opt->self.heartbeat = strcmp(value, "clock") == 0 ? (uint64_t)time(NULL)
                                                              : strtoull(value, NULL, 10);
        else if (strcmp(name, "--interval-ms") == 0 && atoi(value) > 0)
            opt->interval_ms = atoi(value);
        else if (strcmp(name, "--transport") == 0 && strcmp(value, "tcp") == 0)
            opt->transport = GOSSIP_TRANSPORT_TCP;
        else if (strcmp(name, "--transport") != 0 || strcmp(value, "udp") != 0)
            fail("%s %s is not understood", name, value);
    }
    if (argc % 2 == 0)
        fail("%s has no value", argv[argc - 1]);
}

int main(int argc, char **argv)
{
    options_t opt = {0};
    char id[33];
    setvbuf(stdout, NULL, _IOLBF, 0);
    parse_options(argc, argv, &opt);

    transport = gossip_transport_factory_create(opt.transport, opt.self.ip, opt.port);
    if (transport == NULL || gossip_transport_start(transport) != GOSSIP_ERR_SUCCESS)
        fail("cannot listen on %s:%d: %s", opt.self.ip, opt.port, gossip_last_error());
    opt.port = gossip_transport_port(transport);
    if (opt.self.port == 0)
        opt.self.port = opt.port;
    core = gossip_core_create(&opt.self, on_send, on_event, NULL);
    if (core == NULL)
        fail("cannot create the node: %s", gossip_last_error());
    gossip_transport_set_core(transport, core);
    printf("{\"event\": \"ready\", \"id\": \"%s\", \"ip\": \"%s\", \"port\": %d}\n",
           hex(&opt.self.id, id), opt.self.ip, opt.port);

    run(opt.interval_ms);
    gossip_transport_destroy(transport);
    gossip_core_destroy(core);
    return 0;
}
