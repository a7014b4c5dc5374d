/* The core functions of libgossip 1.4.2. See libgossip_api.h for what this file is. */
#ifndef GOSSIP_C_H
#define GOSSIP_C_H

#include "libgossip_api.h"

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum gossip_node_status {
    GOSSIP_NODE_UNKNOWN = 0,
    GOSSIP_NODE_JOINING = 1,
    GOSSIP_NODE_ONLINE = 2,
    GOSSIP_NODE_SUSPECT = 3,
    GOSSIP_NODE_FAILED = 4
} gossip_node_status_t;

typedef enum gossip_message_type {
    GOSSIP_MSG_PING = 0,
    GOSSIP_MSG_PONG = 1,
    GOSSIP_MSG_MEET = 2,
    GOSSIP_MSG_JOIN = 3,
    GOSSIP_MSG_LEAVE = 4,
    GOSSIP_MSG_UPDATE = 5
} gossip_message_type_t;

typedef struct gossip_node_id {
    uint8_t data[16];
} gossip_node_id_t;

typedef struct gossip_node_view {
    gossip_node_id_t id;
    char ip[64];
    int port;
    uint64_t config_epoch;
    uint64_t heartbeat;
    uint64_t version;
    gossip_node_status_t status;
    char role[64];
    char region[64];
    uint64_t sent_messages;
    uint64_t received_messages;
} gossip_node_view_t;

typedef struct gossip_message {
    gossip_node_id_t sender;
    gossip_message_type_t type;
    uint64_t timestamp;
    gossip_node_view_t *entries;
    size_t entries_count;
} gossip_message_t;

typedef struct gossip_core gossip_core_t;

typedef void (*gossip_send_callback_t)(const gossip_message_t *msg,
                                       const gossip_node_view_t *target, void *user_data);
typedef void (*gossip_event_callback_t)(const gossip_node_view_t *node,
                                        gossip_node_status_t old_status, void *user_data);

LIBGOSSIP_API gossip_core_t *gossip_core_create(const gossip_node_view_t *self_node,
                                                gossip_send_callback_t send_callback,
                                                gossip_event_callback_t event_callback,
                                                void *user_data);
LIBGOSSIP_API void gossip_core_destroy(gossip_core_t *core);
LIBGOSSIP_API void gossip_core_tick(gossip_core_t *core);
LIBGOSSIP_API void gossip_core_tick_full_broadcast(gossip_core_t *core);
LIBGOSSIP_API void gossip_core_handle_message(gossip_core_t *core, const gossip_message_t *msg);
LIBGOSSIP_API void gossip_core_meet(gossip_core_t *core, const gossip_node_view_t *node);
LIBGOSSIP_API void gossip_core_join(gossip_core_t *core, const gossip_node_view_t *node);
LIBGOSSIP_API void gossip_core_leave(gossip_core_t *core, const gossip_node_id_t *node_id);
LIBGOSSIP_API gossip_node_view_t *gossip_core_self(const gossip_core_t *core);
LIBGOSSIP_API void gossip_core_free_self(gossip_node_view_t *self_view);
LIBGOSSIP_API gossip_node_view_t *gossip_core_get_nodes(const gossip_core_t *core, size_t *count);
LIBGOSSIP_API void gossip_core_free_nodes(gossip_node_view_t *nodes);
LIBGOSSIP_API int gossip_core_find_node(const gossip_core_t *core, const gossip_node_id_t *id,
                                        gossip_node_view_t *out_node);
LIBGOSSIP_API size_t gossip_core_size(const gossip_core_t *core);
LIBGOSSIP_API void gossip_core_reset(gossip_core_t *core);
LIBGOSSIP_API void *gossip_core_get_internal(gossip_core_t *core);
LIBGOSSIP_API void gossip_core_update_self_metadata(gossip_core_t *core, const char **keys,
                                                    const char **values, size_t count);

#ifdef __cplusplus
}
#endif

#endif
