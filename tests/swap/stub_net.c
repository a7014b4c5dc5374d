/* Stands for the libgossip_net.so.1 of version 1.4.2 while a program is linked. */
#define STUB(name)                                                                                 \
    void *name(void);                                                                              \
    void *name(void) { return 0; }

STUB(gossip_json_serializer_create)
STUB(gossip_serializer_destroy)
STUB(gossip_serializer_serialize)
STUB(gossip_serializer_deserialize)
STUB(gossip_transport_create)
STUB(gossip_transport_destroy)
STUB(gossip_transport_start)
STUB(gossip_transport_stop)
STUB(gossip_transport_send_message)
STUB(gossip_transport_set_core)
STUB(gossip_transport_set_serializer)
STUB(gossip_transport_factory_create)
