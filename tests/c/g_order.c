/*
 * Handles destroyed in any order, while datagrams arrive, from inside of callbacks, on the
 * program's thread and on the library's. To be run under ASan and valgrind too.
 *
 * --transport udp|tcp --repeats 20
 */
#include "netcluster.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static gossip_transport_type_t type;
static atomic_uint target_port;
static atomic_bool flooding;

/* One PING frame of a stranger with its own entry, as the library itself writes it. */
static uint8_t *frame;
static size_t frame_size;

static void make_frame(void)
{
    gossip_node_view_t own;
    memset(&own, 0, sizeof own);
    own.id.data[0] = 0x77;
    memcpy(own.ip, "127.0.0.1", 10);
    own.port = 9;
    own.status = GOSSIP_NODE_ONLINE;
    gossip_message_t message = {own.id, GOSSIP_MSG_MEET, 1, &own, 1};
    gossip_serializer_t *json = gossip_json_serializer_create();
    uint8_t *data = NULL;
    size_t size = 0;
    if (gossip_serializer_serialize(json, &message, &data, &size) != 0 || size > 60000) {
        CHECK(false, "no frame: %s", gossip_last_error());
        exit(h_end());
    }
    frame = malloc(size + 4);
    if (frame == NULL)
        exit(2);
    memset(frame, 0, 4);
    frame[2] = (uint8_t)(size >> 8);
    frame[3] = (uint8_t)size;
    memcpy(frame + 4, data, size);
    frame_size = size + 4;
    free(data);
    gossip_serializer_destroy(json);
}

static void *flood(void *unused)
{
    unsigned connected = 0;
    int fd = -1;
    (void)unused;
    while (flooding) {
        unsigned port = target_port;
        if (port != connected || fd < 0) {
            if (fd >= 0)
                close(fd);
            fd = port ? net_connect(type, "127.0.0.1", (uint16_t)port) : -1;
            connected = port;
        }
        if (fd < 0 || send(fd, frame, frame_size, MSG_NOSIGNAL) < 0)
            connected = 0;
        h_sleep_until_us(h_now_us() + 100);
    }
    if (fd >= 0)
        close(fd);
    return NULL;
}

/* What a callback of the handles under test does once. */
enum deed { NOTHING, CORE, TRANSPORT, BOTH, STOP, RESET };

struct pair {
    gossip_core_t *core;
    gossip_transport_t *transport;
    atomic_int deed;
    /* Set when the callback that did the deed has only to return. */
    atomic_bool done;
    atomic_uint sends;
    bool in_event;
};

/*
 * A core that is destroyed inside its own callback waits for nobody: that callback is the last one,
 * and only it can tell when it no longer needs what the program gave it. So this comes last in it.
 */
static void do_deed(struct pair *pair)
{
    switch (atomic_exchange(&pair->deed, NOTHING)) {
    case NOTHING: return;
    case CORE: gossip_core_destroy(pair->core); break;
    case TRANSPORT: gossip_transport_destroy(pair->transport); break;
    case BOTH:
        gossip_core_destroy(pair->core);
        gossip_transport_destroy(pair->transport);
        break;
    case STOP: gossip_transport_stop(pair->transport); break;
    case RESET: gossip_core_reset(pair->core); break;
    default: break;
    }
    pair->done = true;
}

static void on_send(const gossip_message_t *msg, const gossip_node_view_t *target, void *data)
{
    struct pair *pair = data;
    (void)msg;
    (void)target;
    pair->sends++;
    if (!pair->in_event)
        do_deed(pair);
}

static void on_event(const gossip_node_view_t *node, gossip_node_status_t old, void *data)
{
    struct pair *pair = data;
    (void)node;
    (void)old;
    if (pair->in_event)
        do_deed(pair);
}

static struct pair *open_pair(void)
{
    struct pair *pair = calloc(1, sizeof *pair);
    gossip_node_view_t own;
    memset(&own, 0, sizeof own);
    own.id.data[0] = 1;
    memcpy(own.ip, "127.0.0.1", 10);
    if (pair == NULL)
        exit(2);
    pair->transport = gossip_transport_factory_create(type, "127.0.0.1", 0);
    CHECK(gossip_transport_start(pair->transport) == GOSSIP_ERR_SUCCESS, "%s", gossip_last_error());
    own.port = (int)gossip_transport_port(pair->transport);
    pair->core = gossip_core_create(&own, on_send, on_event, pair);
    gossip_transport_set_core(pair->transport, pair->core);
    target_port = 0;
    return pair;
}

/* Another program may get the port next, and has no use for our messages. */
static void close_transport(struct pair *pair)
{
    gossip_transport_destroy(pair->transport);
    target_port = 0;
}

static bool wait_for(atomic_uint *counter, unsigned more)
{
    unsigned until = *counter + more;
    for (unsigned i = 0; i < 4000 && *counter < until; i++)
        h_sleep_ms(1);
    return *counter >= until;
}

static bool wait_until(atomic_bool *flag)
{
    for (unsigned i = 0; i < 4000 && !*flag; i++)
        h_sleep_ms(1);
    return *flag;
}

static void destroy_while_messages_arrive(bool core_first)
{
    struct pair *pair = open_pair();
    target_port = gossip_transport_port(pair->transport);
    CHECK(wait_for(&pair->sends, 1), "no message arrived");
    if (core_first) {
        gossip_core_destroy(pair->core);
        unsigned sends = pair->sends;
        h_sleep_ms(5);
        CHECK(pair->sends <= sends, "a callback after gossip_core_destroy");
        close_transport(pair);
    } else {
        close_transport(pair);
        gossip_core_tick(pair->core);
        CHECK(gossip_core_size(pair->core) == 1, "the core forgot its member");
        gossip_core_destroy(pair->core);
    }
    free(pair);
}

/* A new core in the place of the old one; then a serializer that goes before its transport. */
static void replace_parts(void)
{
    struct pair *pair = open_pair();
    gossip_serializer_t *json = gossip_json_serializer_create();
    gossip_transport_set_serializer(pair->transport, json);
    target_port = gossip_transport_port(pair->transport);
    CHECK(wait_for(&pair->sends, 1), "no message arrived");
    gossip_serializer_destroy(json);
    gossip_node_view_t *self = gossip_core_self(pair->core);
    gossip_core_t *other = gossip_core_create(self, on_send, on_event, pair);
    gossip_core_free_self(self);
    gossip_transport_set_core(pair->transport, other);
    gossip_core_destroy(pair->core);
    pair->core = other;
    CHECK(wait_for(&pair->sends, 3), "no message arrived at the second core");
    gossip_core_destroy(other);
    close_transport(pair);
    free(pair);
}

/* On the library's thread (a message arrives) or on ours (a tick). */
static void from_callback(enum deed deed, bool in_event, bool on_our_thread)
{
    struct pair *pair = open_pair();
    pair->in_event = in_event;
    if (on_our_thread) {
        /* No message comes, or the library's thread might do the deed during our call. */
        pair->deed = deed;
    } else if (in_event) {
        /* The first message of the stranger is the event, so it may come only after this. */
        pair->deed = deed;
        target_port = gossip_transport_port(pair->transport);
    } else {
        target_port = gossip_transport_port(pair->transport);
        CHECK(wait_for(&pair->sends, 1), "no message arrived");
        pair->deed = deed;
    }
    if (on_our_thread) {
        gossip_node_view_t node;
        memset(&node, 0, sizeof node);
        node.id.data[0] = 5;
        memcpy(node.ip, "127.0.0.1", 10);
        node.port = 9;
        gossip_core_meet(pair->core, &node);
    }
    if (!CHECK(wait_until(&pair->done), "the callback did not come or did not end"))
        return;
    if (deed == TRANSPORT || deed == BOTH || deed == STOP)
        target_port = 0;
    h_sleep_ms(5);
    if (deed != CORE && deed != BOTH)
        gossip_core_destroy(pair->core);
    if (deed != TRANSPORT && deed != BOTH)
        close_transport(pair);
    unsigned sends = pair->sends;
    h_sleep_ms(20);
    CHECK(pair->sends == sends, "a callback after gossip_core_destroy");
    free(pair);
}

int main(int argc, char **argv)
{
    h_begin("g_order", argc, argv, 60);
    type = strcmp(h_option_text("transport", "udp"), "tcp") == 0 ? GOSSIP_TRANSPORT_TCP
                                                                : GOSSIP_TRANSPORT_UDP;
    unsigned repeats = (unsigned)h_option("repeats", 8);
    h_options_end();
    size_t threads = net_threads(), descriptors = net_descriptors();
    make_frame();
    pthread_t thread;
    flooding = true;
    pthread_create(&thread, NULL, flood, NULL);
    for (unsigned i = 0; i < repeats; i++) {
        destroy_while_messages_arrive(true);
        destroy_while_messages_arrive(false);
        replace_parts();
        for (int deed = CORE; deed <= RESET; deed++)
            for (int form = 0; form < 4; form++)
                from_callback((enum deed)deed, form & 1, form & 2);
    }
    flooding = false;
    pthread_join(thread, NULL);
    net_settle(threads, descriptors);
    CHECK(net_threads() == threads, "%zu threads left", net_threads() - threads);
    CHECK(net_descriptors() == descriptors, "%zu descriptors left", net_descriptors() - descriptors);
    free(frame);
    return h_end();
}
