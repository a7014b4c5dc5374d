/*
 * The library as a guest: its threads have names and take no signal, its descriptors do not
 * survive exec, a broken connection raises no SIGPIPE, and start and stop leave nothing behind.
 *
 * --transport udp|tcp --cycles 30
 */
#include "netcluster.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct net net;
static volatile sig_atomic_t on_main, elsewhere, pipes;
static pid_t main_thread;

static void on_signal(int number)
{
    if (number == SIGPIPE)
        pipes = 1;
    else if ((pid_t)syscall(SYS_gettid) == main_thread)
        on_main++;
    else
        elsewhere++;
}

/* The line `key` of a thread's status file as a hexadecimal number. */
static unsigned long long status_mask(const char *task, const char *key)
{
    char path[300], line[256];
    unsigned long long mask = 0;
    snprintf(path, sizeof path, "/proc/self/task/%s/status", task);
    FILE *file = fopen(path, "r");
    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, key, strlen(key)) == 0)
            mask = strtoull(line + strlen(key), NULL, 16);
    if (file != NULL)
        fclose(file);
    return mask;
}

static void thread_name(const char *task, char *name, size_t size)
{
    char path[300];
    snprintf(path, sizeof path, "/proc/self/task/%s/comm", task);
    FILE *file = fopen(path, "r");
    name[0] = '\0';
    if (file != NULL) {
        if (fgets(name, (int)size, file) == NULL)
            name[0] = '\0';
        fclose(file);
    }
}

static void check_threads(void)
{
    static const int blocked[] = {SIGHUP, SIGINT, SIGUSR1, SIGUSR2, SIGTERM, SIGALRM, SIGCHLD,
                                  SIGPIPE, SIGIO, SIGWINCH};
    char own_name[32], name[32], own_id[32];
    snprintf(own_id, sizeof own_id, "%d", (int)main_thread);
    thread_name(own_id, own_name, sizeof own_name);
    CHECK((status_mask(own_id, "SigBlk:") & 1ull << (SIGUSR1 - 1)) == 0,
          "the program's own mask was changed");
    unsigned threads = 0;
    DIR *directory = opendir("/proc/self/task");
    for (struct dirent *task; directory != NULL && (task = readdir(directory)) != NULL;) {
        if (task->d_name[0] == '.' || strcmp(task->d_name, own_id) == 0)
            continue;
        threads++;
        unsigned long long mask = status_mask(task->d_name, "SigBlk:");
        thread_name(task->d_name, name, sizeof name);
        CHECK(name[0] != '\0' && strcmp(name, own_name) != 0, "a library thread has no name");
        for (size_t i = 0; i < sizeof blocked / sizeof *blocked; i++)
            CHECK((mask & 1ull << (blocked[i] - 1)) != 0, "thread %s takes signal %d: SigBlk %llx",
                  name, blocked[i], mask);
    }
    if (directory != NULL)
        closedir(directory);
    h_figure("threads", threads);
    CHECK(threads > 0, "no library thread is seen");
}

static void check_signals(void)
{
    on_main = elsewhere = 0;
    for (int i = 0; i < 200; i++) {
        kill(getpid(), SIGUSR1);
        if (i % 20 == 0)
            net_run_ms(&net, 20);
    }
    CHECK(on_main > 0 && elsewhere == 0, "signals: %d on the main thread, %d elsewhere",
          (int)on_main, (int)elsewhere);
    /* Blocked by the program it must stay pending; a library thread may not take it instead. */
    sigset_t set, pending;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    on_main = 0;
    kill(getpid(), SIGUSR1);
    net_run_ms(&net, 50);
    sigpending(&pending);
    CHECK(sigismember(&pending, SIGUSR1) == 1 && on_main == 0 && elsewhere == 0,
          "a blocked signal was taken by somebody");
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

static void check_descriptors(void)
{
    unsigned sockets = 0;
    for (int fd = 3; fd < 1024; fd++) {
        int flags = fcntl(fd, F_GETFD);
        char path[64], target[256];
        if (flags < 0)
            continue;
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        ssize_t length = readlink(path, target, sizeof target - 1);
        target[length > 0 ? length : 0] = '\0';
        sockets += strncmp(target, "socket:", 7) == 0;
        if (strncmp(target, "socket:", 7) == 0 || strncmp(target, "anon_inode:", 11) == 0)
            CHECK((flags & FD_CLOEXEC) != 0, "descriptor %d (%s) survives exec", fd, target);
    }
    CHECK(sockets >= net.count, "%u sockets of %zu transports", sockets, net.count);
    struct sigaction action;
    sigaction(SIGPIPE, NULL, &action);
    CHECK(action.sa_handler == on_signal, "the handler of SIGPIPE was changed");
}

/* Start and stop again and again: no thread and no descriptor is left, no stop takes long. */
static void cycles(unsigned count)
{
    struct peer *peer = &net.peers[0];
    net_run_ms(&net, 200);
    double longest = 0;
    for (unsigned i = 0; i < count; i++) {
        uint64_t began = h_now_us();
        CHECK(gossip_transport_stop(peer->transport) == GOSSIP_ERR_SUCCESS, "stop");
        double took = (double)(h_now_us() - began) / 1e6;
        longest = took > longest ? took : longest;
        CHECK(gossip_transport_start(peer->transport) == GOSSIP_ERR_SUCCESS, "start %u: %s", i,
              gossip_last_error());
        if (i % 10 == 0)
            net_run_ms(&net, 50);
    }
    h_figure("longest_stop_s", longest);
    CHECK(longest < 1.0, "a stop took %.3f s", longest);
}

int main(int argc, char **argv)
{
    h_begin("g_threads_signals", argc, argv, 60);
    const char *kind = h_option_text("transport", "udp");
    unsigned count = (unsigned)h_option("cycles", 30);
    h_options_end();
    main_thread = (pid_t)syscall(SYS_gettid);
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = on_signal;
    sigaction(SIGUSR1, &action, NULL);
    sigaction(SIGPIPE, &action, NULL);
    size_t threads = net_threads(), descriptors = net_descriptors();

    gossip_transport_t *idle = gossip_transport_factory_create(
        strcmp(kind, "tcp") == 0 ? GOSSIP_TRANSPORT_TCP : GOSSIP_TRANSPORT_UDP, "127.0.0.1", 0);
    CHECK(net_threads() == threads, "a thread before start");
    gossip_transport_destroy(idle);

    net_open(&net, 4, strcmp(kind, "tcp") == 0 ? GOSSIP_TRANSPORT_TCP : GOSSIP_TRANSPORT_UDP,
             "127.0.0.1", "127.0.0.1", 20);
    net_join_all(&net, true, false);
    CHECK(net_run_until(&net, net_all_online, 0, 3000) >= 0, "the cluster did not form");
    check_threads();
    check_signals();
    check_descriptors();
    cycles(count);
    CHECK(net_run_until(&net, net_all_online, 0, 8000) >= 0, "after the cycles: not all online");
    CHECK(pipes == 0, "SIGPIPE was raised");
    net_close(&net);
    net_settle(threads, descriptors);
    CHECK(net_threads() == threads && net_descriptors() == descriptors,
          "left behind: %zu threads, %zu descriptors", net_threads() - threads,
          net_descriptors() - descriptors);
    return h_end();
}
