/*
 * example_nodes: starts example programs as processes and checks that they form a cluster.
 *
 *   example_nodes nodes PATH_OF_udp_node udp|tcp
 *   example_nodes readme PATH_OF_readme
 *
 * c_examples/CMakeLists.txt builds it, and ctest runs it there. Ends with 0 when all went well.
 */
#define _POSIX_C_SOURCE 200809L
#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NODES 3
#define DEADLINE_S 30

typedef struct process {
    pid_t pid;
    FILE *output; /* its standard output and standard error */
    int input;    /* the writing end of its standard input */
} process_t;

static process_t processes[NODES];

static void fail(const char *what)
{
    fprintf(stderr, "example_nodes: %s\n", what);
    for (int i = 0; i < NODES; i++)
        if (processes[i].pid > 0)
            kill(processes[i].pid, SIGKILL);
    exit(1);
}

static void on_alarm(int number)
{
    static const char text[] = "example_nodes: the deadline has passed\n";
    (void)number;
    if (write(STDERR_FILENO, text, sizeof text - 1) < 0)
        _exit(2);
    for (int i = 0; i < NODES; i++)
        if (processes[i].pid > 0)
            kill(processes[i].pid, SIGKILL);
    _exit(1);
}

static void spawn(process_t *process, char *const arguments[])
{
    int to[2];
    int from[2];
    if (pipe(to) != 0 || pipe(from) != 0)
        fail("no pipe to be had");
    /* A later child must not hold this one's input open: it ends when that is closed. */
    fcntl(to[1], F_SETFD, FD_CLOEXEC);
    fcntl(from[0], F_SETFD, FD_CLOEXEC);
    pid_t pid = fork();
    if (pid < 0)
        fail("no process to be had");
    if (pid == 0) {
        dup2(to[0], STDIN_FILENO);
        dup2(from[1], STDOUT_FILENO);
        dup2(from[1], STDERR_FILENO);
        close(to[0]);
        close(from[1]);
        execv(arguments[0], arguments);
        _exit(127);
    }
    close(to[0]);
    close(from[1]);
    process->pid = pid;
    process->input = to[1];
    process->output = fdopen(from[0], "r");
    if (process->output == NULL)
        fail("no stream to be had");
}

/* Reads lines until one holds `text`; that line is left in `line`. */
static void read_until(process_t *process, const char *text, char *line, size_t size)
{
    while (fgets(line, (int)size, process->output) != NULL) {
        if (strstr(line, text) != NULL)
            return;
        fprintf(stderr, "%d: %s", (int)process->pid, line);
    }
    fail("a node ended before it printed what was expected");
}

static void expect_exit_0(process_t *process)
{
    int status = 0;
    char line[4096];
    while (fgets(line, sizeof line, process->output) != NULL)
        continue;
    if (waitpid(process->pid, &status, 0) != process->pid)
        fail("a node cannot be waited for");
    process->pid = 0;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        fail("a node did not end with 0");
}

/* Asks a node for its state until it sees as many others in that status. */
static void wait_until_sees(process_t *process, int wanted, const char *status)
{
    const struct timespec pause = {0, 50 * 1000000L};
    for (int seen = -1; seen != wanted; nanosleep(&pause, NULL)) {
        char line[4096];
        kill(process->pid, SIGUSR1);
        read_until(process, "state ms=", line, sizeof line);
        seen = 0;
        for (const char *at = line; (at = strstr(at, status)) != NULL; at++)
            seen++;
    }
}

static void form_cluster(char *program, char *transport)
{
    static char *ids[NODES] = {"1", "2", "3"};
    char line[4096];
    char seed[64] = "";
    for (int i = 0; i < NODES; i++) {
        char *arguments[] = {program,         "--id", ids[i],   "--bind", "127.0.0.1:0",
                             "--interval-ms", "50",   "--transport", transport,
                             i > 0 ? "--join" : NULL, seed, NULL};
        spawn(&processes[i], arguments);
        read_until(&processes[i], "listening at=", line, sizeof line);
        if (i == 0 && sscanf(line, "listening at=%63s", seed) != 1)
            fail("the first node did not tell its address");
    }
    for (int i = 0; i < NODES; i++)
        wait_until_sees(&processes[i], NODES - 1, "=online");
    puts("all see all");
    kill(processes[NODES - 1].pid, SIGTERM);
    expect_exit_0(&processes[NODES - 1]);
    for (int i = 0; i < NODES - 1; i++)
        wait_until_sees(&processes[i], 1, "=failed");
    puts("all saw one leave");
    for (int i = 0; i < NODES - 1; i++) {
        kill(processes[i].pid, SIGINT);
        expect_exit_0(&processes[i]);
    }
}

/* A UDP port that is free now. */
static void free_port(char text[8])
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, size) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &size) != 0)
        fail("no port to be had");
    close(fd);
    snprintf(text, 8, "%u", (unsigned)ntohs(address.sin_port));
}

static void test_readme(char *program)
{
    char first[8];
    char second[8];
    char line[4096];
    free_port(first);
    free_port(second);
    char *seed[] = {program, first, NULL};
    char *joiner[] = {program, second, first, NULL};
    spawn(&processes[0], seed);
    spawn(&processes[1], joiner);
    for (int i = 0; i < 2; i++)
        read_until(&processes[i], "is online", line, sizeof line);
    puts("both see each other");
    close(processes[1].input);
    read_until(&processes[0], "is failed", line, sizeof line);
    expect_exit_0(&processes[1]);
    puts("one saw the other leave");
    close(processes[0].input);
    expect_exit_0(&processes[0]);
}

int main(int argc, char **argv)
{
    signal(SIGALRM, on_alarm);
    alarm(DEADLINE_S);
    if (argc == 4 && strcmp(argv[1], "nodes") == 0)
        form_cluster(argv[2], argv[3]);
    else if (argc == 3 && strcmp(argv[1], "readme") == 0)
        test_readme(argv[2]);
    else
        return 2;
    return 0;
}
