/**
 * @file
 * @brief A node that runs itself: a gossip core with its sockets and its threads.
 *
 * All functions may be called from any thread and from inside callbacks. NULL where an object is
 * expected does no harm: the function does nothing or returns its failure value. No function
 * prints or ends the process. After fork() the child may only destroy what it inherited.
 *
 * Generated from src/ffi by tests/headers.rs; do not edit.
 */

#ifndef GOSSIP_NODE_C_H
#define GOSSIP_NODE_C_H

#include "../core/gossip_ext.h"
#include <stddef.h>
#include <stdint.h>

/**
 * Fills a gossip_node_config_t with its defaults: gossip_node_config_init(&config). Gives what
 * gossip_node_config_init_sized() returns.
 */
#define gossip_node_config_init(config) gossip_node_config_init_sized((config), sizeof *(config))

/**
 * A member of a cluster that runs by itself: a core, sockets for UDP and TCP, and threads. Opaque.
 */
struct gossip_node;

/**
 * How a node is to be. Fill it by gossip_node_config_init() and then set what you like; texts are
 * UTF-8 that ends in NUL, and everything is copied by gossip_node_create().
 */
struct gossip_node_config {
    /**
     * The bytes of this struct in the program; set by gossip_node_config_init().
     */
    size_t size;
    /**
     * Who it is; no two nodes may share one, and one that starts anew may keep it. All zero, the
     * default, takes a random one.
     */
    gossip_node_id_t id;
    /**
     * The address to listen on, numeric: "0.0.0.0" is all of IPv4, "::" all of both families. NULL,
     * the default, is "0.0.0.0".
     */
    const char *bind_host;
    /**
     * The address that others reach it at, numeric, where that is not bind_host: behind a translated
     * address, or in a container. NULL, the default, is bind_host; where that stands for all
     * addresses, others take the one that the node's messages come from.
     */
    const char *advertise_host;
    /**
     * A word for what it does, at most 63 bytes. NULL, the default, is none.
     */
    const char *role;
    /**
     * A word for where it stands, at most 63 bytes. NULL, the default, is none.
     */
    const char *region;
    /**
     * The name of the cluster, at most 255 bytes: packets of a cluster with another name are
     * refused. NULL, the default, is that of protocol, or none.
     */
    const char *cluster;
    /**
     * In which form it writes messages: "auto", the default, also by NULL, writes packets to who
     * reads them, and JSON to all others, strangers among them, so that a cluster of libgossip 1.4.2
     * is upgraded one node at a time. The other names of gossip_serializer_names() write that form
     * alone. It reads all of them in any case.
     */
    const char *serializer;
    /**
     * The keys of what it spreads with itself from the start; NULL for none.
     */
    const char *const *metadata_keys;
    /**
     * Their values.
     */
    const char *const *metadata_values;
    /**
     * How many of them there are. Default 0.
     */
    size_t metadata_count;
    /**
     * The constants of the protocol; NULL, the default, is GOSSIP_PROFILE_LAN. changes_settle_ms is
     * that of on_changes. has_seed and manual_clock must be 0, packets is 1 for "binary" where
     * serializer is NULL, and has_streams is the node's own to set.
     */
    const gossip_config_t *protocol;
    /**
     * Is told of each change. Default NULL.
     *
     * Callbacks run on a thread of the node for them, gossip-events, which exists if one is set,
     * with no lock held, one at a time and in the order in which things were decided. They may call
     * every function, gossip_node_destroy() included, which then takes effect when they return, and
     * may take their time: the protocol runs on another thread. What waits meanwhile is bounded; past
     * 16384 changes those of one node are joined, so that its last state is told in any case. They
     * must be left neither by longjmp nor by an exception, which would end the process.
     */
    gossip_event_callback_t on_event;
    /**
     * Is told of all changes that waited, together, after on_event. Default NULL. The rules of
     * on_event hold here too.
     */
    gossip_changes_callback_t on_changes;
    /**
     * Handed to both and never touched.
     */
    void *user_data;
    /**
     * Called once with user_data, when no callback runs any more: by gossip_node_destroy(), or if that
     * is called inside a callback, when that has returned; or by gossip_node_create() if it fails.
     */
    gossip_drop_callback_t drop_user_data;
    /**
     * The port to listen on, by UDP and TCP, 0 to 65535; 0, the default, is any that is free for both.
     */
    uint32_t port;
    /**
     * The port that others reach it at, 0 to 65535; 0, the default, is the one that is listened on.
     */
    uint32_t advertise_port;
};

/**
 * See gossip_node_config.
 */
typedef struct gossip_node_config gossip_node_config_t;

/**
 * See gossip_node.
 */
typedef struct gossip_node gossip_node_t;

/**
 * What a node's sockets and queues did since its last start. Bytes are those of datagrams without the
 * headers of IP and UDP.
 */
struct gossip_node_net_stats {
    /**
     * The bytes of this struct in the program: set it to sizeof(gossip_node_net_stats_t) before.
     */
    size_t size;
    /**
     * Datagrams that the system took.
     */
    uint64_t datagrams_sent;
    /**
     * Their bytes.
     */
    uint64_t bytes_sent;
    /**
     * Datagrams that came.
     */
    uint64_t datagrams_received;
    /**
     * Their bytes.
     */
    uint64_t bytes_received;
    /**
     * Messages, over connections too, that the system or a full queue did not take.
     */
    uint64_t unsent;
    /**
     * Messages to members whose address is no numeric one.
     */
    uint64_t unaddressed;
    /**
     * What came, over connections too, and was no message.
     */
    uint64_t junk;
    /**
     * Errors of the system while reading; reading went on.
     */
    uint64_t read_errors;
    /**
     * Messages over connections, sent or queued.
     */
    uint64_t stream_sent;
    /**
     * Messages that came over connections.
     */
    uint64_t stream_received;
    /**
     * Messages that were queued for a connection and then could not be sent.
     */
    uint64_t stream_lost;
    /**
     * Connections made by the node.
     */
    uint64_t connected;
    /**
     * Connections accepted.
     */
    uint64_t accepted;
    /**
     * Connections closed at once, since there were too many.
     */
    uint64_t turned_away;
    /**
     * Accepted connections closed by the node: silent, idle, or with a frame beyond the limit.
     */
    uint64_t closed;
    /**
     * Changes that wait for the callbacks now.
     */
    uint64_t changes_waiting;
    /**
     * Changes that were joined with one before them, since the callbacks were slow.
     */
    uint64_t changes_joined;
    /**
     * 1: connections can be made to the node. 0: its port was free by UDP only.
     */
    uint64_t listens_on_tcp;
};

/**
 * See gossip_node_net_stats.
 */
typedef struct gossip_node_net_stats gossip_node_net_stats_t;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * Fills a configuration with its defaults. Call it by the macro gossip_node_config_init(), which
 * passes the size.
 *
 * @param config What is filled, its size too.
 * @param size The bytes of the struct in the program: sizeof(gossip_node_config_t).
 * @return GOSSIP_ERR_SUCCESS; GOSSIP_ERR_INVALID_ARGUMENT if config is NULL or size cannot be the
 * size of a configuration. gossip_last_error() then says which.
 *
 * Threads: any. From callbacks: yes. Since 1.6.
 *
 * @pre
 * config is NULL or points to size bytes that may be overwritten.
 */
LIBGOSSIP_API
gossip_error_code_t gossip_node_config_init_sized(gossip_node_config_t *config,
                                                  size_t size);

/**
 * Makes a node. No socket and no thread is made before gossip_node_start().
 *
 * @param config How it is to be; copied.
 * @return The node, to be freed by gossip_node_destroy(); NULL if config is NULL or has a flaw:
 * gossip_last_error() then names the field, its value and what to do about it.
 * config->drop_user_data is called then too, unless config->size itself is wrong.
 *
 * Threads: any. From callbacks: yes. Since 1.6.
 *
 * @pre
 * config is NULL or points to a configuration with as many bytes as its size says, whose texts are
 * NULL or end in NUL, whose metadata_keys and metadata_values are NULL or arrays of metadata_count
 * such texts, and whose protocol is NULL or points to a configuration in the same way.
 */
LIBGOSSIP_API gossip_node_t *gossip_node_create(const gossip_node_config_t *config);

/**
 * Stops a node, as gossip_node_stop() does, and frees it. Without a gossip_node_leave() before it,
 * the others take that for a crash.
 *
 * No callback runs after it has returned. Called inside a callback of the node it returns at once,
 * and that callback is the last one; so it is with a callback that does not return within a second.
 *
 * @param node The node; NULL does nothing. In a forked child this gives nothing back, closes nothing
 * of the parent's and is safe.
 *
 * Threads: any one, when no other thread calls a function with this node any more. From callbacks:
 * yes. From destructors of static and thread-local objects: yes. Since 1.6.
 *
 * @pre
 * node is NULL or came from gossip_node_create() and was not destroyed.
 */
LIBGOSSIP_API
void gossip_node_destroy(gossip_node_t *node);

/**
 * Starts a node: binds its port by UDP and TCP and makes its threads, gossip-node and, if there is a
 * callback, gossip-events. They block all signals.
 *
 * If the port is another's by TCP, the node lives by UDP alone, with a log line. A node that was
 * stopped can be started again: it knows nobody then, keeps its id, its metadata and, if that can be
 * had, its port, and is believed at once by those who knew it before.
 *
 * @param node The node.
 * @return GOSSIP_ERR_SUCCESS; GOSSIP_ERR_NETWORK_ERROR if it is started already, the port cannot be
 * had by UDP, or there is no thread to be had; GOSSIP_ERR_INVALID_ARGUMENT if node is NULL;
 * GOSSIP_ERR_OPERATION_NOT_PERMITTED in a forked child, while a callback of the run before runs
 * still, or if the system gives no random numbers.
 *
 * Threads: any. From callbacks: yes. Since 1.6.
 *
 * @pre
 * node is NULL or was not destroyed.
 */
LIBGOSSIP_API
gossip_error_code_t gossip_node_start(gossip_node_t *node);

/**
 * Stops a node: closes its sockets and ends its threads, within a second. It does not leave, so the
 * others take it for a crash; call gossip_node_leave() before, if it is none.
 *
 * Changes that wait for a callback are not told any more. What the node knew of the others can still
 * be read. Inside a callback of the node it only asks for the end, which comes when the callback
 * returns.
 *
 * @param node The node. One that is not started is left as it is.
 * @return GOSSIP_ERR_SUCCESS; GOSSIP_ERR_INVALID_ARGUMENT if node is NULL;
 * GOSSIP_ERR_OPERATION_NOT_PERMITTED in a forked child, or if a callback did not return within a
 * second: it is the last one, and the thread ends after it.
 *
 * Threads: any. From callbacks: yes. Since 1.6.
 *
 * @pre
 * node is NULL or was not destroyed.
 */
LIBGOSSIP_API
gossip_error_code_t gossip_node_stop(gossip_node_t *node);

/**
 * The port that a node listens on, or that it last listened on.
 *
 * @param node The node.
 * @return The port; before the first start the one that was asked for; 0 if node is NULL or this is a
 * forked child.
 *
 * Threads: any. From callbacks: yes. Since 1.6.
 *
 * @pre
 * node is NULL or was not destroyed.
 */
LIBGOSSIP_API
uint16_t gossip_node_port(const gossip_node_t *node);

/**
 * Joins the cluster that any of some addresses is in.
 *
 * All are asked at once, a name at all the addresses that it has; an address that does not answer by
 * UDP within 0.3 seconds is asked by TCP, too. Returns as soon as one has answered, when nothing is
 * left to wait for, or when the time is over. Those that did not answer are asked on in the
 * background, for join_timeout_ms of the configuration, and while no other member is online all are
 * tried again each heal_interval_ms, names looked up anew, until gossip_node_leave(): so a node may
 * be started before those that it joins.
 *
 * @param node The node; it must be started.
 * @param addresses Texts such as "10.0.0.1:7946" or "db-7.internal:7946"; an IPv6 address stands
 * in brackets.
 * @param count How many there are, 1 to 256.
 * @param timeout_ms How long to wait for the first answer in milliseconds; 0 does not wait.
 * @return How many have answered: 1 or more, or 0 if timeout_ms is 0. Others may answer later.
 * gossip_last_error() then tells of those of which it is known already that they do not. Below 0:
 * nobody answered, as -GOSSIP_ERR_NETWORK_ERROR, where gossip_last_error() says of each address why,
 * also if the node is not started; -GOSSIP_ERR_INVALID_ARGUMENT if an argument is NULL or count is
 * out of its range; -GOSSIP_ERR_OPERATION_NOT_PERMITTED in a forked child.
 *
 * Threads: any; the node goes on meanwhile, and gossip_node_stop() ends the wait. From callbacks: yes,
 * also with a wait. Since 1.6.
 *
 * @pre
 * node is NULL or was not destroyed; addresses is NULL or an array of count texts that are NULL or end
 * in NUL.
 */
LIBGOSSIP_API
int gossip_node_join(gossip_node_t *node,
                     const char *const *addresses,
                     size_t count,
                     uint32_t timeout_ms);

/**
 * Leaves the cluster: the others then list the node as left and not as failed.
 *
 * Waits until that was told often enough, which takes leave_rounds rounds of the configuration, or
 * as many in less time if timeout_ms is shorter. Afterwards the node asks nobody anything any more
 * and tells who asks that it has left, until it is stopped; gossip_node_join() brings it back.
 *
 * @param node The node; it must be started.
 * @param timeout_ms How long to wait in milliseconds; 0 does not wait, and the leave is told in the
 * background.
 * @return GOSSIP_ERR_SUCCESS; GOSSIP_ERR_INVALID_ARGUMENT if node is NULL; GOSSIP_ERR_NETWORK_ERROR if
 * it is not started; GOSSIP_ERR_OPERATION_NOT_PERMITTED in a forked child.
 *
 * Threads: any. From callbacks: yes, also with a wait. Since 1.6.
 *
 * @pre
 * node is NULL or was not destroyed.
 */
LIBGOSSIP_API
gossip_error_code_t gossip_node_leave(gossip_node_t *node,
                                      uint32_t timeout_ms);

/**
 * All known nodes but this one, in the order in which they became known: also those that are suspect,
 * failed or left, or of which others told that have not been heard themselves yet. Addresses that
 * were joined and have not answered are no members.
 *
 * @param node The node.
 * @param info_size The bytes of one gossip_node_info_t in the program: sizeof(gossip_node_info_t).
 * @param count Where their number is put.
 * @return An array of as many, one block to be freed by free(); NULL if there are none, *count being
 * 0 then, or if an argument is NULL, info_size is wrong, there is no memory, or the node cannot be
 * used: *count is left as it is then, and gossip_last_error() says why.
 *
 * Threads: any. From callbacks: yes. Since 1.6.
 *
 * @pre
 * node is NULL or was not destroyed; count is NULL or may be written.
 */
LIBGOSSIP_API
gossip_node_info_t *gossip_node_members(const gossip_node_t *node,
                                        size_t info_size,
                                        size_t *count);

/**
 * All that is known of one node.
 *
 * @param node The node.
 * @param id Whom to look for; the own id finds the node itself.
 * @param info Where it is put if it is known; set its size before. Left as it is otherwise.
 * @return 1 if it is known; 0 if not, or if an argument is NULL, the size is wrong or the node cannot
 * be used: gossip_last_error() then says why.
 *
 * Threads: any. From callbacks: yes. Since 1.6.
 *
 * @pre
 * node is NULL or was not destroyed; id is NULL or points to an id; info is NULL or points to a struct
 * with as many bytes as its size says.
 */
LIBGOSSIP_API
int gossip_node_find(const gossip_node_t *node,
                     const gossip_node_id_t *id,
                     gossip_node_info_t *info);

/**
 * The node itself, as it tells others of it.
 *
 * @param node The node.
 * @param info Where it is put; set its size before. Its address is empty if others are to take the one
 * that its messages come from.
 * @return 1; 0 if an argument is NULL, the size is wrong or the node cannot be used.
 *
 * Threads: any. From callbacks: yes. Since 1.6.
 *
 * @pre
 * node is NULL or was not destroyed; info is NULL or points to a struct with as many bytes as its size
 * says.
 */
LIBGOSSIP_API
int gossip_node_self(const gossip_node_t *node,
                     gossip_node_info_t *info);

/**
 * Sets one pair of the node's own metadata, and spreads it. The key "config_epoch" sets the own
 * config_epoch, too, if its value begins with a number.
 *
 * @param node The node; if it is not started, it has the pair from the start on.
 * @param key The key.
 * @param value Its value.
 * @return GOSSIP_ERR_SUCCESS; GOSSIP_ERR_INVALID_ARGUMENT if something is NULL, or it would be more
 * than 65536 bytes in all, or the epoch would fall; GOSSIP_ERR_OPERATION_NOT_PERMITTED in a forked
 * child.
 *
 * Threads: any. From callbacks: yes. Since 1.6.
 *
 * @pre
 * node is NULL or was not destroyed; key and value are NULL or texts that end in NUL.
 */
LIBGOSSIP_API
gossip_error_code_t gossip_node_set_metadata(gossip_node_t *node,
                                             const char *key,
                                             const char *value);

/**
 * Takes one pair of the node's own metadata away; the others learn of it.
 *
 * @param node The node.
 * @param key The key.
 * @return 1 if there was such a pair; 0 if not, or if an argument is NULL or the node cannot be used:
 * gossip_last_error() then says which.
 *
 * Threads: any. From callbacks: yes. Since 1.6.
 *
 * @pre
 * node is NULL or was not destroyed; key is NULL or a text that ends in NUL.
 */
LIBGOSSIP_API
int gossip_node_remove_metadata(gossip_node_t *node,
                                const char *key);

/**
 * One value of the metadata of the node itself or of a member.
 *
 * Ask with value NULL for the size, make room, and ask again; or ask with a buffer at once.
 *
 * @param node The node.
 * @param id Whose; the own id finds that of the node itself.
 * @param key The key.
 * @param value Where the value is put, in UTF-8 with a NUL behind it; NULL only asks for the size.
 * Left as it is if the value has no room.
 * @param value_size Before: the bytes that value has room for; not looked at if value is NULL. After:
 * the bytes of the value with its NUL, put or not; 0 if there is no such key. A value has at most
 * 65536 bytes.
 * @return 1 if the value was put; 0 if there is none, it has no room or value is NULL, or an argument
 * is wrong: gossip_last_error() then says which.
 *
 * Threads: any. From callbacks: yes. Since 1.6.
 *
 * @pre
 * node is NULL or was not destroyed; id is NULL or points to an id; key is NULL or a text that ends in
 * NUL; value_size is NULL or points to a size_t, and value is NULL or has as many bytes.
 */
LIBGOSSIP_API
int gossip_node_get_metadata(const gossip_node_t *node,
                             const gossip_node_id_t *id,
                             const char *key,
                             char *value,
                             size_t *value_size);

/**
 * Walks the metadata of the node itself or of a member.
 *
 * @param node The node.
 * @param id Whose; the own id finds that of the node itself.
 * @param callback Called for each pair, on this thread and before this returns.
 * @param user_data Handed to the callback.
 * @return How many pairs there are; 0 also if nothing is known of them or an argument is wrong:
 * gossip_last_error() then says which.
 *
 * Threads: any. From callbacks: yes. Since 1.6.
 *
 * @pre
 * node is NULL or was not destroyed; id is NULL or points to an id.
 */
LIBGOSSIP_API
size_t gossip_node_each_metadata(const gossip_node_t *node,
                                 const gossip_node_id_t *id,
                                 gossip_metadata_callback_t callback,
                                 void *user_data);

/**
 * What a node counted since its last start, and what it has now.
 *
 * @param node The node.
 * @param stats Where it is put; set its size before. Left as it is on an error, and before the first
 * start.
 * @return GOSSIP_ERR_SUCCESS; GOSSIP_ERR_INVALID_ARGUMENT if an argument is NULL or the size is wrong;
 * GOSSIP_ERR_NETWORK_ERROR before the first start; GOSSIP_ERR_OPERATION_NOT_PERMITTED in a forked
 * child.
 *
 * Threads: any. From callbacks: yes. Since 1.6.
 *
 * @pre
 * node is NULL or was not destroyed; stats is NULL or points to a struct with as many bytes as its
 * size says.
 */
LIBGOSSIP_API
gossip_error_code_t gossip_node_get_stats(const gossip_node_t *node,
                                          gossip_stats_t *stats);

/**
 * What a node knows of its way to one member.
 *
 * @param node The node.
 * @param id Which member.
 * @param stats Where it is put if the member is known; set its size before. Left as it is otherwise.
 * @return 1 if it is known; 0 if not, if it is the node itself, an argument is NULL or the size is
 * wrong: gossip_last_error() then says which.
 *
 * Threads: any. From callbacks: yes. Since 1.6.
 *
 * @pre
 * node is NULL or was not destroyed; id is NULL or points to an id; stats is NULL or points to a struct
 * with as many bytes as its size says.
 */
LIBGOSSIP_API
int gossip_node_get_peer_stats(const gossip_node_t *node,
                               const gossip_node_id_t *id,
                               gossip_peer_stats_t *stats);

/**
 * What a node's sockets and queues did since its last start.
 *
 * @param node The node.
 * @param stats Where it is put; set its size before. Left as it is on an error.
 * @return GOSSIP_ERR_SUCCESS; GOSSIP_ERR_INVALID_ARGUMENT if an argument is NULL or the size is wrong;
 * GOSSIP_ERR_OPERATION_NOT_PERMITTED in a forked child.
 *
 * Threads: any. From callbacks: yes. Since 1.6.
 *
 * @pre
 * node is NULL or was not destroyed; stats is NULL or points to a struct with as many bytes as its
 * size says.
 */
LIBGOSSIP_API
gossip_error_code_t gossip_node_get_net_stats(const gossip_node_t *node,
                                              gossip_node_net_stats_t *stats);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* GOSSIP_NODE_C_H */
