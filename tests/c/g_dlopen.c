/*
 * The library as a plugin: opened, used and closed again and again, with transports, with a thread
 * that outlives the closing, and closed while a transport still runs.
 *
 * --library path --loops 40
 */
#include "harness.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/gossip_core.h"
#include "net/gossip_net.h"

/* The functions used here, found by name. */
struct api {
    void *handle;
    __typeof__(&gossip_core_create) create;
    __typeof__(&gossip_core_destroy) destroy;
    __typeof__(&gossip_core_meet) meet;
    __typeof__(&gossip_core_tick) tick;
    __typeof__(&gossip_core_size) size;
    __typeof__(&gossip_last_error) last_error;
    __typeof__(&gossip_transport_factory_create) transport;
    __typeof__(&gossip_transport_destroy) transport_destroy;
    __typeof__(&gossip_transport_start) start;
    __typeof__(&gossip_transport_stop) stop;
    __typeof__(&gossip_transport_set_core) set_core;
};

static const char *path;

static void find(void *handle, const char *name, void *place)
{
    void *address = dlsym(handle, name);
    if (!CHECK(address != NULL, "%s", dlerror()))
        exit(h_end());
    memcpy(place, &address, sizeof address);
}

static struct api open_library(void)
{
    struct api api;
    api.handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!CHECK(api.handle != NULL, "%s", dlerror()))
        exit(h_end());
    find(api.handle, "gossip_core_create", &api.create);
    find(api.handle, "gossip_core_destroy", &api.destroy);
    find(api.handle, "gossip_core_meet", &api.meet);
    find(api.handle, "gossip_core_tick", &api.tick);
    find(api.handle, "gossip_core_size", &api.size);
    find(api.handle, "gossip_last_error", &api.last_error);
    find(api.handle, "gossip_transport_factory_create", &api.transport);
    find(api.handle, "gossip_transport_destroy", &api.transport_destroy);
    find(api.handle, "gossip_transport_start", &api.start);
    find(api.handle, "gossip_transport_stop", &api.stop);
    find(api.handle, "gossip_transport_set_core", &api.set_core);
    return api;
}

static gossip_node_view_t view(uint8_t id)
{
    gossip_node_view_t node;
    memset(&node, 0, sizeof node);
    node.id.data[0] = id;
    snprintf(node.ip, sizeof node.ip, "127.0.0.1");
    node.port = 5000 + id;
    return node;
}

static void use(const struct api *api, gossip_transport_type_t type, bool clean_up)
{
    gossip_node_view_t own = view(1), other = view(2);
    gossip_core_t *core = api->create(&own, NULL, NULL, NULL);
    gossip_transport_t *transport = api->transport(type, "127.0.0.1", 0);
    api->set_core(transport, core);
    CHECK(api->start(transport) == GOSSIP_ERR_SUCCESS, "start: %s", api->last_error());
    api->meet(core, &other);
    api->meet(core, NULL);
    api->tick(core);
    CHECK(api->size(core) == 1, "size %zu", api->size(core));
    if (clean_up) {
        api->transport_destroy(transport);
        api->destroy(core);
    }
}

static atomic_int stage;

/* A thread that has used the library's thread-local state, and ends when the library is closed. */
static void *outliving(void *data)
{
    const struct api *api = data;
    api->meet(NULL, NULL);
    CHECK(api->last_error() != NULL, "no error text");
    stage = 1;
    while (stage != 2)
        h_sleep_ms(1);
    return NULL;
}

static void thread_outlives(void)
{
    struct api api = open_library();
    pthread_t thread;
    stage = 0;
    pthread_create(&thread, NULL, outliving, &api);
    while (stage != 1)
        h_sleep_ms(1);
    use(&api, GOSSIP_TRANSPORT_UDP, true);
    CHECK(dlclose(api.handle) == 0, "%s", dlerror());
    stage = 2;
    pthread_join(thread, NULL);
}

int main(int argc, char **argv)
{
    h_begin("g_dlopen", argc, argv, 60);
    path = h_option_text("library", "libgossip.so.1");
    unsigned loops = (unsigned)h_option("loops", 40);
    h_options_end();
    size_t early = 0;
    for (unsigned i = 0; i < loops; i++) {
        struct api api = open_library();
        use(&api, i % 2 ? GOSSIP_TRANSPORT_TCP : GOSSIP_TRANSPORT_UDP, true);
        CHECK(dlclose(api.handle) == 0, "%s", dlerror());
        if (i == loops / 4)
            early = h_resident_bytes();
    }
    double grown = (double)h_resident_bytes() - (double)early;
    h_figure("grew_kib", grown / 1024);
    if (!h_instrumented())
        CHECK(grown < 2.0 * 1024 * 1024, "open and close grew the process by %.0f KiB", grown / 1024);
    for (unsigned i = 0; i < 5; i++)
        thread_outlives();
    /* The transport of a careless program runs on; its code may not be unloaded below it. */
    struct api api = open_library();
    use(&api, GOSSIP_TRANSPORT_UDP, false);
    CHECK(dlclose(api.handle) == 0, "%s", dlerror());
    h_sleep_ms(200);
    api = open_library();
    use(&api, GOSSIP_TRANSPORT_UDP, true);
    CHECK(dlclose(api.handle) == 0, "%s", dlerror());
    return h_end();
}
