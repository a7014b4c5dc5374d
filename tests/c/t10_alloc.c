/*
 * Steady state costs no memory: this program's own malloc and friends count the allocations of
 * 1 000 rounds and 1 000 handled PINGs (each with its PONG), with everything linked into it.
 */
#include "harness.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "core/gossip_core.h"

/* The C library's own allocator, under the names that it keeps for programs such as this one. */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *memory, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

static atomic_bool counting;
static atomic_ulong allocations;

static void count_one(void)
{
    if (counting)
        allocations++;
}

void *malloc(size_t size)
{
    count_one();
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    count_one();
    return __libc_calloc(count, size);
}

void *realloc(void *memory, size_t size)
{
    count_one();
    return __libc_realloc(memory, size);
}

void *memalign(size_t alignment, size_t size)
{
    count_one();
    return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    count_one();
    return __libc_memalign(alignment, size);
}

int posix_memalign(void **memory, size_t alignment, size_t size)
{
    count_one();
    *memory = __libc_memalign(alignment, size);
    return *memory == NULL ? 12 : 0;
}

enum { PENDING_MAX = 64 };

static gossip_core_t *core;
static gossip_node_view_t pinged[PENDING_MAX];
static size_t pending;
static uint64_t heartbeat = 10;

static void on_send(const gossip_message_t *msg, const gossip_node_view_t *target, void *data)
{
    (void)data;
    if (msg->type == GOSSIP_MSG_PING && pending < PENDING_MAX)
        pinged[pending++] = *target;
}

static void on_event(const gossip_node_view_t *node, gossip_node_status_t old, void *data)
{
    (void)node;
    (void)old;
    (void)data;
}

static gossip_node_view_t member(unsigned number)
{
    gossip_node_view_t node;
    memset(&node, 0, sizeof node);
    memcpy(node.id.data, &number, sizeof number);
    node.id.data[15] = 7;
    snprintf(node.ip, sizeof node.ip, "10.%u.%u.%u", number >> 16 & 255, number >> 8 & 255,
             number & 255);
    node.port = 7000;
    node.status = GOSSIP_NODE_ONLINE;
    node.heartbeat = heartbeat;
    return node;
}

static void hear(gossip_message_type_t type, unsigned sender, unsigned count, unsigned members)
{
    gossip_node_view_t entries[3] = {member(sender), member(1 + sender % members),
                                     member(1 + (sender + 1) % members)};
    gossip_message_t message = {entries[0].id, type, heartbeat, entries, count};
    gossip_core_handle_message(core, &message);
}

/* Each pinged member answers, as a live cluster does. */
static void round_with_answers(unsigned members)
{
    heartbeat++;
    pending = 0;
    gossip_core_tick(core);
    size_t asked = pending;
    for (size_t i = 0; i < asked; i++) {
        unsigned number;
        memcpy(&number, pinged[i].id.data, sizeof number);
        hear(GOSSIP_MSG_PONG, number, 1, members);
    }
}

static unsigned long measure(bool ping, unsigned members, unsigned repeats)
{
    allocations = 0;
    counting = true;
    for (unsigned i = 0; i < repeats; i++) {
        if (ping) {
            heartbeat++;
            hear(GOSSIP_MSG_PING, 1 + (unsigned)h_random_below(members), 3, members);
        } else {
            round_with_answers(members);
        }
    }
    counting = false;
    return allocations;
}

int main(int argc, char **argv)
{
    h_begin("t10_alloc", argc, argv, 60);
    unsigned members = (unsigned)h_option("members", 100);
    unsigned repeats = (unsigned)h_option("repeats", 1000);
    h_options_end();
    gossip_node_view_t own = member(1000000);
    core = gossip_core_create(&own, on_send, on_event, NULL);
    unsigned long at_start = allocations;
    counting = true;
    for (unsigned i = 1; i <= members; i++)
        hear(GOSSIP_MSG_MEET, i, 1, members);
    counting = false;
    CHECK(allocations > at_start, "the counter sees no allocation while %u nodes join", members);
    CHECK(gossip_core_size(core) == members, "%zu of %u members", gossip_core_size(core), members);
    /* A warm-up lets buffers reach the size that they keep. */
    measure(false, members, repeats);
    measure(true, members, repeats);
    unsigned long ticks = measure(false, members, repeats), pings = measure(true, members, repeats);
    CHECK(ticks == 0, "%u rounds with answers allocate %lu times", repeats, ticks);
    CHECK(pings == 0, "%u PINGs with 3 entries allocate %lu times", repeats, pings);
    h_figure("allocations_ticks", (double)ticks);
    h_figure("allocations_pings", (double)pings);
    gossip_core_destroy(core);
    return h_end();
}
