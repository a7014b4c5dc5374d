/*
 * A node that runs itself as a process of its own, with the commands and answers of new_node.c.
 *
 *   own_node --id 0b000000000000000000000000000000 [--bind 127.0.0.1] [--port 0]
 *            [--announce-port N] [--config-epoch 1]
 */
#include "console.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/gossip_node.h"

static gossip_node_t *node;
static gossip_node_config_t config;
static const char *epoch = "1";

static void on_event(const gossip_node_view_t *of, gossip_node_status_t old, void *user_data)
{
    (void)user_data;
    print_event(of, old);
}

/* ---- commands ---- */

static void print_one(const gossip_node_info_t *info)
{
    print_list_node(&info->node);
    gossip_node_each_metadata(node, &info->node.id, print_list_pair, NULL);
}

static bool list(char *rest)
{
    size_t count = 0;
    gossip_node_info_t self = {.size = sizeof self};
    gossip_node_info_t *members = gossip_node_members(node, sizeof *members, &count);
    (void)rest;
    if (!gossip_node_self(node, &self))
        return false;
    print_list_begin();
    print_one(&self);
    for (size_t i = 0; i < count; i++)
        print_one(&members[i]);
    print_list_end();
    free(members);
    return true;
}

static bool join(char *rest)
{
    const char *address = rest;
    return gossip_node_join(node, &address, 1, 0) >= 0;
}

static bool leave(char *rest)
{
    return *rest == '\0' && gossip_node_leave(node, 0) == GOSSIP_ERR_SUCCESS;
}

static bool set_metadata(char *rest)
{
    const char *value = cut_pair(rest);
    return value != NULL && gossip_node_set_metadata(node, rest, value) == GOSSIP_ERR_SUCCESS;
}

static bool quit(char *rest)
{
    (void)rest;
    return true;
}

/* ---- the command line ---- */

static bool take_id(const char *value)
{
    return parse_id(value, &config.id);
}

static bool take_bind(const char *value)
{
    config.bind_host = value;
    return true;
}

static bool take_port(const char *value)
{
    config.port = (uint32_t)atoi(value);
    return true;
}

static bool take_announced(const char *value)
{
    config.advertise_port = (uint32_t)atoi(value);
    return true;
}

static bool take_epoch(const char *value)
{
    epoch = value;
    return true;
}

/* It has no choice of these: it uses UDP, and its heartbeat begins at the clock. */
static bool take_transport(const char *value)
{
    return strcmp(value, "udp") == 0;
}

static bool take_heartbeat(const char *value)
{
    return strcmp(value, "clock") == 0;
}

int main(int argc, char **argv)
{
    static const option_t options[] = {
        {"--id", take_id},
        {"--bind", take_bind},
        {"--port", take_port},
        {"--announce-port", take_announced},
        {"--config-epoch", take_epoch},
        {"--transport", take_transport},
        {"--heartbeat", take_heartbeat},
    };
    static const command_t commands[] = {
        {"list", list},   {"meet", join},             {"join", join},
        {"leave", leave}, {"metadata", set_metadata}, {"quit", quit},
    };
    gossip_node_config_init(&config);
    config.bind_host = "127.0.0.1";
    config.on_event = on_event;
    parse_options(argc, argv, options, sizeof options / sizeof *options);

    node = gossip_node_create(&config);
    if (node == NULL || gossip_node_start(node) != GOSSIP_ERR_SUCCESS)
        fail("cannot start the node: %s", gossip_last_error());
    /* Old nodes take no configuration of a lower epoch than that of the program before. */
    if (gossip_node_set_metadata(node, "config_epoch", epoch) != GOSSIP_ERR_SUCCESS)
        fail("cannot set the epoch %s: %s", epoch, gossip_last_error());
    print_ready(&config.id, config.bind_host, gossip_node_port(node));
    console_until(0, commands, sizeof commands / sizeof *commands);
    gossip_node_destroy(node);
    return 0;
}
