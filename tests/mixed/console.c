#define _POSIX_C_SOURCE 200809L
#include "console.h"

#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LONGEST_COMMAND (128 * 1024)

/* What stands before the next node and the next pair of a list. */
static const char *before_node;
static const char *before_pair;

int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    exit(2);
}

void parse_options(int argc, char **argv, const option_t *options, size_t count)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (int i = 1; i < argc; i += 2) {
        bool taken = false;
        for (size_t at = 0; at < count && i + 1 < argc; at++)
            if (strcmp(options[at].name, argv[i]) == 0)
                taken = options[at].take(argv[i + 1]);
        if (!taken)
            fail("%s %s is not understood", argv[i], i + 1 < argc ? argv[i + 1] : "");
    }
}

/* ---- commands ---- */

static void obey(char *line, const command_t *commands, size_t count)
{
    char *rest = strchr(line, ' ');
    bool ok = false;
    if (rest != NULL)
        *rest++ = '\0';
    else
        rest = line + strlen(line);
    for (size_t i = 0; i < count; i++)
        if (strcmp(commands[i].word, line) == 0)
            ok = commands[i].run(rest);
    if (!ok || strcmp(line, "list") != 0)
        printf("{\"answer\": \"%s\", \"ok\": %s}\n", line, ok ? "true" : "false");
}

/* Takes what there is on standard input and runs the lines that are whole; false at its end. */
static bool read_commands(const command_t *commands, size_t count)
{
    static char buffer[LONGEST_COMMAND];
    static size_t filled;
    ssize_t got = read(STDIN_FILENO, buffer + filled, sizeof buffer - filled);
    if (got <= 0)
        return false;
    filled += (size_t)got;
    char *start = buffer;
    char *end;
    bool goes_on = true;
    while ((end = memchr(start, '\n', filled - (size_t)(start - buffer))) != NULL) {
        *end = '\0';
        if (*start != '\0')
            obey(start, commands, count);
        goes_on = goes_on && strcmp(start, "quit") != 0;
        start = end + 1;
    }
    filled -= (size_t)(start - buffer);
    memmove(buffer, start, filled);
    return goes_on;
}

bool console_until(int64_t end_ms, const command_t *commands, size_t count)
{
    for (;;) {
        struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
        int64_t left = end_ms - now_ms();
        int wait = end_ms == 0 ? -1 : left > 0 ? (int)left : 0;
        if (poll(&input, 1, wait) > 0 && !read_commands(commands, count))
            return false;
        if (end_ms != 0 && now_ms() >= end_ms)
            return true;
    }
}

/* ---- JSON ---- */

void print_text(const char *text)
{
    putchar('"');
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text < 0x20)
            printf("\\u%04x", (unsigned)*text);
        else if (*text == '"' || *text == '\\')
            printf("\\%c", *text);
        else
            putchar(*text);
    }
    putchar('"');
}

void print_pair(const char *name, const char *value)
{
    printf("\"%s\": ", name);
    print_text(value);
}

static const char *status_name(gossip_node_status_t status)
{
    switch (status) {
    case GOSSIP_NODE_UNKNOWN: return "unknown";
    case GOSSIP_NODE_JOINING: return "joining";
    case GOSSIP_NODE_ONLINE: return "online";
    case GOSSIP_NODE_SUSPECT: return "suspect";
    case GOSSIP_NODE_FAILED: return "failed";
    default: return "other";
    }
}

void print_ready(const gossip_node_id_t *id, const char *ip, int port)
{
    char text[33];
    printf("{\"event\": \"ready\", \"id\": \"%s\", \"ip\": \"%s\", \"port\": %d}\n", hex(id, text),
           ip, port);
}

/* One printf: this may run on another thread while main prints too. */
void print_event(const gossip_node_view_t *node, gossip_node_status_t old)
{
    char text[33];
    printf("{\"event\": \"change\", \"id\": \"%s\", \"old\": \"%s\", \"new\": \"%s\"}\n",
           hex(&node->id, text), status_name(old), status_name(node->status));
}

void print_list_begin(void)
{
    flockfile(stdout);
    printf("{\"answer\": \"list\", \"ok\": true, \"self\": ");
    before_node = "";
}

void print_list_node(const gossip_node_view_t *node)
{
    char text[33];
    printf("%s{\"id\": \"%s\", \"port\": %d, \"heartbeat\": %llu, \"config_epoch\": %llu, ",
           before_node, hex(&node->id, text), node->port, (unsigned long long)node->heartbeat,
           (unsigned long long)node->config_epoch);
    print_pair("ip", node->ip);
    printf(", ");
    print_pair("status", status_name(node->status));
    printf(", ");
    print_pair("role", node->role);
    printf(", ");
    print_pair("region", node->region);
    printf(", \"metadata\": {");
    /* The first is the node itself, and the others stand in an array behind it. */
    before_node = *before_node == '\0' ? "}}, \"records\": [" : "}}, ";
    before_pair = "";
}

int print_list_pair(const char *key, size_t key_size, const char *value, size_t value_size,
                    void *user_data)
{
    (void)key_size;
    (void)value_size;
    (void)user_data;
    printf("%s", before_pair);
    print_pair(key, value);
    before_pair = ", ";
    return 0; /* go on */
}

void print_list_end(void)
{
    printf("%s]}\n", strcmp(before_node, "}}, ") == 0 ? "}}" : "}}, \"records\": [");
    funlockfile(stdout);
}

/* ---- words ---- */

const char *hex(const gossip_node_id_t *id, char text[33])
{
    for (int i = 0; i < 16; i++)
        snprintf(text + 2 * i, 3, "%02x", id->data[i]);
    return text;
}

bool parse_id(const char *text, gossip_node_id_t *id)
{
    if (strlen(text) != 32 || strspn(text, "0123456789abcdef") != 32)
        return false;
    for (int i = 0; i < 16; i++) {
        const char digits[3] = {text[2 * i], text[2 * i + 1], '\0'};
        id->data[i] = (uint8_t)strtoul(digits, NULL, 16);
    }
    return true;
}

char *cut_pair(char *text)
{
    char *equals = strchr(text, '=');
    if (equals == NULL)
        return NULL;
    *equals = '\0';
    return equals + 1;
}
