/* Two static libraries with Rust inside, in one program. */
#include "core/gossip_core.h"

#include <stdio.h>

int other_answer(int seed);

int main(void) {
    gossip_node_view_t self = {.port = 7000};
    gossip_core_t *core = gossip_core_create(&self, NULL, NULL, NULL);
    int answer = other_answer(32);
    int size = (int)gossip_core_size(core);
    gossip_core_destroy(core);
    printf("%d %d\n", answer, size);
    return core != NULL && answer == 42 && size == 0 ? 0 : 1;
}
