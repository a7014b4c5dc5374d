/*
 * A C++ exception out of a callback reaches the caller of the function that led to it, with the
 * library's state whole: the core works afterwards, on this thread and on others.
 */
#include "harness.h"

#include <cstdio>
#include <cstring>
#include <stdexcept>
#include <string>
#include <thread>

#include "core/gossip_core.h"

namespace {

struct program {
    int throw_in_send = 0, throw_in_event = 0;
    int sends = 0, events = 0, destroyed = 0;
};

/* Counts that the stack is unwound: an object of the callback dies. */
struct witness {
    program *owner;
    ~witness() { owner->destroyed++; }
};

void on_send(const gossip_message_t *, const gossip_node_view_t *, void *data)
{
    auto *self = static_cast<program *>(data);
    witness object{self};
    self->sends++;
    if (self->throw_in_send > 0) {
        self->throw_in_send--;
        throw std::runtime_error("send");
    }
}

void on_event(const gossip_node_view_t *, gossip_node_status_t, void *data)
{
    auto *self = static_cast<program *>(data);
    witness object{self};
    self->events++;
    if (self->throw_in_event > 0) {
        self->throw_in_event--;
        throw std::runtime_error("event");
    }
}

gossip_node_view_t view(unsigned char id)
{
    gossip_node_view_t node;
    std::memset(&node, 0, sizeof node);
    node.id.data[0] = id;
    std::snprintf(node.ip, sizeof node.ip, "10.0.0.%u", id);
    node.port = 5000 + id;
    node.status = GOSSIP_NODE_ONLINE;
    node.heartbeat = 1;
    return node;
}

template <typename Call> std::string thrown_by(Call call)
{
    try {
        call();
    } catch (const std::exception &error) {
        return error.what();
    }
    return "";
}

void hear(gossip_core_t *core, unsigned char id)
{
    gossip_node_view_t entry = view(id);
    gossip_message_t message = {entry.id, GOSSIP_MSG_MEET, 1, &entry, 1};
    gossip_core_handle_message(core, &message);
}

void works(gossip_core_t *core, program &self, const char *when)
{
    int sends = self.sends;
    size_t size = gossip_core_size(core);
    CHECK(thrown_by([&] { gossip_core_tick(core); }).empty(), "%s: a tick throws", when);
    CHECK(self.sends > sends, "%s: a tick sends nothing", when);
    size_t count = 0;
    gossip_core_free_nodes(gossip_core_get_nodes(core, &count));
    CHECK(count == size, "%s: the list has %zu, the size is %zu", when, count, size);
}

} // namespace

int main(int argc, char **argv)
{
    h_begin("g_throw", argc, argv, 30);
    h_options_end();
    program self;
    gossip_node_view_t own = view(1), two = view(2), three = view(3);
    gossip_core_t *core = gossip_core_create(&own, on_send, on_event, &self);

    self.throw_in_event = 1;
    std::string text = thrown_by([&] { gossip_core_meet(core, &two); });
    CHECK(text == "event", "meet: the caller caught '%s'", text.c_str());
    CHECK(gossip_core_size(core) == 1, "meet: size %zu", gossip_core_size(core));
    works(core, self, "after an exception in an event");

    self.throw_in_send = 1;
    text = thrown_by([&] { gossip_core_meet(core, &three); });
    CHECK(text == "send", "meet: the caller caught '%s'", text.c_str());
    CHECK(gossip_core_size(core) == 2, "meet: size %zu", gossip_core_size(core));
    works(core, self, "after an exception in a send");

    for (unsigned char id = 4; id < 10; id++)
        hear(core, id);
    for (int i = 0; i < 50; i++) {
        self.throw_in_send = 1 + i % 3;
        text = thrown_by([&] { gossip_core_tick(core); });
        CHECK(text == "send", "tick %d: the caller caught '%s'", i, text.c_str());
        self.throw_in_send = 0;
        works(core, self, "after an exception in a tick");
    }
    self.throw_in_event = 1;
    text = thrown_by([&] { hear(core, 20); });
    CHECK(text == "event", "handle_message: the caller caught '%s'", text.c_str());
    CHECK(gossip_core_size(core) == 9, "handle_message: size %zu", gossip_core_size(core));

    /* No lock is left behind for another thread. */
    std::thread other([&] { works(core, self, "on another thread"); });
    other.join();
    CHECK(self.destroyed == self.sends + self.events, "%d of %d callbacks were unwound",
          self.destroyed, self.sends + self.events);
    gossip_core_destroy(core);
    return h_end();
}
