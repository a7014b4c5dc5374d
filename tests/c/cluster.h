/*
 * A cluster of cores in one process. Messages are copied whole in the send callback, wait in a
 * queue, and are handed to the core at the target's address by cluster_run, on real time. Faults:
 * loss (both ways or one way), partitions, stopped nodes, stalled nodes.
 */
#ifndef GOSSIP_TESTS_CLUSTER_H
#define GOSSIP_TESTS_CLUSTER_H

#include "harness.h"

#include "core/gossip_core.h"

enum { CLUSTER_MAX = 1024 };

/* How a message gets to its target. */
enum delivery {
    DELIVER_QUEUED, /* by the loop, after the delay */
    DELIVER_NOW     /* by calling the target's core from inside the send callback */
};

struct packet;
struct cluster;

struct node {
    struct cluster *cluster;
    gossip_core_t *core;
    gossip_node_view_t self; /* as the program made it; the address is the routing key */
    size_t index;
    bool running;             /* ticks, and takes messages */
    bool quiet;               /* takes messages and does not tick */
    bool out;                 /* left or is about to be failed: no count of FAILED about it */
    bool mute;                /* ticks, but nothing it sends or is sent arrives */
    unsigned generation;      /* how often it came back at a new address */
    int side;                 /* nodes on different sides do not reach each other */
    uint64_t next_tick_us;
    uint64_t stalled_until_us;
    uint64_t stall_next_us;   /* when its next stall begins */
    struct packet *inbox_head, **inbox_tail; /* what came while it stalled */
    size_t inbox_length;
    unsigned sent, events;
    uint8_t *seen;            /* status of each node by index, as events told it */
};

struct cluster {
    size_t count;
    struct node *nodes;
    enum delivery delivery;
    uint64_t interval_us;
    uint64_t delay_min_us, delay_max_us;
    double loss;              /* percent */
    bool one_way;             /* loss in one direction of each pair only */
    bool faults;              /* whether loss and stalls happen now */
    size_t stalled;           /* this many of the last nodes stall */
    uint64_t stall_us, stall_period_us;
    bool stall_apart;         /* each at another time */
    bool catch_up;            /* all ticks missed in a stall are made up for at once */
    bool tick_first;          /* after a stall the missed tick comes before the waiting messages */
    size_t inbox_limit;       /* messages kept for a stalled node; the rest is lost */
    bool lockstep;            /* all tick at the same time */
    struct packet **heap;     /* by due time, then by order */
    size_t heap_count, heap_size;
    uint64_t order;
    uint64_t messages;
    /* Events of all nodes, counted since cluster_count_from_here. */
    uint64_t failed_live;     /* FAILED about a node that runs and is not stalled by plan */
    uint64_t failed_stalled;  /* FAILED about one that does stall by plan */
    uint64_t suspected_live;
    uint64_t bad_events;      /* old status not the one told before, or no change of it at all */
    uint32_t salt;
    bool chain_unchecked;     /* placeholders change their ids, so old statuses prove nothing */
};

/* What a program wants where the command line says nothing. */
struct presets {
    long interval_ms, loss, stalled;
};

/* Makes `count` cores that do not know each other. Settings come from the command line:
 * --interval-ms --delay-us --loss --one-way --stalled --stall-ms --period-ms --stall-apart
 * --catch-up --tick-first --inbox --lockstep --direct. Faults begin only with cluster_faults. */
void cluster_open(struct cluster *cluster, size_t count, struct presets presets);
void cluster_close(struct cluster *cluster);

/* Loss and stalls, as the settings want them, begin or end. */
void cluster_faults(struct cluster *cluster, bool on);

/* The view by which others reach node `index`: its id and address, nothing else. */
gossip_node_view_t cluster_view(const struct cluster *cluster, size_t index);

/* Every node but the first meets (or joins) the first one, without time passing. */
void cluster_join_all(struct cluster *cluster, bool by_join);
/* One tick of each running node, then delivery until nothing is left. No time passes. */
void cluster_round_now(struct cluster *cluster);
void cluster_deliver_all(struct cluster *cluster);
/* Rounds without time passing until all see all online; the number of them, or `limit` + 1. */
unsigned cluster_settle(struct cluster *cluster, unsigned limit);

/* Runs on real time for so long. */
void cluster_run_ms(struct cluster *cluster, unsigned ms);
/* Runs until `done` holds; milliseconds it took, or -1 if it did not within `limit_ms`. */
typedef bool (*cluster_condition)(struct cluster *cluster, void *argument);
long cluster_run_until(struct cluster *cluster, cluster_condition done, void *argument,
                       unsigned limit_ms);

/* The process stops: no tick, no message. It can go on, or be started anew. */
void cluster_stop(struct cluster *cluster, size_t index);
void cluster_resume(struct cluster *cluster, size_t index);
/* A new core with the same id and heartbeat 0, at the same or a new address, that meets or joins
 * node `seed`. */
void cluster_restart(struct cluster *cluster, size_t index, bool new_address, size_t seed,
                     bool by_join);

/* What node `at` says of node `about`: 0 to 4, or -1 if it is not listed. */
int cluster_status(const struct cluster *cluster, size_t at, size_t about);
/* Conditions for cluster_run_until. The first needs no argument. */
bool cluster_all_online(struct cluster *cluster, void *argument);
/* argument: const size_t*, a node all other running nodes call FAILED (or ONLINE). */
bool cluster_all_call_failed(struct cluster *cluster, void *argument);
bool cluster_all_call_online(struct cluster *cluster, void *argument);

/* Checks what must hold at any time: nobody lists itself, a zero id, or a node twice. */
void cluster_check_lists(struct cluster *cluster, const char *when);
/* Prints every pair of running nodes that is not ONLINE (the first ten) as failed checks. */
void cluster_check_online(struct cluster *cluster, const char *when);
void cluster_count_from_here(struct cluster *cluster);

/* Sends `message` to node `to` as if it came from the network, at once. */
void cluster_inject(struct cluster *cluster, size_t to, const gossip_message_t *message);

#endif
