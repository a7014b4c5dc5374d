/*
 * metadata: a node tells the others something about itself.
 *
 * Two nodes in one program with a UDP socket each. The first sets pairs of key and value; the
 * second is told of the change. A gossip_node_view_t has no field for metadata, so the program sees
 * that it changed, and the config_epoch that came with it. Metadata travels because on_send hands
 * the message to the library's own transport; a copy of the struct would be without it.
 */
#define _POSIX_C_SOURCE 200809L
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/gossip_core.h"
#include "net/gossip_net.h"

#define ROUND_MS 20
#define PATIENCE_ROUNDS 250 /* 5 seconds */

typedef struct node {
    gossip_core_t *core;
    gossip_transport_t *transport;
    gossip_node_view_t self;
} node_t;

static atomic_bool told; /* set by the transport's thread, read by main */

static void on_send(const gossip_message_t *msg, const gossip_node_view_t *target, void *user_data)
{
    node_t *node = user_data;
    (void)gossip_transport_send_message(node->transport, msg, target);
}

static void on_event(const gossip_node_view_t *n, gossip_node_status_t old_status, void *user_data)
{
    const node_t *node = user_data;
    if (n->status == old_status) { /* not its status changed, but what it says about itself */
        printf("  node %d was told: node %d changed, its config_epoch is %llu\n",
               node->self.id.data[15], n->id.data[15], (unsigned long long)n->config_epoch);
        told = true;
    } else {
        printf("  node %d was told: node %d, %s -> %s\n", node->self.id.data[15], n->id.data[15],
               gossip_status_string(old_status), gossip_status_string(n->status));
    }
}

static bool start(node_t *node, uint8_t number)
{
    node->self.id.data[15] = number;
    snprintf(node->self.ip, sizeof node->self.ip, "127.0.0.1");
    node->transport = gossip_transport_factory_create(GOSSIP_TRANSPORT_UDP, node->self.ip, 0);
    if (node->transport == NULL || gossip_transport_start(node->transport) != GOSSIP_ERR_SUCCESS)
        return false;
    node->self.port = gossip_transport_port(node->transport); /* 0 was "any free port" */
    node->core = gossip_core_create(&node->self, on_send, on_event, node);
    gossip_transport_set_core(node->transport, node->core);
    return node->core != NULL;
}

/* Lets rounds go by until b sees a online with that epoch, and was told if that is a new one. */
static bool wait_for(node_t *a, node_t *b, uint64_t epoch)
{
    const struct timespec pause = {0, ROUND_MS * 1000000L};
    for (int round = 0; round < PATIENCE_ROUNDS; round++) {
        gossip_node_view_t seen;
        gossip_core_tick(a->core);
        gossip_core_tick(b->core);
        if (gossip_core_find_node(b->core, &a->self.id, &seen) == 1 &&
            seen.status == GOSSIP_NODE_ONLINE && seen.config_epoch == epoch &&
            (epoch == 0 || told))
            return true;
        nanosleep(&pause, NULL);
    }
    printf("  FAILED: not seen in %d rounds\n", PATIENCE_ROUNDS);
    return false;
}

int main(void)
{
    /* The key config_epoch is special: it also sets the epoch, the version number of a node's
     * description. A higher one replaces what others know, whatever else they heard. */
    const char *keys[] = {"rack", "weight", "config_epoch"};
    const char *values[] = {"r7", "100", "2"};
    node_t a = {0};
    node_t b = {0};

    bool ok = start(&a, 1) && start(&b, 2);
    if (!ok) {
        fprintf(stderr, "cannot start: %s\n", gossip_last_error());
    } else {
        printf("node 2 joins node 1\n");
        gossip_core_join(b.core, &a.self);
        ok = wait_for(&a, &b, 0);
    }
    if (ok) {
        printf("node 1 sets rack, weight and config_epoch\n");
        gossip_core_update_self_metadata(a.core, keys, values, sizeof keys / sizeof keys[0]);
        ok = wait_for(&a, &b, 2);
    }
    gossip_transport_destroy(a.transport); /* transports first; NULL is fine everywhere here */
    gossip_transport_destroy(b.transport);
    gossip_core_destroy(a.core);
    gossip_core_destroy(b.core);
    printf("%s\n", ok ? "the change has arrived" : "the change did NOT arrive");
    return ok ? 0 : 1;
}
