/*
 * Handles that live as long as the program: destroyed by a static destructor, by a thread-local
 * one, or never, while transports run. The program must end by itself, with status 0.
 *
 * It runs itself once for each form, as a child. --form all|0|1|2|3
 */
#include "harness.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <thread>

#include <sys/wait.h>
#include <unistd.h>

#include "core/gossip_core.h"
#include "net/gossip_net.h"

namespace {

struct handles {
    gossip_core_t *core = nullptr;
    gossip_transport_t *transport = nullptr;

    void open(unsigned char id)
    {
        gossip_node_view_t own;
        std::memset(&own, 0, sizeof own);
        own.id.data[0] = id;
        std::snprintf(own.ip, sizeof own.ip, "127.0.0.1");
        transport = gossip_transport_factory_create(GOSSIP_TRANSPORT_UDP, "127.0.0.1", 0);
        CHECK(gossip_transport_start(transport) == GOSSIP_ERR_SUCCESS, "%s", gossip_last_error());
        own.port = static_cast<int>(gossip_transport_port(transport));
        core = gossip_core_create(&own, on_send, nullptr, this);
        gossip_transport_set_core(transport, core);
    }

    void meet(const handles &other)
    {
        std::unique_ptr<gossip_node_view_t, void (*)(gossip_node_view_t *)> seed(
            gossip_core_self(other.core), gossip_core_free_self);
        gossip_core_meet(core, seed.get());
    }

    void tick()
    {
        gossip_core_tick(core);
    }

    void close()
    {
        gossip_core_destroy(core);
        gossip_transport_destroy(transport);
        core = nullptr;
        transport = nullptr;
    }

    static void on_send(const gossip_message_t *message, const gossip_node_view_t *target,
                        void *data)
    {
        auto *self = static_cast<handles *>(data);
        gossip_transport_send_message(self->transport, message, target);
    }
};

struct closing : handles {
    ~closing()
    {
        /* The error text is thread-local state of the library; it must still be there. */
        gossip_core_meet(core, nullptr);
        if (gossip_last_error() == nullptr)
            std::abort();
        close();
    }
};

/* A form must not construct what belongs to another. */
closing &static_one()
{
    static closing object;
    return object;
}

void talk(handles &a, handles &b)
{
    a.meet(b);
    for (int i = 0; i < 20; i++) {
        a.tick();
        b.tick();
        h_sleep_ms(5);
    }
    CHECK(gossip_core_size(a.core) == 1 && gossip_core_size(b.core) == 1, "they did not meet");
}

int form_static()
{
    /* The library is used before the static object exists and is torn down after it, too. */
    static handles other;
    other.open(2);
    static_one().open(1);
    talk(static_one(), other);
    return h_end();
}

int form_thread_local()
{
    handles other;
    other.open(2);
    std::thread worker([&] {
        gossip_core_meet(nullptr, nullptr);
        if (gossip_last_error() == nullptr)
            std::abort();
        thread_local closing object;
        object.open(1);
        talk(object, other);
    });
    worker.join();
    thread_local closing on_main;
    on_main.open(3);
    on_main.meet(other);
    other.close();
    return h_end();
}

int form_never()
{
    static handles one, two;
    one.open(1);
    two.open(2);
    talk(one, two);
    return h_end();
}

void at_exit()
{
    static_one().tick();
}

int form_atexit()
{
    static handles other;
    other.open(2);
    static_one().open(1);
    std::atexit(at_exit); /* runs before the static destructor */
    talk(static_one(), other);
    std::exit(h_end());
}

int run_all(const char *program)
{
    for (int form = 0; form < 4; form++) {
        char text[8];
        std::snprintf(text, sizeof text, "%d", form);
        pid_t pid = fork();
        if (pid == 0) {
            execl(program, program, "--form", text, static_cast<char *>(nullptr));
            _exit(127);
        }
        int status = 0;
        waitpid(pid, &status, 0);
        CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0, "form %d ended with status %x", form,
              static_cast<unsigned>(status));
    }
    return h_end();
}

} // namespace

int main(int argc, char **argv)
{
    h_begin("g_static", argc, argv, 30);
    const char *form = h_option_text("form", "all");
    h_options_end();
    switch (*form) {
    case '0': return form_static();
    case '1': return form_thread_local();
    case '2': return form_never();
    case '3': return form_atexit();
    default: return run_all(argv[0]);
    }
}
