/* libgossip_net: the transport functions under the soname that they have always had.
 *
 * The code is in libgossip, so that there is one copy of it and one state. Each function here hands
 * its arguments to that code's private name, which the linker makes when libgossip is linked.
 * The build reads this list: a line begins with the result, then the name without its `gossip_`.
 */
#include "net/gossip_net.h"

#define FORWARD(result, name, parameters, arguments)                                               \
    extern result gossip_impl_##name parameters;                                                   \
    LIBGOSSIP_API result gossip_##name parameters { return gossip_impl_##name arguments; }

#define FORWARD_VOID(result, name, parameters, arguments)                                          \
    extern result gossip_impl_##name parameters;                                                   \
    LIBGOSSIP_API result gossip_##name parameters { gossip_impl_##name arguments; }

/* clang-format off */
FORWARD(gossip_serializer_t *, json_serializer_create,
    (void), ())
FORWARD_VOID(void, serializer_destroy,
    (gossip_serializer_t *serializer), (serializer))
FORWARD(gossip_error_code_t, serializer_serialize,
    (const gossip_serializer_t *serializer, const gossip_message_t *msg, uint8_t **data,
     size_t *data_size),
    (serializer, msg, data, data_size))
FORWARD(gossip_error_code_t, serializer_deserialize,
    (const gossip_serializer_t *serializer, const uint8_t *data, size_t data_size,
     gossip_message_t *msg),
    (serializer, data, data_size, msg))
FORWARD(gossip_transport_t *, transport_create,
    (gossip_transport_type_t type, const char *host, uint16_t port), (type, host, port))
FORWARD_VOID(void, transport_destroy,
    (gossip_transport_t *transport), (transport))
FORWARD(gossip_error_code_t, transport_start,
    (gossip_transport_t *transport), (transport))
FORWARD(gossip_error_code_t, transport_stop,
    (gossip_transport_t *transport), (transport))
FORWARD(gossip_error_code_t, transport_send_message,
    (gossip_transport_t *transport, const gossip_message_t *msg, const gossip_node_view_t *target),
    (transport, msg, target))
FORWARD_VOID(void, transport_set_core,
    (gossip_transport_t *transport, gossip_core_t *core), (transport, core))
FORWARD_VOID(void, transport_set_serializer,
    (gossip_transport_t *transport, gossip_serializer_t *serializer), (transport, serializer))
FORWARD(gossip_transport_t *, transport_factory_create,
    (gossip_transport_type_t type, const char *host, uint16_t port), (type, host, port))
/* Not in libgossip 1.4.2: */
FORWARD(uint16_t, transport_port,
    (const gossip_transport_t *transport), (transport))
FORWARD(gossip_serializer_t *, serializer_create,
    (const char *name), (name))
FORWARD(const char *const *, serializer_names,
    (size_t *count), (count))
FORWARD(gossip_serializer_t *, serializer_create_custom,
    (const gossip_serializer_vtable_t *vtable), (vtable))
FORWARD(gossip_error_code_t, serializer_set_metadata,
    (size_t index, const char *key, size_t key_size, const char *value, size_t value_size),
    (index, key, key_size, value, value_size))
FORWARD(const char *, serializer_name,
    (const gossip_serializer_t *serializer), (serializer))
FORWARD(gossip_error_code_t, serializer_read,
    (const gossip_serializer_t *serializer, const uint8_t *data, size_t data_size,
     gossip_serializer_read_t callback, void *user_data),
    (serializer, data, data_size, callback, user_data))
FORWARD_VOID(void, buffer_free,
    (uint8_t *data), (data))
FORWARD_VOID(void, message_free_entries,
    (gossip_message_t *msg), (msg))
