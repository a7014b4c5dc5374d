/* What the programs of mixed clusters have in common: commands on standard input, JSON lines out. */
#ifndef MIXED_CONSOLE_H
#define MIXED_CONSOLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/gossip_core.h"
#include "core/gossip_ext.h"

/* A command: it gets the rest of its line and says whether that was understood. */
typedef struct command {
    const char *word;
    bool (*run)(char *rest);
} command_t;

/* An option of the command line: it gets its value and says whether that was understood. */
typedef struct option {
    const char *name;
    bool (*take)(const char *value);
} option_t;

int64_t now_ms(void);

/* Ends the program with a word on standard error. */
void fail(const char *format, ...);

void parse_options(int argc, char **argv, const option_t *options, size_t count);

/* Obeys commands until the time is there, 0 for no end; false if the program is to end. */
bool console_until(int64_t end_ms, const command_t *commands, size_t count);

void print_text(const char *text);
void print_pair(const char *name, const char *value);
void print_ready(const gossip_node_id_t *id, const char *ip, int port);
void print_event(const gossip_node_view_t *node, gossip_node_status_t old);

/* An answer to `list`: the node itself, then all others, then the end. Its pieces stay together. */
void print_list_begin(void);
void print_list_node(const gossip_node_view_t *node);
void print_list_end(void);
/* One pair of the metadata of the node that was printed last. */
int print_list_pair(const char *key, size_t key_size, const char *value, size_t value_size,
                    void *user_data);

const char *hex(const gossip_node_id_t *id, char text[33]);
bool parse_id(const char *text, gossip_node_id_t *id);
/* "k=v" is cut in two: the value, or NULL if there is none. */
char *cut_pair(char *text);

#endif
