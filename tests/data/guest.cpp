// A C++ program around the C ABI: exceptions leave through the call that led to them, and objects
// are destroyed by destructors of static and thread-local objects.
#include "core/gossip_core.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

void check(bool holds, const char *what) {
    if (!holds) {
        std::fprintf(stderr, "failed: %s (%s)\n", what, gossip_last_error());
        std::exit(1);
    }
}

gossip_node_view_t view(unsigned char number) {
    gossip_node_view_t node;
    std::memset(&node, 0, sizeof node);
    std::memset(node.id.data, number, sizeof node.id.data);
    std::strcpy(node.ip, "127.0.0.1");
    node.port = 7000 + number;
    node.heartbeat = 1;
    return node;
}

const gossip_node_id_t nobody = view(255).id;

struct Program {
    bool throws = false;
    std::vector<std::string> calls;

    void called(const char *what, const gossip_node_view_t *node) {
        calls.push_back(what + std::to_string(node->id.data[0]));
        if (throws) {
            throws = false;
            throw std::runtime_error("from a callback");
        }
    }
};

void on_send(const gossip_message_t *, const gossip_node_view_t *target, void *program) {
    static_cast<Program *>(program)->called("send ", target);
}

void on_event(const gossip_node_view_t *node, gossip_node_status_t, void *program) {
    static_cast<Program *>(program)->called("event ", node);
}

gossip_core_t *create(unsigned char number, Program *program) {
    const gossip_node_view_t self = view(number);
    gossip_core_t *core = gossip_core_create(&self, on_send, on_event, program);
    check(core != nullptr, "create");
    return core;
}

void exceptions_leave_through_the_call() {
    Program program;
    gossip_core_t *core = create(1, &program);
    for (int round = 0; round < 100; ++round) {
        const gossip_node_view_t other = view(static_cast<unsigned char>(2 + round));
        program.calls.clear();
        program.throws = true;
        bool caught = false;
        try {
            gossip_core_meet(core, &other);
        } catch (const std::runtime_error &error) {
            caught = std::string(error.what()) == "from a callback";
        }
        check(caught, "the exception arrives");
        check(program.calls.size() == 1, "one call was made");
        check(gossip_core_size(core) == static_cast<size_t>(round + 1), "the core is whole");
        gossip_node_view_t again = view(1);
        check(gossip_core_find_node(core, &again.id, &again) == 1, "it finds itself");
        // The next call goes on with what was left, also one that has an error.
        gossip_core_leave(core, &nobody);
        check(program.calls.size() == 2 && program.calls[1].compare(0, 5, "send ") == 0,
              "the message that was left comes next");
    }
    gossip_core_destroy(core);
}

// Holds a core until the program or a thread ends.
struct Holder {
    Program program;
    gossip_core_t *core;
    explicit Holder(unsigned char number) : core(create(number, &program)) {
        const gossip_node_view_t other = view(99);
        gossip_core_meet(core, &other);
        gossip_core_leave(core, &nobody);
        check(*gossip_last_error() != '\0', "an unknown node gives a text");
    }
    ~Holder() { gossip_core_destroy(core); }
};

Holder at_exit(20);
thread_local Holder at_thread_end(30);

}  // namespace

int main() {
    exceptions_leave_through_the_call();
    for (int count = 0; count < 20; ++count) {
        std::thread([] { check(gossip_core_size(at_thread_end.core) == 1, "one node"); }).join();
    }
    check(gossip_core_size(at_exit.core) == 1, "one node");
    check(gossip_version_number() == GOSSIP_VERSION_NUMBER, "header and library agree");
    std::puts("ok");
    return 0;
}
