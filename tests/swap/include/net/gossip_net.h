/* The transport functions of libgossip 1.4.2. See core/libgossip_api.h for what this file is. */
#ifndef GOSSIP_NET_C_H
#define GOSSIP_NET_C_H

#include "../core/gossip_core.h"

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum gossip_error_code {
    GOSSIP_ERR_SUCCESS = 0,
    GOSSIP_ERR_NETWORK_ERROR = 1,
    GOSSIP_ERR_SERIALIZATION_ERROR = 2,
    GOSSIP_ERR_INVALID_ARGUMENT = 3,
    GOSSIP_ERR_OPERATION_NOT_PERMITTED = 4
} gossip_error_code_t;

typedef enum gossip_transport_type {
    GOSSIP_TRANSPORT_UDP = 0,
    GOSSIP_TRANSPORT_TCP = 1
} gossip_transport_type_t;

typedef struct gossip_transport gossip_transport_t;
typedef struct gossip_serializer gossip_serializer_t;

LIBGOSSIP_API gossip_serializer_t *gossip_json_serializer_create(void);
LIBGOSSIP_API void gossip_serializer_destroy(gossip_serializer_t *serializer);
LIBGOSSIP_API gossip_error_code_t
gossip_serializer_serialize(const gossip_serializer_t *serializer, const gossip_message_t *msg,
                            uint8_t **data, size_t *data_size);
LIBGOSSIP_API gossip_error_code_t
gossip_serializer_deserialize(const gossip_serializer_t *serializer, const uint8_t *data,
                              size_t data_size, gossip_message_t *msg);

LIBGOSSIP_API gossip_transport_t *gossip_transport_create(gossip_transport_type_t type,
                                                          const char *host, uint16_t port);
LIBGOSSIP_API void gossip_transport_destroy(gossip_transport_t *transport);
LIBGOSSIP_API gossip_error_code_t gossip_transport_start(gossip_transport_t *transport);
LIBGOSSIP_API gossip_error_code_t gossip_transport_stop(gossip_transport_t *transport);
LIBGOSSIP_API gossip_error_code_t gossip_transport_send_message(gossip_transport_t *transport,
                                                                const gossip_message_t *msg,
                                                                const gossip_node_view_t *target);
LIBGOSSIP_API void gossip_transport_set_core(gossip_transport_t *transport, gossip_core_t *core);
LIBGOSSIP_API void gossip_transport_set_serializer(gossip_transport_t *transport,
                                                   gossip_serializer_t *serializer);
LIBGOSSIP_API gossip_transport_t *gossip_transport_factory_create(gossip_transport_type_t type,
                                                                  const char *host, uint16_t port);

#ifdef __cplusplus
}
#endif

#endif
