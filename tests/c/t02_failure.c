/*
 * A stopped node is FAILED at all others in time, no other is, and it comes back.
 *
 * --mode resume    the process stops and goes on later, with the state it had
 *        isolate   it goes on ticking, but nothing reaches or leaves it
 *        restart   it is started anew with the same id and heartbeat 0
 * --after 1        it comes back only after the others failed it; 0: before, --pause-ms later
 * --new-address 1  a restart is at a new address
 * --by-join 1      a restarted node joins instead of meeting; --seed-node: whom
 * --limit-ms 4000  bound for FAILED at all, and for ONLINE at all (8 nodes at 1 s: 12000)
 */
#include "cluster.h"

#include <stdio.h>
#include <string.h>

static struct cluster cluster;
static unsigned limit_ms;
static size_t victim;

static void expect_failed(void)
{
    long took = cluster_run_until(&cluster, cluster_all_call_failed, &victim, limit_ms);
    CHECK(took >= 0, "the stopped node is not FAILED at all others within %u ms", limit_ms);
    for (size_t at = 0; took < 0 && at < cluster.count; at++)
        if (at != victim)
            CHECK(cluster_status(&cluster, at, victim) == GOSSIP_NODE_FAILED,
                  "node %zu calls it %d", at, cluster_status(&cluster, at, victim));
    h_figure("failed_ms", (double)took);
}

static void expect_back(bool others_failed_too)
{
    long took = others_failed_too
                    ? cluster_run_until(&cluster, cluster_all_online, NULL, limit_ms)
                    : cluster_run_until(&cluster, cluster_all_call_online, &victim, limit_ms);
    CHECK(took >= 0, "the node that came back is not ONLINE at all within %u ms", limit_ms);
    h_figure("back_ms", (double)took);
    long all = cluster_run_until(&cluster, cluster_all_online, NULL, limit_ms);
    CHECK(all >= 0, "not all are ONLINE at all within %u ms more", limit_ms);
    if (all < 0)
        cluster_check_online(&cluster, "back");
}

static void stays(unsigned ms)
{
    cluster.nodes[victim].out = false;
    cluster_count_from_here(&cluster);
    cluster_run_ms(&cluster, ms);
    cluster_check_online(&cluster, "after it came back");
    cluster_check_lists(&cluster, "after it came back");
    CHECK(cluster.failed_live == 0, "%llu events of FAILED after it came back",
          (unsigned long long)cluster.failed_live);
}

int main(int argc, char **argv)
{
    h_begin("t02_failure", argc, argv, 170);
    size_t nodes = (size_t)h_option("nodes", 32);
    const char *mode = h_option_text("mode", "resume");
    bool after = h_option("after", 1) != 0, new_address = h_option("new-address", 0) != 0;
    bool by_join = h_option("by-join", 0) != 0;
    size_t seed_node = (size_t)h_option("seed-node", 0);
    long victim_setting = h_option("victim", -1);
    unsigned pause_ms = (unsigned)h_option("pause-ms", 500);
    unsigned warm_ms = (unsigned)h_option("warm-ms", 1500);
    unsigned stay_ms = (unsigned)h_option("stay-ms", 3000);
    limit_ms = (unsigned)h_option("limit-ms", 4000);
    cluster_open(&cluster, nodes, (struct presets){.interval_ms = 20});
    h_options_end();
    victim = victim_setting >= 0 ? (size_t)victim_setting : 1 + h_random_below(nodes - 1);

    cluster_join_all(&cluster, false);
    CHECK(cluster_run_until(&cluster, cluster_all_online, NULL, 10 * limit_ms) >= 0,
          "the cluster did not form");
    cluster_run_ms(&cluster, warm_ms);
    cluster_count_from_here(&cluster);

    bool isolate = strcmp(mode, "isolate") == 0, restart = strcmp(mode, "restart") == 0;
    cluster.nodes[victim].out = true;
    if (isolate)
        cluster.nodes[victim].mute = true;
    else
        cluster_stop(&cluster, victim);
    if (after)
        expect_failed();
    else
        cluster_run_ms(&cluster, pause_ms);
    CHECK(cluster.failed_live == 0, "%llu events of FAILED about others",
          (unsigned long long)cluster.failed_live);

    cluster.nodes[victim].mute = false;
    if (restart)
        cluster_restart(&cluster, victim, new_address,
                        seed_node == victim ? (victim + 1) % nodes : seed_node, by_join);
    else if (!isolate)
        cluster_resume(&cluster, victim);
    cluster.nodes[victim].out = false;
    expect_back(isolate);
    stays(stay_ms);
    cluster_close(&cluster);
    return h_end();
}
