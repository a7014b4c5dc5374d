/* Stands for the libgossip.so.1 of version 1.4.2 while a program is linked: the names it had, and
 * no code. No header is included, because only the names matter to the linker. */
#define STUB(name)                                                                                 \
    void *name(void);                                                                              \
    void *name(void) { return 0; }

STUB(gossip_core_create)
STUB(gossip_core_destroy)
STUB(gossip_core_tick)
STUB(gossip_core_tick_full_broadcast)
STUB(gossip_core_handle_message)
STUB(gossip_core_meet)
STUB(gossip_core_join)
STUB(gossip_core_leave)
STUB(gossip_core_self)
STUB(gossip_core_free_self)
STUB(gossip_core_get_nodes)
STUB(gossip_core_free_nodes)
STUB(gossip_core_find_node)
STUB(gossip_core_size)
STUB(gossip_core_reset)
STUB(gossip_core_get_internal)
STUB(gossip_core_update_self_metadata)
