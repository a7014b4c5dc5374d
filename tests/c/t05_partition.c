/*
 * A cluster is cut in two long enough that both sides call the other FAILED. After the cut all
 * become ONLINE at all again with no call from the program.
 *
 * --nodes 20 --cut-ms 12000 --heal-ms 40000 --first 0 (size of the first side; 0: half)
 */
#include "cluster.h"

int main(int argc, char **argv)
{
    struct cluster cluster;
    h_begin("t05_partition", argc, argv, 900);
    size_t nodes = (size_t)h_option("nodes", 20), first = (size_t)h_option("first", 0);
    unsigned cut_ms = (unsigned)h_option("cut-ms", 12000);
    unsigned heal_ms = (unsigned)h_option("heal-ms", 40000);
    cluster_open(&cluster, nodes, (struct presets){.interval_ms = 20});
    h_options_end();
    if (first == 0)
        first = nodes / 2;

    cluster_join_all(&cluster, false);
    CHECK(cluster_run_until(&cluster, cluster_all_online, NULL, 40000) >= 0,
          "the cluster did not form");
    cluster_run_ms(&cluster, 500);
    for (size_t i = 0; i < nodes; i++)
        cluster.nodes[i].side = i < first;
    cluster_run_ms(&cluster, cut_ms);
    size_t not_failed = 0;
    for (size_t a = 0; a < nodes; a++)
        for (size_t b = 0; b < nodes; b++)
            if (cluster.nodes[a].side != cluster.nodes[b].side)
                not_failed += cluster_status(&cluster, a, b) != GOSSIP_NODE_FAILED;
    CHECK(not_failed == 0, "%zu pairs across the cut are not FAILED", not_failed);
    CHECK(cluster.failed_live == 0, "%llu events of FAILED within a side",
          (unsigned long long)cluster.failed_live);

    for (size_t i = 0; i < nodes; i++)
        cluster.nodes[i].side = 0;
    long healed = cluster_run_until(&cluster, cluster_all_online, NULL, heal_ms);
    CHECK(healed >= 0, "not all ONLINE at all within %u ms after the cut", heal_ms);
    if (healed < 0)
        cluster_check_online(&cluster, "after the cut");
    h_figure("healed_ms", (double)healed);
    cluster_count_from_here(&cluster);
    cluster_run_ms(&cluster, 3000);
    cluster_check_online(&cluster, "3 s after the healing");
    CHECK(cluster.failed_live == 0, "%llu events of FAILED after the healing",
          (unsigned long long)cluster.failed_live);
    cluster_check_lists(&cluster, "after the healing");
    cluster_close(&cluster);
    return h_end();
}
