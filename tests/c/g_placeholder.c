/*
 * Seeds whose id the program does not know: a zero id or a made-up one is a placeholder for the
 * address, replaced when the node there tells its own. Several at once, and one that never answers.
 *
 * --nodes 6
 */
#include "cluster.h"

#include <stdio.h>
#include <string.h>

static struct cluster cluster;

static gossip_node_view_t at_address(size_t index, uint8_t made_up)
{
    gossip_node_view_t view = cluster_view(&cluster, index);
    memset(&view.id, 0, sizeof view.id);
    view.id.data[0] = made_up;
    return view;
}

/* What a node lists, for the reader of a failure. */
static void show(size_t at, const char *when)
{
    size_t count = 0;
    gossip_node_view_t *nodes = gossip_core_get_nodes(cluster.nodes[at].core, &count);
    for (size_t i = 0; i < count; i++)
        fprintf(stderr, "  %s: node %zu lists id %02x%02x.. at %s:%d, status %d\n", when, at,
                nodes[i].id.data[0], nodes[i].id.data[1], nodes[i].ip, nodes[i].port,
                (int)nodes[i].status);
    gossip_core_free_nodes(nodes);
}

static void check_sizes(const char *when, size_t wanted)
{
    for (size_t i = 0; i < cluster.count; i++)
        CHECK(gossip_core_size(cluster.nodes[i].core) == wanted, "%s: node %zu lists %zu nodes", when,
              i, gossip_core_size(cluster.nodes[i].core));
    cluster_check_lists(&cluster, when);
    cluster_check_online(&cluster, when);
    if (h_failures() > 0)
        show(0, when);
}

/* Node 0 meets all others by address alone before any of them answers. */
static void many_at_once(void)
{
    for (size_t i = 1; i < cluster.count; i++) {
        gossip_node_view_t view = at_address(i, i % 2 ? 0 : (uint8_t)(0xa0 + i));
        gossip_core_meet(cluster.nodes[0].core, &view);
    }
    CHECK(gossip_core_size(cluster.nodes[0].core) == cluster.count - 1,
          "%zu placeholders are listed as %zu nodes", cluster.count - 1,
          gossip_core_size(cluster.nodes[0].core));
    cluster_deliver_all(&cluster);
    unsigned rounds = cluster_settle(&cluster, 20);
    CHECK(rounds <= 20, "not all ONLINE at all within 20 rounds");
    check_sizes("met by address", cluster.count - 1);
}

/* Meeting a known member by its address alone adds nothing. */
static void known_ones_again(void)
{
    for (size_t i = 1; i < cluster.count; i++) {
        gossip_node_view_t zero = at_address(i, 0), made_up = at_address(i, 0xb0);
        gossip_core_join(cluster.nodes[0].core, &zero);
        gossip_core_meet(cluster.nodes[0].core, &made_up);
        cluster_deliver_all(&cluster);
    }
    gossip_node_view_t self = at_address(0, 0);
    gossip_core_meet(cluster.nodes[0].core, &self);
    gossip_core_join(cluster.nodes[0].core, &cluster.nodes[0].self);
    cluster_deliver_all(&cluster);
    for (unsigned i = 0; i < 10; i++)
        cluster_round_now(&cluster);
    check_sizes("met again", cluster.count - 1);
    cluster_run_ms(&cluster, 3000);
    check_sizes("met again, 3 s later", cluster.count - 1);
}

/* An address where nobody is: the placeholder is not told to others, and is no member for ever. */
static void nobody_there(void)
{
    gossip_node_view_t view = at_address(1, 0);
    view.port = 999;
    gossip_core_join(cluster.nodes[0].core, &view);
    cluster_run_ms(&cluster, 2000);
    for (size_t i = 1; i < cluster.count; i++)
        CHECK(gossip_core_size(cluster.nodes[i].core) == cluster.count - 1,
              "node %zu heard of a placeholder", i);
    cluster_check_online(&cluster, "nobody there");
    CHECK(cluster.failed_live == 0, "somebody was called FAILED");
}

int main(int argc, char **argv)
{
    h_begin("g_placeholder", argc, argv, 60);
    size_t nodes = (size_t)h_option("nodes", 6);
    cluster_open(&cluster, nodes, (struct presets){.interval_ms = 20});
    h_options_end();
    cluster.chain_unchecked = true;
    many_at_once();
    known_ones_again();
    nobody_there();
    cluster_close(&cluster);
    return h_end();
}
