/*
 * Message loss for a while: no live node is called FAILED by anyone, and afterwards all see all.
 *
 * --nodes 32 --loss 30 --one-way 0 --seconds 20 --from-start 0 (1: the loss is there while they
 * join) --calm-ms 10000 (bound for all ONLINE at all once the loss has ended)
 */
#include "cluster.h"

#include <stdio.h>

int main(int argc, char **argv)
{
    struct cluster cluster;
    h_begin("t03_loss", argc, argv, 900);
    size_t nodes = (size_t)h_option("nodes", 32);
    unsigned seconds = (unsigned)h_option("seconds", 20);
    unsigned calm_ms = (unsigned)h_option("calm-ms", 10000);
    bool from_start = h_option("from-start", 0) != 0;
    cluster_open(&cluster, nodes, (struct presets){.interval_ms = 20, .loss = 30});
    h_options_end();

    cluster_faults(&cluster, from_start);
    cluster_join_all(&cluster, true);
    CHECK(cluster_run_until(&cluster, cluster_all_online, NULL, 60000) >= 0,
          "the cluster did not form");
    cluster_faults(&cluster, true);
    cluster_run_ms(&cluster, seconds * 1000u);
    CHECK(cluster.failed_live == 0, "%llu events of FAILED about live nodes",
          (unsigned long long)cluster.failed_live);
    h_figure("failed", (double)cluster.failed_live);
    h_figure("suspected", (double)cluster.suspected_live);
    h_figure("messages_a_node_s", (double)cluster.messages / (double)nodes / seconds);
    cluster_faults(&cluster, false);
    long calm = cluster_run_until(&cluster, cluster_all_online, NULL, calm_ms);
    CHECK(calm >= 0, "not all ONLINE at all within %u ms after the loss ended", calm_ms);
    if (calm < 0)
        cluster_check_online(&cluster, "after the loss");
    h_figure("calm_ms", (double)calm);
    cluster_check_lists(&cluster, "after the loss");
    cluster_close(&cluster);
    return h_end();
}
