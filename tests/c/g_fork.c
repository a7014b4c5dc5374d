/*
 * fork while transports run and datagrams arrive: in the child other calls give an error, destroying
 * the handles returns at once and closes nothing of the parent's, and the parent goes on.
 *
 * --transport udp|tcp --forks 30 --order 0 (1: the child destroys the transport first)
 */
#include "netcluster.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static struct net net;
static atomic_bool flooding = true;

static void *flood(void *unused)
{
    static const char text[] = "\0\0\0\2{}";
    (void)unused;
    int fd = net_connect(net.type, "127.0.0.1", (uint16_t)net.peers[0].self.port);
    while (flooding) {
        if (fd >= 0)
            send(fd, text, sizeof text - 1, MSG_NOSIGNAL);
        h_sleep_until_us(h_now_us() + 200);
    }
    close(fd);
    return NULL;
}

/* What the child found wrong, as bits of its exit status. */
enum { BAD_SEND = 1, BAD_START = 2, BAD_TEXT = 4, BAD_TICK = 8, BAD_TIME = 16 };

static int child(bool transport_first)
{
    int wrong = 0;
    alarm(5);
    for (size_t i = 0; i < net.count; i++) {
        struct peer *peer = &net.peers[i];
        gossip_message_t message = {peer->self.id, GOSSIP_MSG_PING, 1, &peer->self, 1};
        if (gossip_transport_send_message(peer->transport, &message, &peer->self) ==
            GOSSIP_ERR_SUCCESS)
            wrong |= BAD_SEND;
        if (*gossip_last_error() == '\0')
            wrong |= BAD_TEXT;
        if (gossip_transport_start(peer->transport) == GOSSIP_ERR_SUCCESS)
            wrong |= BAD_START;
        gossip_core_tick(peer->core);
        if (*gossip_last_error() == '\0')
            wrong |= BAD_TICK;
        gossip_core_handle_message(peer->core, &message);
    }
    uint64_t began = h_now_us();
    for (size_t i = 0; i < net.count; i++) {
        if (transport_first)
            gossip_transport_destroy(net.peers[i].transport);
        gossip_core_destroy(net.peers[i].core);
        if (!transport_first)
            gossip_transport_destroy(net.peers[i].transport);
    }
    if (h_now_us() - began > 500000u)
        wrong |= BAD_TIME;
    return wrong;
}

int main(int argc, char **argv)
{
    h_begin("g_fork", argc, argv, 60);
    const char *kind = h_option_text("transport", "udp");
    unsigned forks = (unsigned)h_option("forks", 30);
    h_options_end();
    net_open(&net, 4, strcmp(kind, "tcp") == 0 ? GOSSIP_TRANSPORT_TCP : GOSSIP_TRANSPORT_UDP,
             "127.0.0.1", "127.0.0.1", 20);
    net_join_all(&net, false, false);
    CHECK(net_run_until(&net, net_all_online, 0, 3000) >= 0, "the cluster did not form");
    net.calm = true;
    pthread_t thread;
    pthread_create(&thread, NULL, flood, NULL);
    for (unsigned i = 0; i < forks; i++) {
        pid_t pid = fork();
        if (pid == 0)
            _exit(child(i % 2 == 1));
        net_run_ms(&net, 40);
        int status = 0;
        waitpid(pid, &status, 0);
        CHECK(WIFEXITED(status), "child %u was ended by signal %d (14: it hung)", i,
              WTERMSIG(status));
        if (WIFEXITED(status)) {
            int wrong = WEXITSTATUS(status);
            CHECK((wrong & BAD_SEND) == 0, "child %u could send", i);
            CHECK((wrong & BAD_START) == 0, "child %u could start", i);
            CHECK((wrong & BAD_TEXT) == 0, "child %u got no error text for send", i);
            CHECK((wrong & BAD_TICK) == 0, "child %u got no error text for tick", i);
            CHECK((wrong & BAD_TIME) == 0, "child %u took long to destroy", i);
        }
    }
    flooding = false;
    pthread_join(thread, NULL);
    net_run_ms(&net, 3000);
    net_check(&net, "after the forks");
    net_close(&net);
    return h_end();
}
