/*
 * Many nodes join through one seed while no time passes: all must see all ONLINE within a number
 * of rounds, and nobody lists itself.
 *
 * --nodes 64 --rounds 20 --by-join 0 --zero-id 0 (the joiners do not know the seed's id)
 * --direct 1 hands each message over inside the send callback.
 */
#include "cluster.h"

int main(int argc, char **argv)
{
    struct cluster cluster;
    h_begin("t01_join", argc, argv, 60);
    size_t nodes = (size_t)h_option("nodes", 64);
    unsigned limit = (unsigned)h_option("rounds", 20);
    bool by_join = h_option("by-join", 0) != 0;
    bool zero_id = h_option("zero-id", 0) != 0;
    cluster_open(&cluster, nodes, (struct presets){.interval_ms = 20});
    h_options_end();

    cluster.chain_unchecked = zero_id;
    cluster_join_all(&cluster, by_join);
    unsigned rounds = cluster_settle(&cluster, limit);
    CHECK(rounds <= limit, "not all see all ONLINE within %u rounds", limit);
    cluster_check_online(&cluster, "after the rounds");
    cluster_check_lists(&cluster, "after the rounds");
    for (size_t i = 0; i < nodes; i++)
        CHECK(gossip_core_size(cluster.nodes[i].core) == nodes - 1, "node %zu lists %zu nodes", i,
              gossip_core_size(cluster.nodes[i].core));
    CHECK(cluster.failed_live == 0, "%llu events of FAILED", (unsigned long long)cluster.failed_live);
    /* More rounds while still hardly any time passes must not break it again. */
    for (unsigned i = 0; i < 50; i++)
        cluster_round_now(&cluster);
    cluster_check_online(&cluster, "after 50 rounds more");
    h_figure("rounds", rounds);
    h_figure("messages", (double)cluster.messages);
    cluster_close(&cluster);
    return h_end();
}
