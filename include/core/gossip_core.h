/**
 * @file
 * @brief Cluster membership and failure detection by gossip: one node and its view of the others.
 *
 * All functions may be called from any thread and from inside callbacks. NULL where an object is
 * expected does no harm: the function does nothing or returns its failure value. No function
 * prints or ends the process. After fork() the child may only destroy what it inherited.
 *
 * Generated from src/ffi by tests/headers.rs; do not edit.
 */

#ifndef GOSSIP_C_H
#define GOSSIP_C_H

#include "libgossip_api.h"
#include <stddef.h>
#include <stdint.h>

/**
 * The version of this header: 10000 * major + 100 * minor + patch. gossip_version_number() is that
 * of the library that runs.
 */
#define GOSSIP_VERSION_NUMBER 10600

/**
 * What is known of a node.
 */
enum gossip_node_status {
    /**
     * Nothing: the old status of a node that is seen for the first time.
     */
    GOSSIP_NODE_UNKNOWN = 0,
    /**
     * Met or told of, but not heard from yet.
     */
    GOSSIP_NODE_JOINING = 1,
    /**
     * Alive.
     */
    GOSSIP_NODE_ONLINE = 2,
    /**
     * It did not answer; it has some time left to show that it is alive.
     */
    GOSSIP_NODE_SUSPECT = 3,
    /**
     * It is taken for dead, or it has left.
     */
    GOSSIP_NODE_FAILED = 4,
};

/**
 * What a function of the network part returns.
 */
enum gossip_error_code {
    /**
     * It is done.
     */
    GOSSIP_ERR_SUCCESS = 0,
    /**
     * The network refused: an address in use, nobody listening, not started.
     */
    GOSSIP_ERR_NETWORK_ERROR = 1,
    /**
     * A message could not be written or read as bytes.
     */
    GOSSIP_ERR_SERIALIZATION_ERROR = 2,
    /**
     * An argument is NULL or out of its range.
     */
    GOSSIP_ERR_INVALID_ARGUMENT = 3,
    /**
     * Not possible in this state.
     */
    GOSSIP_ERR_OPERATION_NOT_PERMITTED = 4,
};

/**
 * What a message is for.
 *
 * Messages may also carry the numbers 6 and 7 here (a request to probe a node for the sender, and
 * the answer that it could not be reached). Pass them on like the others.
 */
enum gossip_message_type {
    /**
     * A probe: "are you there?"
     */
    GOSSIP_MSG_PING = 0,
    /**
     * The answer to a ping, a meet or a join.
     */
    GOSSIP_MSG_PONG = 1,
    /**
     * Makes the sender known to the receiver.
     */
    GOSSIP_MSG_MEET = 2,
    /**
     * Like a meet, and asks for the list of members.
     */
    GOSSIP_MSG_JOIN = 3,
    /**
     * A node leaves.
     */
    GOSSIP_MSG_LEAVE = 4,
    /**
     * Carries entries and asks for no answer.
     */
    GOSSIP_MSG_UPDATE = 5,
};

/**
 * One node's membership: what it knows of the others and what it tells them. Opaque.
 */
struct gossip_core;

/**
 * See gossip_node_status.
 */
typedef enum gossip_node_status gossip_node_status_t;

/**
 * See gossip_error_code.
 */
typedef enum gossip_error_code gossip_error_code_t;

/**
 * See gossip_core.
 */
typedef struct gossip_core gossip_core_t;

/**
 * The identity of a node: 16 bytes that its owner chose, no two nodes the same.
 */
struct gossip_node_id {
    /**
     * The bytes, in the order in which they travel.
     */
    uint8_t data[16];
};

/**
 * See gossip_node_id.
 */
typedef struct gossip_node_id gossip_node_id_t;

/**
 * One node as it is told of. Texts are UTF-8 and end in NUL within their array.
 */
struct gossip_node_view {
    /**
     * Whom it is about.
     */
    gossip_node_id_t id;
    /**
     * Its address: a numeric IPv4 or IPv6 address, or whatever your own transport uses.
     */
    char ip[64];
    /**
     * Its port, 1 to 65535 for the library's transports.
     */
    int port;
    /**
     * The epoch of its configuration (address, role, region, metadata): a higher one wins.
     */
    uint64_t config_epoch;
    /**
     * The counter that only the node itself raises; below 2^63.
     */
    uint64_t heartbeat;
    /**
     * Counts changes; carried, never compared.
     */
    uint64_t version;
    /**
     * What is known of it.
     */
    gossip_node_status_t status;
    /**
     * A word for what it does.
     */
    char role[64];
    /**
     * A word for where it stands.
     */
    char region[64];
    /**
     * Messages sent; only in what gossip_core_self() returns, else 0.
     */
    uint64_t sent_messages;
    /**
     * Messages received; only in what gossip_core_self() returns, else 0.
     */
    uint64_t received_messages;
};

/**
 * See gossip_node_view.
 */
typedef struct gossip_node_view gossip_node_view_t;

/**
 * See gossip_message_type.
 */
typedef enum gossip_message_type gossip_message_type_t;

/**
 * One message between two nodes.
 */
struct gossip_message {
    /**
     * Who says it.
     */
    gossip_node_id_t sender;
    /**
     * What it is for.
     */
    gossip_message_type_t type;
    /**
     * The sender's heartbeat, or one less.
     */
    uint64_t timestamp;
    /**
     * What it tells of nodes, entries_count of them; may be NULL if there are none.
     */
    gossip_node_view_t *entries;
    /**
     * How many entries there are, at most 4096.
     */
    size_t entries_count;
};

/**
 * See gossip_message.
 */
typedef struct gossip_message gossip_message_t;

/**
 * Sends one message; called by the functions of a core.
 *
 * No lock of the library is held: any function may be called here, for any core, and
 * gossip_core_destroy() too, which then takes effect when this returns. The callbacks of one core
 * run one at a time, in the order in which things were decided. What a call made here brings
 * about is handed out after the current callback. Do not leave by longjmp. An exception may leave
 * through the call that led to it, but ends the process on a thread of the library.
 *
 * @param msg The message and its entries; valid until this returns.
 * @param target Whom it is for; only its ip and port matter. Valid until this returns.
 * @param user_data What was given to gossip_core_create().
 */
typedef void (*gossip_send_callback_t)(const gossip_message_t *msg,
                                       const gossip_node_view_t *target,
                                       void *user_data);

/**
 * Tells of one change of one node; called by the functions of a core.
 *
 * The rules of gossip_send_callback_t hold here too.
 *
 * @param node The node after the change; valid until this returns.
 * @param old_status Its status before: GOSSIP_NODE_UNKNOWN at first sight, and the same as the
 * new one if only its metadata, role, region or address changed.
 * @param user_data What was given to gossip_core_create().
 */
typedef void (*gossip_event_callback_t)(const gossip_node_view_t *node,
                                        gossip_node_status_t old_status,
                                        void *user_data);

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * What went wrong in this thread's last call, for a person to read.
 *
 * It names the function, the argument, its value and the remedy. Functions that free something
 * leave it as it is.
 *
 * @return The text, never NULL; empty if the last call of this thread had no error. Owned by the
 * library and valid until this thread's next call into it.
 *
 * Threads: any; each has its own. From callbacks: yes. Since 1.5.
 */
LIBGOSSIP_API const char *gossip_last_error(void);

/**
 * The version of the library that runs, as text.
 *
 * @return Three numbers with dots; a constant of the library, not to be freed.
 *
 * Threads: any. From callbacks: yes. Since 1.5.
 */
LIBGOSSIP_API const char *gossip_version(void);

/**
 * The version of the library that runs, as a number to compare with GOSSIP_VERSION_NUMBER.
 *
 * @return 10000 * major + 100 * minor + patch.
 *
 * Threads: any. From callbacks: yes. Since 1.5.
 */
LIBGOSSIP_API int gossip_version_number(void);

/**
 * The name of a status in lower case.
 *
 * @param status Any number.
 * @return "unknown", "joining", "online", "suspect", "failed", or "invalid" for another number; a
 * constant of the library, not to be freed.
 *
 * Threads: any. From callbacks: yes. Since 1.5.
 */
LIBGOSSIP_API const char *gossip_status_string(gossip_node_status_t status);

/**
 * What an error code says, in lower case.
 *
 * @param code Any number.
 * @return A few words, "unknown error code" for another number; a constant of the library, not to
 * be freed.
 *
 * Threads: any. From callbacks: yes. Since 1.5.
 */
LIBGOSSIP_API const char *gossip_error_string(gossip_error_code_t code);

/**
 * Makes a node.
 *
 * Starts no thread and sends nothing. The node does something only when a function is called.
 *
 * @param self_node The node itself; copied. Its status becomes GOSSIP_NODE_ONLINE whatever it is
 * here. An id of your own choice, the same after a restart if you like; no two nodes may share one.
 * @param send_callback Called for each message to send; may be NULL, then messages are only
 * counted.
 * @param event_callback Called for each change of a node; may be NULL.
 * @param user_data Handed to both callbacks and never touched.
 * @return The core, to be freed by gossip_core_destroy(); NULL if self_node is NULL, has a text
 * without NUL or a counter of 2^63 or more. gossip_last_error() then says which.
 *
 * Threads: any. From callbacks: yes. Since 1.0.
 *
 * @pre
 * self_node is NULL or points to a view. The callbacks may be called from every thread that calls
 * a function with this core or that belongs to a transport of it.
 */
LIBGOSSIP_API
gossip_core_t *gossip_core_create(const gossip_node_view_t *self_node,
                                  gossip_send_callback_t send_callback,
                                  gossip_event_callback_t event_callback,
                                  void *user_data);

/**
 * Frees a core.
 *
 * No callback of it runs after this has returned: a callback that runs in another thread is
 * waited for. Called inside a callback of the core itself it returns at once, and that callback
 * is the last one: user_data is free for other use when it returns, which only the program can
 * tell to its other threads. Transports of the core stay valid and drop what they receive. It
 * sends nothing: call gossip_core_leave() with the own id before, so that the others need not find
 * out.
 *
 * @param core The core; NULL does nothing. In a forked child this gives nothing back and is safe.
 *
 * Threads: any one, when no other thread calls a function with this core any more. Two threads
 * that each run a callback must not destroy each other's core: they would wait for each other.
 * From callbacks: yes. From destructors of static and thread-local objects: yes. Since 1.0.
 *
 * @pre
 * core is NULL or came from gossip_core_create() and was not destroyed.
 */
LIBGOSSIP_API void gossip_core_destroy(gossip_core_t *core);

/**
 * Runs one protocol round: pings some nodes and looks at those that did not answer.
 *
 * Call it at a steady pace, 10 ms to some seconds. Its cost does not depend on the number of
 * nodes. The callbacks that it leads to run before it returns, or in the thread that runs
 * callbacks of this core already.
 *
 * @param core The core; NULL does nothing.
 *
 * Threads: any. From callbacks: yes. Since 1.0.
 *
 * @pre
 * core is NULL or a core that was not destroyed.
 */
LIBGOSSIP_API void gossip_core_tick(gossip_core_t *core);

/**
 * Runs one protocol round that pings every node that is online.
 *
 * For small groups, and for tests; gossip_core_tick() is enough.
 *
 * @param core The core; NULL does nothing.
 *
 * Threads: any. From callbacks: yes. Since 1.0.
 *
 * @pre
 * core is NULL or a core that was not destroyed.
 */
LIBGOSSIP_API void gossip_core_tick_full_broadcast(gossip_core_t *core);

/**
 * Takes a message that your own transport received.
 *
 * A core that was given to gossip_transport_set_core() gets its messages without this. A message
 * with a foreign number, a text without NUL or a counter of 2^63 or more is not taken, as a
 * whole, and gossip_last_error() says why.
 *
 * @param core The core; NULL does nothing.
 * @param msg The message; NULL does nothing. Copied as far as needed.
 *
 * Threads: any. From callbacks: yes. Since 1.0.
 *
 * @pre
 * core is NULL or a core that was not destroyed; msg is NULL or points to a message whose entries
 * are NULL or an array of entries_count views.
 */
LIBGOSSIP_API void gossip_core_handle_message(gossip_core_t *core, const gossip_message_t *msg);

/**
 * Makes a node known to this one and this one to it.
 *
 * The node is GOSSIP_NODE_JOINING until it answers. Its id need not be known: make one up, and it
 * is replaced by the right one when the node at that address answers.
 *
 * @param core The core; NULL does nothing.
 * @param node Its address, and its id if known; its status is not looked at. NULL or the own id
 * do nothing.
 *
 * Threads: any. From callbacks: yes. Since 1.0.
 *
 * @pre
 * core is NULL or a core that was not destroyed; node is NULL or points to a view.
 */
LIBGOSSIP_API void gossip_core_meet(gossip_core_t *core, const gossip_node_view_t *node);

/**
 * Joins the group that a node belongs to: like gossip_core_meet(), and asks for its members.
 *
 * @param core The core; NULL does nothing.
 * @param node A member; as for gossip_core_meet().
 *
 * Threads: any. From callbacks: yes. Since 1.0.
 *
 * @pre
 * core is NULL or a core that was not destroyed; node is NULL or points to a view.
 */
LIBGOSSIP_API void gossip_core_join(gossip_core_t *core, const gossip_node_view_t *node);

/**
 * Tells the others that a node leaves.
 *
 * With the own id this node leaves; call gossip_core_tick() some more rounds so that all hear it.
 * gossip_core_meet() or gossip_core_join() bring it back. With another id the others are told
 * that this node has left; if it is alive it says so and stays.
 *
 * @param core The core; NULL does nothing.
 * @param node_id Who leaves; NULL and an id that is not known do nothing.
 *
 * Threads: any. From callbacks: yes. Since 1.0.
 *
 * @pre
 * core is NULL or a core that was not destroyed; node_id is NULL or points to an id.
 */
LIBGOSSIP_API void gossip_core_leave(gossip_core_t *core, const gossip_node_id_t *node_id);

/**
 * The node itself, as it tells others of itself, with its message counters.
 *
 * @param core The core.
 * @return A copy, to be freed by gossip_core_free_self() or free(); NULL if core is NULL or there
 * is no memory.
 *
 * Threads: any. From callbacks: yes. Since 1.0.
 *
 * @pre
 * core is NULL or a core that was not destroyed.
 */
LIBGOSSIP_API gossip_node_view_t *gossip_core_self(const gossip_core_t *core);

/**
 * Frees what gossip_core_self() returned.
 *
 * @param self_view The view; NULL does nothing.
 *
 * Threads: any. From callbacks: yes. Since 1.0.
 *
 * @pre
 * self_view is NULL or came from gossip_core_self() and was not freed.
 */
LIBGOSSIP_API void gossip_core_free_self(gossip_node_view_t *self_view);

/**
 * All known nodes but this one, in the order in which they became known.
 *
 * Failed nodes and those that left are among them until they are forgotten (after 24 hours).
 *
 * @param core The core.
 * @param count Where the number of nodes is put; left as it is if core is NULL.
 * @return An array of that many views, to be freed by gossip_core_free_nodes() or free(); NULL if
 * there are none, if core or count is NULL, or if there is no memory (then the number is 0).
 *
 * Threads: any. From callbacks: yes. Since 1.0.
 *
 * @pre
 * core is NULL or a core that was not destroyed; count is NULL or points to a size_t.
 */
LIBGOSSIP_API gossip_node_view_t *gossip_core_get_nodes(const gossip_core_t *core, size_t *count);

/**
 * Frees what gossip_core_get_nodes() returned.
 *
 * @param nodes The array; NULL does nothing.
 *
 * Threads: any. From callbacks: yes. Since 1.0.
 *
 * @pre
 * nodes is NULL or came from gossip_core_get_nodes() and was not freed.
 */
LIBGOSSIP_API void gossip_core_free_nodes(gossip_node_view_t *nodes);

/**
 * Looks up one node. The own id finds the node itself.
 *
 * @param core The core.
 * @param id Whom to look for.
 * @param out_node Where the node is put if it is found; left as it is otherwise.
 * @return 1 if it is known, 0 if not or if an argument is NULL.
 *
 * Threads: any. From callbacks: yes. Since 1.0.
 *
 * @pre
 * core is NULL or a core that was not destroyed; id is NULL or points to an id; out_node is NULL
 * or points to a view that may be overwritten.
 */
LIBGOSSIP_API
int gossip_core_find_node(const gossip_core_t *core,
                          const gossip_node_id_t *id,
                          gossip_node_view_t *out_node);

/**
 * The number of known nodes; this one is not counted, failed ones and those that left are.
 *
 * @param core The core.
 * @return The number; 0 if core is NULL.
 *
 * Threads: any. From callbacks: yes. Since 1.0.
 *
 * @pre
 * core is NULL or a core that was not destroyed.
 */
LIBGOSSIP_API size_t gossip_core_size(const gossip_core_t *core);

/**
 * Forgets all nodes and sets the message counters to zero; raises no events.
 *
 * The own id, metadata and configuration epoch stay.
 *
 * @param core The core; NULL does nothing.
 *
 * Threads: any. From callbacks: yes. Since 1.0.
 *
 * @pre
 * core is NULL or a core that was not destroyed.
 */
LIBGOSSIP_API void gossip_core_reset(gossip_core_t *core);

/**
 * A pointer that other functions of this library take in place of the core. Good for nothing else.
 *
 * @param core The core.
 * @return The pointer, valid as long as the core; NULL if core is NULL.
 *
 * Threads: any. From callbacks: yes. Since 1.0.
 *
 * @pre
 * core is NULL or a core that was not destroyed.
 */
LIBGOSSIP_API void *gossip_core_get_internal(gossip_core_t *core);

/**
 * Sets metadata of this node; the others learn of it with the next rounds.
 *
 * Keys that are not named keep their values. The key "config_epoch" also sets the own
 * configuration epoch, which may not fall. Text that is not UTF-8 is replaced where it is not.
 * All keys and values of a node together have at most 65536 bytes; if it would be more, nothing is
 * set and gossip_last_error() says so.
 *
 * @param core The core; NULL does nothing.
 * @param keys The keys; NULL does nothing.
 * @param values Their values; NULL does nothing. A pair with NULL in it is left out.
 * @param count How many pairs there are, at most 65536; 0 does nothing.
 *
 * Threads: any. From callbacks: yes. Since 1.0.
 *
 * @pre
 * core is NULL or a core that was not destroyed; keys and values are NULL or arrays of count
 * pointers, each NULL or a text that ends in NUL.
 */
LIBGOSSIP_API
void gossip_core_update_self_metadata(gossip_core_t *core,
                                      const char **keys,
                                      const char **values,
                                      size_t count);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* GOSSIP_C_H */
