/*
 * A node of today as a process of its own, told what to do on standard input: the counterpart of
 * tests/old_node/node.py, with the same commands and the same kind of answers, JSON lines both.
 *
 *   new_node --id 0b000000000000000000000000000000 [--bind 127.0.0.1] [--port 0]
 *            [--announce-port N] [--transport udp|tcp] [--interval-ms 100] [--config-epoch 1]
 *            [--heartbeat N|clock]
 *
 * It is a program as they were written for version 1: a core, a transport of the factory, a tick
 * each interval. Only its answer to `list` needs more, since version 1 cannot read metadata.
 */
#include "console.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "net/gossip_net.h"

static gossip_core_t *core;
static gossip_transport_t *transport;
static gossip_node_view_t own = {.ip = "127.0.0.1", .config_epoch = 1};
static uint16_t port;
static int interval_ms = 100;
static gossip_transport_type_t carrier = GOSSIP_TRANSPORT_UDP;

/* ---- what the library calls; it may be on the transport's thread ---- */

static void on_send(const gossip_message_t *msg, const gossip_node_view_t *target, void *user_data)
{
    (void)user_data;
    (void)gossip_transport_send_message(transport, msg, target);
}

static void on_event(const gossip_node_view_t *node, gossip_node_status_t old, void *user_data)
{
    (void)user_data;
    print_event(node, old);
}

/* ---- commands ---- */

static bool list(char *rest)
{
    size_t count = 0;
    gossip_node_view_t *self = gossip_core_self(core);
    gossip_node_view_t *nodes = gossip_core_get_nodes(core, &count);
    (void)rest;
    if (self == NULL)
        return false;
    print_list_begin();
    print_list_node(self);
    gossip_core_each_metadata(core, &self->id, print_list_pair, NULL);
    for (size_t i = 0; i < count; i++) {
        print_list_node(&nodes[i]);
        gossip_core_each_metadata(core, &nodes[i].id, print_list_pair, NULL);
    }
    print_list_end();
    gossip_core_free_nodes(nodes);
    gossip_core_free_self(self);
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

/* Without an id the node itself leaves. */
static bool leave(char *rest)
{
    gossip_node_id_t id = own.id;
    if (*rest != '\0' && !parse_id(rest, &id))
        return false;
    gossip_core_leave(core, &id);
    return true;
}

static bool set_metadata(char *rest)
{
    const char *value = cut_pair(rest);
    const char *key = rest;
    if (value != NULL)
        gossip_core_update_self_metadata(core, &key, &value, 1);
    return value != NULL;
}

static bool quit(char *rest)
{
    (void)rest;
    return true;
}

/* ---- the command line ---- */

static bool take_id(const char *value)
{
    return parse_id(value, &own.id);
}

static bool take_bind(const char *value)
{
    snprintf(own.ip, sizeof own.ip, "%s", value);
    return true;
}

static bool take_port(const char *value)
{
    port = (uint16_t)atoi(value);
    return true;
}

static bool take_announced(const char *value)
{
    own.port = atoi(value);
    return true;
}

static bool take_transport(const char *value)
{
    carrier = strcmp(value, "tcp") == 0 ? GOSSIP_TRANSPORT_TCP : GOSSIP_TRANSPORT_UDP;
    return true;
}

static bool take_interval(const char *value)
{
    interval_ms = atoi(value);
    return interval_ms > 0;
}

static bool take_epoch(const char *value)
{
    own.config_epoch = strtoull(value, NULL, 10);
    return true;
}

/* A counter from the clock is ahead of any that began with 1 and rose by 10 a second for 5 years. */
static bool take_heartbeat(const char *value)
{
    bool clock = strcmp(value, "clock") == 0;
    own.heartbeat = clock ? (uint64_t)time(NULL) : strtoull(value, NULL, 10);
    return true;
}

int main(int argc, char **argv)
{
    static const option_t options[] = {
        {"--id", take_id},
        {"--bind", take_bind},
        {"--port", take_port},
        {"--announce-port", take_announced},
        {"--transport", take_transport},
        {"--interval-ms", take_interval},
        {"--config-epoch", take_epoch},
        {"--heartbeat", take_heartbeat},
    };
    static const command_t commands[] = {
        {"list", list},   {"meet", meet},             {"join", join},
        {"leave", leave}, {"metadata", set_metadata}, {"quit", quit},
    };
    parse_options(argc, argv, options, sizeof options / sizeof *options);

    transport = gossip_transport_factory_create(carrier, own.ip, port);
    if (transport == NULL || gossip_transport_start(transport) != GOSSIP_ERR_SUCCESS)
        fail("cannot listen on %s:%d: %s", own.ip, port, gossip_last_error());
    port = gossip_transport_port(transport);
    if (own.port == 0)
        own.port = port;
    core = gossip_core_create(&own, on_send, on_event, NULL);
    if (core == NULL)
        fail("cannot create the node: %s", gossip_last_error());
    gossip_transport_set_core(transport, core);
    print_ready(&own.id, own.ip, port);

    int64_t next = now_ms() + interval_ms;
    while (console_until(next, commands, sizeof commands / sizeof *commands)) {
        gossip_core_tick(core);
        /* A late loop skips ticks, it does not make up for them. */
        int64_t now = now_ms();
        next = next + interval_ms > now ? next + interval_ms : now;
    }
    gossip_transport_destroy(transport);
    gossip_core_destroy(core);
    return 0;
}
