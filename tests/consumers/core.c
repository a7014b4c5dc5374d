/* Uses the core alone: two nodes in one process get to know each other. */
#include "core/gossip_core.h"

#include <stdio.h>
#include <string.h>

static gossip_core_t *cores[2];

static gossip_node_view_t node(int number) {
    gossip_node_view_t view;
    memset(&view, 0, sizeof view);
    view.id.data[15] = (uint8_t)(number + 1);
    strcpy(view.ip, "127.0.0.1");
    view.port = 7000 + number;
    return view;
}

static void carry(const gossip_message_t *msg, const gossip_node_view_t *target, void *user_data) {
    (void)user_data;
    if (target->port >= 7000 && target->port <= 7001) {
        gossip_core_handle_message(cores[target->port - 7000], msg);
    }
}

int main(void) {
    for (int i = 0; i < 2; i++) {
        gossip_node_view_t self = node(i);
        cores[i] = gossip_core_create(&self, carry, NULL, NULL);
        if (cores[i] == NULL) {
            puts("no core was made");
            return 1;
        }
    }
    gossip_node_view_t first = node(0);
    gossip_core_join(cores[1], &first);
    for (int round = 0; round < 10; round++) {
        gossip_core_tick(cores[0]);
        gossip_core_tick(cores[1]);
    }
    int failures = 0;
    for (int i = 0; i < 2; i++) {
        gossip_node_view_t other = node(1 - i), found;
        if (!gossip_core_find_node(cores[i], &other.id, &found) ||
            found.status != GOSSIP_NODE_ONLINE || gossip_core_size(cores[i]) != 1) {
            printf("node %d does not see the other online\n", i);
            failures++;
        }
        gossip_core_destroy(cores[i]);
    }
    if (strncmp(gossip_version(), "1.", 2) != 0) {
        printf("version %s is not of major version 1\n", gossip_version());
        failures++;
    }
    return failures;
}
