/* Prints sizes, offsets and values of the first ABI as the headers on the include path have them.
 * Compiled against the old headers and against the installed ones, it must say the same. On a
 * platform where `long` and pointers have 64 bits the numbers are those of libgossip 1.4.2. */
#include "core/gossip_core.h"
#include "net/gossip_net.h"

#include <stddef.h>
#include <stdio.h>

#define PRINT(expression, expected)                                                                \
    do {                                                                                           \
        printf("%s %ld\n", #expression, (long)(expression));                                       \
        if (sizeof(void *) == 8 && (expression) != (expected)) {                                   \
            printf("%s should be %ld\n", #expression, (long)(expected));                           \
            wrong++;                                                                               \
        }                                                                                          \
    } while (0)

int main(void) {
    int wrong = 0;
    PRINT(sizeof(gossip_node_id_t), 16);
    PRINT(sizeof(struct gossip_node_id), 16);
    PRINT(_Alignof(gossip_node_id_t), 1);
    PRINT(offsetof(gossip_node_id_t, data), 0);
    PRINT(sizeof(((gossip_node_id_t *)0)->data), 16);
    PRINT(sizeof(gossip_node_view_t), 264);
    PRINT(sizeof(struct gossip_node_view), 264);
    PRINT(_Alignof(gossip_node_view_t), 8);
    PRINT(offsetof(gossip_node_view_t, id), 0);
    PRINT(sizeof(((gossip_node_view_t *)0)->id), 16);
    PRINT(offsetof(gossip_node_view_t, ip), 16);
    PRINT(sizeof(((gossip_node_view_t *)0)->ip), 64);
    PRINT(offsetof(gossip_node_view_t, port), 80);
    PRINT(sizeof(((gossip_node_view_t *)0)->port), 4);
    PRINT(offsetof(gossip_node_view_t, config_epoch), 88);
    PRINT(sizeof(((gossip_node_view_t *)0)->config_epoch), 8);
    PRINT(offsetof(gossip_node_view_t, heartbeat), 96);
    PRINT(sizeof(((gossip_node_view_t *)0)->heartbeat), 8);
    PRINT(offsetof(gossip_node_view_t, version), 104);
    PRINT(sizeof(((gossip_node_view_t *)0)->version), 8);
    PRINT(offsetof(gossip_node_view_t, status), 112);
    PRINT(sizeof(((gossip_node_view_t *)0)->status), 4);
    PRINT(offsetof(gossip_node_view_t, role), 116);
    PRINT(sizeof(((gossip_node_view_t *)0)->role), 64);
    PRINT(offsetof(gossip_node_view_t, region), 180);
    PRINT(sizeof(((gossip_node_view_t *)0)->region), 64);
    PRINT(offsetof(gossip_node_view_t, sent_messages), 248);
    PRINT(sizeof(((gossip_node_view_t *)0)->sent_messages), 8);
    PRINT(offsetof(gossip_node_view_t, received_messages), 256);
    PRINT(sizeof(((gossip_node_view_t *)0)->received_messages), 8);
    PRINT(sizeof(gossip_message_t), 48);
    PRINT(sizeof(struct gossip_message), 48);
    PRINT(_Alignof(gossip_message_t), 8);
    PRINT(offsetof(gossip_message_t, sender), 0);
    PRINT(sizeof(((gossip_message_t *)0)->sender), 16);
    PRINT(offsetof(gossip_message_t, type), 16);
    PRINT(sizeof(((gossip_message_t *)0)->type), 4);
    PRINT(offsetof(gossip_message_t, timestamp), 24);
    PRINT(sizeof(((gossip_message_t *)0)->timestamp), 8);
    PRINT(offsetof(gossip_message_t, entries), 32);
    PRINT(sizeof(((gossip_message_t *)0)->entries), 8);
    PRINT(offsetof(gossip_message_t, entries_count), 40);
    PRINT(sizeof(((gossip_message_t *)0)->entries_count), 8);
    PRINT(sizeof(gossip_node_status_t), 4);
    PRINT(sizeof(enum gossip_node_status), 4);
    PRINT(GOSSIP_NODE_UNKNOWN, 0);
    PRINT(GOSSIP_NODE_JOINING, 1);
    PRINT(GOSSIP_NODE_ONLINE, 2);
    PRINT(GOSSIP_NODE_SUSPECT, 3);
    PRINT(GOSSIP_NODE_FAILED, 4);
    PRINT(sizeof(gossip_message_type_t), 4);
    PRINT(sizeof(enum gossip_message_type), 4);
    PRINT(GOSSIP_MSG_PING, 0);
    PRINT(GOSSIP_MSG_PONG, 1);
    PRINT(GOSSIP_MSG_MEET, 2);
    PRINT(GOSSIP_MSG_JOIN, 3);
    PRINT(GOSSIP_MSG_LEAVE, 4);
    PRINT(GOSSIP_MSG_UPDATE, 5);
    PRINT(sizeof(gossip_error_code_t), 4);
    PRINT(sizeof(enum gossip_error_code), 4);
    PRINT(GOSSIP_ERR_SUCCESS, 0);
    PRINT(GOSSIP_ERR_NETWORK_ERROR, 1);
    PRINT(GOSSIP_ERR_SERIALIZATION_ERROR, 2);
    PRINT(GOSSIP_ERR_INVALID_ARGUMENT, 3);
    PRINT(GOSSIP_ERR_OPERATION_NOT_PERMITTED, 4);
    PRINT(sizeof(gossip_transport_type_t), 4);
    PRINT(sizeof(enum gossip_transport_type), 4);
    PRINT(GOSSIP_TRANSPORT_UDP, 0);
    PRINT(GOSSIP_TRANSPORT_TCP, 1);
    return wrong != 0;
}
