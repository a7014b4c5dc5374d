/*
 * node: a member of a cluster that runs itself.
 *
 *   terminal 1:  ./node --bind 127.0.0.1:7001 --role db
 *   terminal 2:  ./node --bind 127.0.0.1:7002 --join 127.0.0.1:7001 --role web
 *
 * It prints a line for each change and all members each few seconds; Ctrl-C makes it leave. Without
 * arguments it starts three nodes in this process and checks what they see of each other.
 */
#define _POSIX_C_SOURCE 200809L
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "net/gossip_node.h"

#define MAX_SEEDS 16

static const char *status_name(uint32_t status)
{
    if (status == GOSSIP_NODE_LEFT)
        return "left";
    return gossip_status_string((gossip_node_status_t)status);
}

static void sleep_ms(long ms)
{
    struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    nanosleep(&time, NULL);
}

/* What the library has to say, and the end of the program. */
static void die(const char *what)
{
    fprintf(stderr, "node: %s: %s\n", what, gossip_last_error());
    exit(1);
}

/* Runs on a thread of the library. Everything may be called here, and it may take its time. */
static void on_changes(const gossip_change_t *const *changes, size_t count, void *user_data)
{
    (void)user_data;
    for (size_t i = 0; i < count; i++) {
        const gossip_node_view_t *node = &changes[i]->node;
        printf("%s:%d (%s) is %s, was %s\n", node->ip, node->port, node->role,
               status_name(changes[i]->new_status), status_name(changes[i]->old_status));
    }
    fflush(stdout);
}

static void print_members(const gossip_node_t *node)
{
    size_t count = 0;
    gossip_node_info_t *members = gossip_node_members(node, sizeof *members, &count);
    printf("%zu other members:", count);
    for (size_t i = 0; i < count; i++)
        printf(" %s:%d=%s", members[i].node.ip, members[i].node.port,
               status_name(members[i].status));
    printf("\n");
    free(members);
}

/* ---- a node of its own ---- */

static volatile sig_atomic_t leave_asked;

static void on_signal(int number)
{
    (void)number;
    leave_asked = 1;
}

static void run(const gossip_node_config_t *config, const char *const *seeds, size_t seed_count)
{
    struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);

    gossip_node_t *node = gossip_node_create(config);
    if (node == NULL || gossip_node_start(node) != GOSSIP_ERR_SUCCESS)
        die("no node");
    printf("listening on port %u\n", (unsigned)gossip_node_port(node));
    /* If nobody answers now, the node goes on asking by itself. */
    if (seed_count > 0 && gossip_node_join(node, seeds, seed_count, 2000) < 0)
        printf("%s\n", gossip_last_error());
    for (int second = 0; !leave_asked; second++) {
        if (second % 5 == 0)
            print_members(node);
        fflush(stdout);
        sleep_ms(1000);
    }
    gossip_node_leave(node, 2000);
    gossip_node_destroy(node);
    printf("left\n");
}

/* ---- three nodes that watch each other ---- */

static gossip_node_t *start_local(const char *role)
{
    const char *const key = "zone", *const value = "a";
    gossip_node_config_t config;
    gossip_node_config_init(&config);
    config.bind_host = "127.0.0.1";
    config.role = role;
    config.metadata_keys = &key;
    config.metadata_values = &value;
    config.metadata_count = 1;
    gossip_node_t *node = gossip_node_create(&config);
    if (node == NULL || gossip_node_start(node) != GOSSIP_ERR_SUCCESS)
        die("no node");
    return node;
}

static bool holds(const gossip_node_t *node, const gossip_node_id_t *id, uint32_t status)
{
    gossip_node_info_t info = {.size = sizeof info};
    return gossip_node_find(node, id, &info) && info.status == status;
}

/* Waits until a node holds another one so. */
static void expect(const gossip_node_t *node, const gossip_node_id_t *id, uint32_t status)
{
    for (int tries = 0; tries < 1500; tries++) {
        if (holds(node, id, status))
            return;
        sleep_ms(10);
    }
    fprintf(stderr, "node: a member is not %s within 15 seconds\n", status_name(status));
    exit(1);
}

static void check(void)
{
    gossip_node_t *nodes[3] = {start_local("db"), start_local("web"), start_local("web")};
    gossip_node_info_t self[3];
    char seed[32];
    const char *const seeds[2] = {"127.0.0.1:1", seed}; /* nobody is at the first one */
    snprintf(seed, sizeof seed, "127.0.0.1:%u", (unsigned)gossip_node_port(nodes[0]));
    for (int i = 0; i < 3; i++) {
        self[i].size = sizeof self[i];
        gossip_node_self(nodes[i], &self[i]);
        if (i > 0 && gossip_node_join(nodes[i], seeds, 2, 5000) != 1)
            die("no answer");
    }
    for (int i = 0; i < 9; i++)
        if (i / 3 != i % 3)
            expect(nodes[i / 3], &self[i % 3].node.id, GOSSIP_NODE_ONLINE);
    print_members(nodes[2]);

    /* What a node tells of itself spreads with it. */
    char zone[8];
    size_t size = sizeof zone;
    for (int tries = 0; tries < 1500 && size != 0; tries++) {
        sleep_ms(10);
        size = sizeof zone;
        if (gossip_node_get_metadata(nodes[2], &self[1].node.id, "zone", zone, &size))
            break;
    }
    if (size == 0 || strcmp(zone, "a") != 0)
        die("no metadata");

    /* One leaves, and one just goes. */
    gossip_node_leave(nodes[1], 2000);
    expect(nodes[0], &self[1].node.id, GOSSIP_NODE_LEFT);
    gossip_node_destroy(nodes[2]);
    expect(nodes[0], &self[2].node.id, GOSSIP_NODE_FAILED);
    print_members(nodes[0]);
    gossip_node_destroy(nodes[1]);
    gossip_node_destroy(nodes[0]);
    printf("all is well\n");
}

/* ---- the command line ---- */

static void usage(void)
{
    fputs("usage: node [--bind HOST:PORT] [--join HOST:PORT]... [--role TEXT] [--region TEXT]\n"
          "            [--cluster NAME]\n"
          "HOST of --bind is a numeric address, in brackets if it is one of IPv6. Without\n"
          "arguments it checks itself.\n",
          stderr);
    exit(2);
}

/* "127.0.0.1:7001" or "[::1]:7001": cuts the text in two. */
static void parse_bind(char *text, gossip_node_config_t *config)
{
    char *colon = strrchr(text, ':');
    char *end = NULL;
    if (colon == NULL || colon[1] == '\0')
        usage();
    config->port = (uint32_t)strtoul(colon + 1, &end, 10);
    *colon = '\0';
    if (*end != '\0')
        usage();
    if (text[0] == '[' && colon[-1] == ']') {
        colon[-1] = '\0';
        text++;
    }
    config->bind_host = text;
}

int main(int argc, char **argv)
{
    gossip_node_config_t config;
    const char *seeds[MAX_SEEDS];
    size_t seed_count = 0;
    gossip_node_config_init(&config);
    config.on_changes = on_changes;
    for (int i = 1; i < argc; i += 2) {
        const char *name = argv[i];
        if (i + 1 == argc)
            usage();
        if (strcmp(name, "--bind") == 0)
            parse_bind(argv[i + 1], &config);
        else if (strcmp(name, "--join") == 0 && seed_count < MAX_SEEDS)
            seeds[seed_count++] = argv[i + 1];
        else if (strcmp(name, "--role") == 0)
            config.role = argv[i + 1];
        else if (strcmp(name, "--region") == 0)
            config.region = argv[i + 1];
        else if (strcmp(name, "--cluster") == 0)
            config.cluster = argv[i + 1];
        else
            usage();
    }
    if (argc == 1)
        check();
    else
        run(&config, seeds, seed_count);
    return 0;
}
