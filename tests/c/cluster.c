#include "cluster.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_PORT = 1000, PORTS_A_GENERATION = 2000, MAX_PACKETS = 1 << 20 };

/* A copy of a message on its way; the entries follow it in the same block. */
struct packet {
    uint64_t due_us, order;
    size_t from;
    char ip[64];
    int port;
    gossip_message_t message;
    struct packet *next;
    gossip_node_view_t entries[];
};

static void *must(void *memory)
{
    if (memory == NULL) {
        fputs("out of memory\n", stderr);
        exit(2);
    }
    return memory;
}

/* ---- the queue: a binary heap by due time, then by order of sending ---- */

static bool earlier(const struct packet *a, const struct packet *b)
{
    return a->due_us != b->due_us ? a->due_us < b->due_us : a->order < b->order;
}

static void heap_push(struct cluster *cluster, struct packet *packet)
{
    if (cluster->heap_count == cluster->heap_size) {
        cluster->heap_size = cluster->heap_size ? 2 * cluster->heap_size : 1024;
        cluster->heap = must(realloc(cluster->heap, cluster->heap_size * sizeof *cluster->heap));
    }
    size_t at = cluster->heap_count++;
    while (at > 0 && earlier(packet, cluster->heap[(at - 1) / 2])) {
        cluster->heap[at] = cluster->heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    cluster->heap[at] = packet;
}

static struct packet *heap_pop(struct cluster *cluster)
{
    struct packet *first = cluster->heap[0], *last = cluster->heap[--cluster->heap_count];
    size_t at = 0;
    for (;;) {
        size_t child = 2 * at + 1;
        if (child + 1 < cluster->heap_count &&
            earlier(cluster->heap[child + 1], cluster->heap[child]))
            child++;
        if (child >= cluster->heap_count || !earlier(cluster->heap[child], last))
            break;
        cluster->heap[at] = cluster->heap[child];
        at = child;
    }
    cluster->heap[at] = last;
    return first;
}

/* ---- nodes and addresses ---- */

static struct node *node_at(const struct cluster *cluster, const char *ip, int port)
{
    if (port < FIRST_PORT)
        return NULL;
    size_t index = (size_t)(port - FIRST_PORT) % PORTS_A_GENERATION;
    if (index >= cluster->count)
        return NULL;
    struct node *node = &cluster->nodes[index];
    return node->self.port == port && strcmp(node->self.ip, ip) == 0 ? node : NULL;
}

static gossip_node_view_t make_self(const struct cluster *cluster, size_t index,
                                    unsigned generation)
{
    gossip_node_view_t view;
    memset(&view, 0, sizeof view);
    uint32_t number = (uint32_t)index, mixed = (number + 1) * 0x9e3779b1u ^ cluster->salt;
    memcpy(view.id.data, &mixed, 4);
    memcpy(view.id.data + 4, &cluster->salt, 4);
    memcpy(view.id.data + 8, &number, 4);
    memcpy(view.id.data + 12, &cluster->salt, 4);
    snprintf(view.ip, sizeof view.ip, "10.1.%u.%u", (unsigned)(number / 250), number % 250 + 1);
    view.port = FIRST_PORT + (int)generation * PORTS_A_GENERATION + (int)index;
    snprintf(view.role, sizeof view.role, "role-%u", number % 3);
    snprintf(view.region, sizeof view.region, "region-%u", number % 2);
    return view;
}

/* ---- sending and delivering ---- */

static bool lost(const struct cluster *cluster, size_t from, size_t to)
{
    if (cluster->nodes[from].side != cluster->nodes[to].side || cluster->nodes[from].mute ||
        cluster->nodes[to].mute)
        return true;
    if (!cluster->faults || cluster->loss <= 0)
        return false;
    bool smaller = from < to, flipped = ((from * 31 + to * 31 + cluster->salt) >> 2) & 1;
    if (cluster->one_way && smaller != flipped)
        return false;
    return h_chance(cluster->loss);
}

static void hand_over(struct node *to, struct packet *packet)
{
    gossip_core_handle_message(to->core, &packet->message);
    h_check_library(gossip_last_error());
    free(packet);
}

static bool stalls(const struct node *node, uint64_t now)
{
    return node->cluster->faults && now < node->stalled_until_us;
}

static void arrive(struct cluster *cluster, struct packet *packet)
{
    struct node *to = node_at(cluster, packet->ip, packet->port);
    if (to == NULL || !to->running || lost(cluster, packet->from, to->index)) {
        free(packet);
    } else if (!stalls(to, h_now_us())) {
        hand_over(to, packet);
    } else if (to->inbox_length < cluster->inbox_limit) {
        packet->next = NULL;
        *to->inbox_tail = packet;
        to->inbox_tail = &packet->next;
        to->inbox_length++;
    } else {
        free(packet);
    }
}

static void on_send(const gossip_message_t *message, const gossip_node_view_t *target, void *data)
{
    struct node *from = data;
    struct cluster *cluster = from->cluster;
    from->sent++;
    cluster->messages++;
    CHECK(message->entries_count == 0 || message->entries != NULL, "entries missing");
    if (cluster->heap_count >= MAX_PACKETS) {
        CHECK(false, "more than %d messages wait: a storm", MAX_PACKETS);
        return;
    }
    size_t bytes = message->entries_count * sizeof(gossip_node_view_t);
    struct packet *packet = must(malloc(sizeof *packet + bytes));
    memset(packet, 0, sizeof *packet);
    packet->message = *message;
    packet->message.entries = message->entries_count ? packet->entries : NULL;
    if (bytes)
        memcpy(packet->entries, message->entries, bytes);
    CHECK(memchr(target->ip, 0, sizeof target->ip) != NULL, "target ip without end");
    snprintf(packet->ip, sizeof packet->ip, "%.63s", target->ip);
    packet->port = target->port;
    packet->from = from->index;
    packet->order = cluster->order++;
    if (cluster->delivery == DELIVER_NOW) {
        arrive(cluster, packet);
        return;
    }
    uint64_t spread = cluster->delay_max_us - cluster->delay_min_us;
    packet->due_us = h_now_us() + cluster->delay_min_us + (spread ? h_random_below(spread) : 0);
    heap_push(cluster, packet);
}

static size_t index_of(const struct cluster *cluster, const gossip_node_id_t *id)
{
    uint32_t number;
    memcpy(&number, id->data + 8, 4);
    if (number >= cluster->count)
        return SIZE_MAX;
    return memcmp(&cluster->nodes[number].self.id, id, sizeof *id) == 0 ? number : SIZE_MAX;
}

static void count_event(struct cluster *cluster, const struct node *at, const struct node *about,
                        int status)
{
    if (!about->running || about->out || at->out || about->side != at->side || about->mute ||
        at->mute)
        return;
    bool planned = about->index + cluster->stalled >= cluster->count;
    if (status == GOSSIP_NODE_FAILED)
        *(planned ? &cluster->failed_stalled : &cluster->failed_live) += 1;
    else if (status == GOSSIP_NODE_SUSPECT && !planned)
        cluster->suspected_live++;
}

static void on_event(const gossip_node_view_t *view, gossip_node_status_t old_status, void *data)
{
    struct node *at = data;
    struct cluster *cluster = at->cluster;
    int status = (int)view->status, old = (int)old_status;
    at->events++;
    CHECK(status >= 0 && status <= 4 && old >= 0 && old <= 4, "status %d -> %d", old, status);
    size_t about = index_of(cluster, &view->id);
    if (about == SIZE_MAX)
        return;
    if (about == at->index) {
        cluster->bad_events++;
        CHECK(false, "node %zu got an event about itself", at->index);
        return;
    }
    if (!cluster->chain_unchecked && at->seen[about] != old) {
        cluster->bad_events++;
        CHECK(false, "node %zu about %zu: event says %d -> %d, but %d was told before", at->index,
              about, old, status, at->seen[about]);
    }
    at->seen[about] = (uint8_t)status;
    if (status != old)
        count_event(cluster, at, &cluster->nodes[about], status);
}

void cluster_inject(struct cluster *cluster, size_t to, const gossip_message_t *message)
{
    gossip_core_handle_message(cluster->nodes[to].core, message);
}

/* ---- opening and closing ---- */

static void start_core(struct node *node)
{
    node->core = gossip_core_create(&node->self, on_send, on_event, node);
    if (node->core == NULL) {
        fprintf(stderr, "gossip_core_create gave NULL: %s\n", gossip_last_error());
        exit(2);
    }
    memset(node->seen, 0, node->cluster->count);
}

static void read_settings(struct cluster *cluster, struct presets presets)
{
    cluster->interval_us = (uint64_t)h_option("interval-ms", presets.interval_ms) * 1000u;
    long delay = h_option("delay-us", 1000);
    cluster->delay_min_us = (uint64_t)(delay / 2);
    cluster->delay_max_us = (uint64_t)(delay + delay / 2);
    cluster->loss = (double)h_option("loss", presets.loss);
    cluster->one_way = h_option("one-way", 0) != 0;
    cluster->stalled = (size_t)h_option("stalled", presets.stalled);
    cluster->stall_us = (uint64_t)h_option("stall-ms", 1800) * 1000u;
    cluster->stall_period_us = (uint64_t)h_option("period-ms", 3000) * 1000u;
    cluster->stall_apart = h_option("stall-apart", 0) != 0;
    cluster->catch_up = h_option("catch-up", 0) != 0;
    cluster->tick_first = h_option("tick-first", 1) != 0;
    cluster->inbox_limit = (size_t)h_option("inbox", 100000);
    cluster->lockstep = h_option("lockstep", 0) != 0;
    cluster->delivery = h_option("direct", 0) ? DELIVER_NOW : DELIVER_QUEUED;
}

void cluster_open(struct cluster *cluster, size_t count, struct presets presets)
{
    memset(cluster, 0, sizeof *cluster);
    read_settings(cluster, presets);
    if (count < 1 || count > CLUSTER_MAX || cluster->interval_us == 0) {
        fprintf(stderr, "1 to %d nodes, and an interval\n", CLUSTER_MAX);
        exit(2);
    }
    cluster->salt = (uint32_t)h_random() | 1u;
    cluster->count = count;
    cluster->nodes = must(calloc(count, sizeof *cluster->nodes));
    uint64_t now = h_now_us();
    for (size_t i = 0; i < count; i++) {
        struct node *node = &cluster->nodes[i];
        node->cluster = cluster;
        node->index = i;
        node->running = true;
        node->self = make_self(cluster, i, 0);
        node->inbox_tail = &node->inbox_head;
        node->seen = must(calloc(count, 1));
        node->next_tick_us = now + (cluster->lockstep ? 0 : h_random_below(cluster->interval_us));
        start_core(node);
    }
}

static void drop_inbox(struct node *node)
{
    while (node->inbox_head != NULL) {
        struct packet *packet = node->inbox_head;
        node->inbox_head = packet->next;
        free(packet);
    }
    node->inbox_tail = &node->inbox_head;
    node->inbox_length = 0;
}

void cluster_close(struct cluster *cluster)
{
    for (size_t i = 0; i < cluster->count; i++) {
        gossip_core_destroy(cluster->nodes[i].core);
        drop_inbox(&cluster->nodes[i]);
        free(cluster->nodes[i].seen);
    }
    while (cluster->heap_count > 0)
        free(heap_pop(cluster));
    free(cluster->heap);
    free(cluster->nodes);
}

gossip_node_view_t cluster_view(const struct cluster *cluster, size_t index)
{
    gossip_node_view_t view;
    memset(&view, 0, sizeof view);
    view.id = cluster->nodes[index].self.id;
    memcpy(view.ip, cluster->nodes[index].self.ip, sizeof view.ip);
    view.port = cluster->nodes[index].self.port;
    return view;
}

/* ---- faults ---- */

void cluster_faults(struct cluster *cluster, bool on)
{
    cluster->faults = on;
    uint64_t now = h_now_us();
    for (size_t i = 0; i < cluster->count; i++) {
        struct node *node = &cluster->nodes[i];
        node->stalled_until_us = 0;
        node->stall_next_us = now + (cluster->stall_apart && cluster->stall_period_us
                                         ? h_random_below(cluster->stall_period_us)
                                         : 0);
    }
}

void cluster_stop(struct cluster *cluster, size_t index)
{
    cluster->nodes[index].running = false;
    drop_inbox(&cluster->nodes[index]);
}

void cluster_resume(struct cluster *cluster, size_t index)
{
    cluster->nodes[index].running = true;
    cluster->nodes[index].next_tick_us = h_now_us();
}

void cluster_restart(struct cluster *cluster, size_t index, bool new_address, size_t seed,
                     bool by_join)
{
    struct node *node = &cluster->nodes[index];
    gossip_core_destroy(node->core);
    drop_inbox(node);
    if (new_address)
        node->generation++;
    node->self = make_self(cluster, index, node->generation);
    node->out = false;
    start_core(node);
    cluster_resume(cluster, index);
    gossip_node_view_t view = cluster_view(cluster, seed);
    if (by_join)
        gossip_core_join(node->core, &view);
    else
        gossip_core_meet(node->core, &view);
}

void cluster_join_all(struct cluster *cluster, bool by_join)
{
    for (size_t i = 1; i < cluster->count; i++) {
        gossip_node_view_t view = cluster_view(cluster, 0);
        if (cluster->chain_unchecked)
            memset(&view.id, 0, sizeof view.id);
        if (by_join)
            gossip_core_join(cluster->nodes[i].core, &view);
        else
            gossip_core_meet(cluster->nodes[i].core, &view);
    }
    cluster_deliver_all(cluster);
}

/* ---- running ---- */

void cluster_deliver_all(struct cluster *cluster)
{
    while (cluster->heap_count > 0)
        arrive(cluster, heap_pop(cluster));
}

void cluster_round_now(struct cluster *cluster)
{
    for (size_t i = 0; i < cluster->count; i++)
        if (cluster->nodes[i].running && !cluster->nodes[i].quiet)
            gossip_core_tick(cluster->nodes[i].core);
    cluster_deliver_all(cluster);
}

unsigned cluster_settle(struct cluster *cluster, unsigned limit)
{
    for (unsigned rounds = 0; rounds <= limit; rounds++) {
        if (cluster_all_online(cluster, NULL))
            return rounds;
        cluster_round_now(cluster);
    }
    return limit + 1;
}

static void tick_if_due(struct node *node, uint64_t now)
{
    if (node->quiet || now < node->next_tick_us)
        return;
    uint64_t interval = node->cluster->interval_us;
    uint64_t missed = (now - node->next_tick_us) / interval;
    gossip_core_tick(node->core);
    h_check_library(gossip_last_error());
    for (uint64_t i = 0; node->cluster->catch_up && i < missed; i++)
        gossip_core_tick(node->core);
    node->next_tick_us = missed ? now + interval : node->next_tick_us + interval;
}

static void read_inbox(struct node *node)
{
    struct packet *packet = node->inbox_head;
    node->inbox_head = NULL;
    node->inbox_tail = &node->inbox_head;
    node->inbox_length = 0;
    while (packet != NULL) {
        struct packet *next = packet->next;
        hand_over(node, packet);
        packet = next;
    }
}

/* One look at a node; returns when it wants the next one. */
static uint64_t serve(struct node *node, uint64_t now)
{
    struct cluster *cluster = node->cluster;
    if (!node->running)
        return UINT64_MAX;
    bool planned = cluster->faults && node->index + cluster->stalled >= cluster->count;
    if (planned && now >= node->stall_next_us) {
        node->stalled_until_us = node->stall_next_us + cluster->stall_us;
        node->stall_next_us += cluster->stall_period_us;
    }
    if (stalls(node, now))
        return node->stalled_until_us;
    if (node->inbox_head != NULL && !cluster->tick_first)
        read_inbox(node);
    tick_if_due(node, now);
    if (node->inbox_head != NULL)
        read_inbox(node);
    uint64_t next = node->quiet ? UINT64_MAX : node->next_tick_us;
    return planned && node->stall_next_us < next ? node->stall_next_us : next;
}

static uint64_t step(struct cluster *cluster, uint64_t end_us)
{
    uint64_t wake = end_us;
    while (cluster->heap_count > 0 && cluster->heap[0]->due_us <= h_now_us())
        arrive(cluster, heap_pop(cluster));
    for (size_t i = 0; i < cluster->count; i++) {
        uint64_t next = serve(&cluster->nodes[i], h_now_us());
        if (next < wake)
            wake = next;
    }
    if (cluster->heap_count > 0 && cluster->heap[0]->due_us < wake)
        wake = cluster->heap[0]->due_us;
    return wake;
}

long cluster_run_until(struct cluster *cluster, cluster_condition done, void *argument,
                       unsigned limit_ms)
{
    uint64_t began = h_now_us(), end = began + (uint64_t)limit_ms * 1000u, look = began;
    uint64_t pause = 5000 + (uint64_t)cluster->count * 500;
    for (;;) {
        uint64_t now = h_now_us();
        if (done != NULL && now >= look) {
            if (done(cluster, argument))
                return (long)((now - began) / 1000u);
            look = h_now_us() + pause;
        }
        if (now >= end)
            return -1;
        uint64_t wake = step(cluster, end);
        if (done != NULL && look < wake)
            wake = look;
        if (wake > h_now_us())
            h_sleep_until_us(wake);
    }
}

void cluster_run_ms(struct cluster *cluster, unsigned ms)
{
    cluster_run_until(cluster, NULL, NULL, ms);
}
