/*
 * Some nodes stall (no tick, no message taken) again and again: nobody, not even they, calls a
 * healthy node FAILED, and when the stalls end all are ONLINE at all.
 *
 * --nodes 32 --stalled 4 --stall-ms 1800 --period-ms 3000 --seconds 24
 * shape: --stall-apart 1 (each at its own time), --tick-first 0 (waiting messages before the tick),
 * --catch-up 1 (missed ticks are made up for), --inbox 50 (only so many messages wait)
 */
#include "cluster.h"

int main(int argc, char **argv)
{
    struct cluster cluster;
    h_begin("t04_stall", argc, argv, 900);
    size_t nodes = (size_t)h_option("nodes", 32);
    unsigned seconds = (unsigned)h_option("seconds", 24);
    unsigned calm_ms = (unsigned)h_option("calm-ms", 20000);
    cluster_open(&cluster, nodes, (struct presets){.interval_ms = 20, .stalled = 4});
    h_options_end();

    cluster_join_all(&cluster, false);
    CHECK(cluster_run_until(&cluster, cluster_all_online, NULL, 40000) >= 0,
          "the cluster did not form");
    cluster_run_ms(&cluster, 1000);
    cluster_count_from_here(&cluster);
    cluster_faults(&cluster, true);
    cluster_run_ms(&cluster, seconds * 1000u);
    CHECK(cluster.failed_live == 0, "%llu events of FAILED about healthy nodes",
          (unsigned long long)cluster.failed_live);
    h_figure("failed_healthy", (double)cluster.failed_live);
    h_figure("suspected_healthy", (double)cluster.suspected_live);
    h_figure("failed_stalled", (double)cluster.failed_stalled);
    cluster_faults(&cluster, false);
    long calm = cluster_run_until(&cluster, cluster_all_online, NULL, calm_ms);
    CHECK(calm >= 0, "not all ONLINE at all within %u ms after the stalls", calm_ms);
    if (calm < 0)
        cluster_check_online(&cluster, "after the stalls");
    h_figure("calm_ms", (double)calm);
    cluster_check_lists(&cluster, "after the stalls");
    cluster_close(&cluster);
    return h_end();
}
