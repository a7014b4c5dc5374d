/*
 * udp_node: one member of a cluster as a process of its own, over UDP or TCP.
 *
 *   terminal 1:  ./udp_node --id 1 --bind 127.0.0.1:7001
 *   terminal 2:  ./udp_node --id 2 --bind 127.0.0.1:7002 --join 127.0.0.1:7001
 *
 * It prints one line for each event. Ctrl-C or SIGTERM makes it leave gracefully, SIGUSR1 makes it
 * print one `state` line, --report-ms prints one regularly. Port 0 lets the system pick a port;
 * the first line tells which one it was. This is the node that `cargo xtask demo` starts.
 */
#define _POSIX_C_SOURCE 200809L
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/gossip_core.h"
#include "net/gossip_net.h"

#define MAX_SEEDS 8
/* A node that leaves tells it for this many rounds, so that a lost message does not matter. */
#define LEAVE_ROUNDS 10

typedef struct node {
    gossip_core_t *core;
    gossip_transport_t *transport;
    int64_t started_ms;
} node_t;

typedef struct options {
    gossip_node_view_t self;
    gossip_node_view_t seeds[MAX_SEEDS];
    int seed_count;
    int interval_ms;
    int report_ms;
    bool leave_on_eof;
    gossip_transport_type_t transport;
} options_t;

static volatile sig_atomic_t leave_asked;
static volatile sig_atomic_t state_asked;

static void on_signal(int number)
{
    if (number == SIGUSR1)
        state_asked = 1;
    else
        leave_asked = 1;
}

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- what the library calls ---- */

/* The library made a message: hand it to the transport. */
static void on_send(const gossip_message_t *msg, const gossip_node_view_t *target, void *user_data)
{
    node_t *node = user_data;
    /* A message that is not sent is like one lost on the way: the protocol copes with that. */
    (void)gossip_transport_send_message(node->transport, msg, target);
}

static const char *id_text(const gossip_node_id_t *id, char text[33])
{
    for (int i = 0; i < 16; i++)
        snprintf(text + 2 * i, 3, "%02x", id->data[i]);
    return text;
}

/* A node became known, or its status or its description changed. */
static void on_event(const gossip_node_view_t *n, gossip_node_status_t old_status, void *user_data)
{
    node_t *node = user_data;
    char id[33];
    /* One printf a line: this may run on the transport's thread while main prints too. */
    printf("event ms=%lld id=%s at=%s:%d role=%s region=%s from=%s to=%s\n",
           (long long)(now_ms() - node->started_ms), id_text(&n->id, id), n->ip, n->port, n->role,
           n->region, gossip_status_string(old_status), gossip_status_string(n->status));
}

/* ---- what main does ---- */

/* One line for programs: this node, then id@address=status for each node it knows. */
static void print_state(const node_t *node)
{
    char id[33];
    size_t count = 0;
    gossip_node_view_t *self = gossip_core_self(node->core);
    gossip_node_view_t *nodes = gossip_core_get_nodes(node->core, &count); /* NULL if none */
    flockfile(stdout); /* keep the pieces of this line together */
    if (self != NULL)
        printf("state ms=%lld id=%s at=%s:%d heartbeat=%llu members=%zu",
               (long long)(now_ms() - node->started_ms), id_text(&self->id, id), self->ip,
               self->port, (unsigned long long)self->heartbeat, count);
    for (size_t i = 0; i < count; i++)
        printf(" %s@%s:%d=%s", id_text(&nodes[i].id, id), nodes[i].ip, nodes[i].port,
               gossip_status_string(nodes[i].status));
    putchar('\n');
    funlockfile(stdout);
    gossip_core_free_nodes(nodes);
    gossip_core_free_self(self);
}

/* Waits for the next round. A signal ends the wait early; so does the end of standard input when
 * the caller asked for that: a supervisor that dies closes the pipe and takes its nodes with it. */
static void wait_until(int64_t deadline_ms, const options_t *opt)
{
    struct pollfd input = {.fd = opt->leave_on_eof ? STDIN_FILENO : -1, .events = POLLIN};
    int64_t left = deadline_ms - now_ms();
    char byte;
    if (poll(&input, 1, left > 0 ? (int)left : 0) > 0 && read(STDIN_FILENO, &byte, 1) <= 0)
        leave_asked = 1;
}

static void run(node_t *node, const options_t *opt)
{
    int64_t next_round = now_ms();
    int64_t next_report = next_round;
    while (!leave_asked) {
        int64_t now = now_ms();
        if (now >= next_round) {
            gossip_core_tick(node->core);
            next_round = now + opt->interval_ms;
        }
        if (state_asked || (opt->report_ms > 0 && now >= next_report)) {
            state_asked = 0;
            next_report = now + opt->report_ms;
            print_state(node);
        }
        bool report_first = opt->report_ms > 0 && next_report < next_round;
        wait_until(report_first ? next_report : next_round, opt);
    }
    gossip_core_leave(node->core, &opt->self.id);
    for (int i = 0; i < LEAVE_ROUNDS; i++) {
        struct timespec pause = {opt->interval_ms / 1000, opt->interval_ms % 1000 * 1000000L};
        gossip_core_tick(node->core);
        nanosleep(&pause, NULL);
    }
    printf("left ms=%lld\n", (long long)(now_ms() - node->started_ms));
}

/* Starts the transport first, so that the port is known when the node describes itself. */
static int start(node_t *node, options_t *opt)
{
    node->started_ms = now_ms();
    node->transport = gossip_transport_factory_create(opt->transport, opt->self.ip,
                                                      (uint16_t)opt->self.port);
    if (node->transport == NULL || gossip_transport_start(node->transport) != GOSSIP_ERR_SUCCESS) {
        fprintf(stderr, "udp_node: cannot listen on %s:%d: %s\n", opt->self.ip, opt->self.port,
                gossip_last_error());
        return 1;
    }
    opt->self.port = gossip_transport_port(node->transport);
    node->core = gossip_core_create(&opt->self, on_send, on_event, node);
    if (node->core == NULL) {
        fprintf(stderr, "udp_node: cannot create the node: %s\n", gossip_last_error());
        return 1;
    }
    gossip_transport_set_core(node->transport, node->core); /* from here on messages come in */
    printf("listening at=%s:%d version=%s\n", opt->self.ip, opt->self.port, gossip_version());
    /* Only the address of a seed is known. Its id is zero here and learned from its answer. */
    for (int i = 0; i < opt->seed_count; i++)
        gossip_core_join(node->core, &opt->seeds[i]);
    return 0;
}

/* ---- the command line ---- */

static void usage(void)
{
    fputs("usage: udp_node --bind HOST:PORT [--join HOST:PORT]... [--id HEX] [--role TEXT]\n"
          "                [--region TEXT] [--interval-ms N] [--transport udp|tcp]\n"
          "                [--report-ms N] [--leave-on-eof]\n"
          "HOST is a numeric address that the other nodes can reach.\n",
          stderr);
    exit(2);
}

/* "127.0.0.1:7001" or "[::1]:7001" to the ip and port of a view. */
static void parse_address(const char *text, gossip_node_view_t *view)
{
    const char *colon = strrchr(text, ':');
    char *end = NULL;
    if (colon == NULL || colon[1] == '\0')
        usage();
    long port = strtol(colon + 1, &end, 10);
    size_t length = (size_t)(colon - text);
    if (length >= 2 && text[0] == '[' && text[length - 1] == ']') {
        text += 1;
        length -= 2;
    }
    if (*end != '\0' || port < 0 || port > 65535 || length == 0 || length >= sizeof view->ip)
        usage();
    memcpy(view->ip, text, length);
    view->ip[length] = '\0';
    view->port = (int)port;
}

static int parse_number(const char *text, int least)
{
    char *end = NULL;
    long value = strtol(text, &end, 10);
    if (end == text || *end != '\0' || value < least || value > 3600000)
        usage();
    return (int)value;
}

/* Up to 32 hex digits, filled up with zeros from the left: --id 1 is a valid id. */
static void parse_id(const char *text, gossip_node_id_t *id)
{
    size_t digits = strlen(text);
    if (digits == 0 || digits > 32 || strspn(text, "0123456789abcdefABCDEF") != digits)
        usage();
    memset(id, 0, sizeof *id);
    for (size_t i = 0; i < digits; i++) {
        const char digit[2] = {text[digits - 1 - i], '\0'};
        unsigned value = (unsigned)strtoul(digit, NULL, 16);
        id->data[15 - i / 2] = (uint8_t)(id->data[15 - i / 2] | (i % 2 == 0 ? value : value << 4));
    }
}

/* Without --id the node takes a random one. */
static void random_id(gossip_node_id_t *id)
{
    FILE *source = fopen("/dev/urandom", "rb");
    if (source == NULL || fread(id->data, sizeof id->data, 1, source) != 1) {
        fputs("udp_node: no random id to be had, please give one with --id\n", stderr);
        exit(1);
    }
    fclose(source);
}

static void parse_options(int argc, char **argv, options_t *opt)
{
    opt->interval_ms = 100;
    opt->transport = GOSSIP_TRANSPORT_UDP;
    random_id(&opt->self.id);
    for (int i = 1; i < argc; i++) {
        const char *name = argv[i];
        if (strcmp(name, "--leave-on-eof") == 0) {
            opt->leave_on_eof = true;
            continue;
        }
        const char *value = i + 1 < argc ? argv[++i] : NULL;
        if (value == NULL)
            usage();
        if (strcmp(name, "--bind") == 0)
            parse_address(value, &opt->self);
        else if (strcmp(name, "--join") == 0 && opt->seed_count < MAX_SEEDS)
            parse_address(value, &opt->seeds[opt->seed_count++]);
        else if (strcmp(name, "--id") == 0)
            parse_id(value, &opt->self.id);
        else if (strcmp(name, "--role") == 0)
            snprintf(opt->self.role, sizeof opt->self.role, "%s", value);
        else if (strcmp(name, "--region") == 0)
            snprintf(opt->self.region, sizeof opt->self.region, "%s", value);
        else if (strcmp(name, "--interval-ms") == 0)
            opt->interval_ms = parse_number(value, 1);
        else if (strcmp(name, "--report-ms") == 0)
            opt->report_ms = parse_number(value, 0);
        else if (strcmp(name, "--transport") == 0 && strcmp(value, "udp") == 0)
            opt->transport = GOSSIP_TRANSPORT_UDP;
        else if (strcmp(name, "--transport") == 0 && strcmp(value, "tcp") == 0)
            opt->transport = GOSSIP_TRANSPORT_TCP;
        else
            usage();
    }
    if (opt->self.ip[0] == '\0')
        usage();
}

int main(int argc, char **argv)
{
    options_t opt = {0};
    node_t node = {0};
    struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGUSR1, &action, NULL);
    setvbuf(stdout, NULL, _IOLBF, 0);

    parse_options(argc, argv, &opt);
    int failed = start(&node, &opt);
    if (!failed)
        run(&node, &opt);
    /* The transport first: then no message arrives while the core goes away. NULL is fine. */
    gossip_transport_destroy(node.transport);
    gossip_core_destroy(node.core);
    return failed;
}
