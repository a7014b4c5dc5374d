/**
 * @file
 * @brief UDP and TCP transports for a gossip core, and messages as bytes.
 *
 * All functions may be called from any thread and from inside callbacks. NULL where an object is
 * expected does no harm: the function does nothing or returns its failure value. No function
 * prints or ends the process. After fork() the child may only destroy what it inherited.
 *
 * Generated from src/ffi by tests/headers.rs; do not edit.
 */

#ifndef GOSSIP_NET_C_H
#define GOSSIP_NET_C_H

#include "../core/gossip_core.h"
#include <stddef.h>
#include <stdint.h>

/**
 * What carries the messages of a transport.
 */
enum gossip_transport_type {
    /**
     * Datagrams: cheap, and what is lost is lost.
     */
    GOSSIP_TRANSPORT_UDP = 0,
    /**
     * Connections, made when first needed and used again.
     */
    GOSSIP_TRANSPORT_TCP = 1,
};

/**
 * A form of messages as bytes. Opaque; one serves any number of threads.
 */
struct gossip_serializer;

/**
 * Carries the messages of a core between this host and others. Opaque.
 */
struct gossip_transport;

/**
 * See gossip_serializer.
 */
typedef struct gossip_serializer gossip_serializer_t;

/**
 * Writes a message as bytes, for gossip_serializer_create_custom().
 *
 * @param user_data That of the serializer.
 * @param msg The message, lent for the call; its texts end in NUL and its type is 0 to 7.
 * @param data Where the bytes are to be put; they are given to the release function afterwards.
 * @param data_size Where their number is to be put: 1 to 1 MiB.
 * @return GOSSIP_ERR_SUCCESS, or anything else for a message that cannot be written; then nothing
 * that was put anywhere is looked at.
 */
typedef gossip_error_code_t (*gossip_serializer_encode_t)(void *user_data,
                                                          const gossip_message_t *msg,
                                                          uint8_t **data,
                                                          size_t *data_size);

/**
 * Reads a message from bytes, for gossip_serializer_create_custom().
 *
 * @param user_data That of the serializer.
 * @param data The bytes, lent for the call; at least one.
 * @param data_size Their number.
 * @param msg Where the message is to be put; it comes as an empty ping. Its entries are given to
 * the release function afterwards. Whatever is put there is checked as an argument would be, and
 * what has a flaw is counted as junk; at most 1024 entries are taken.
 * @return GOSSIP_ERR_SUCCESS, or anything else for bytes that are no message; then msg is not
 * looked at.
 */
typedef gossip_error_code_t (*gossip_serializer_decode_t)(void *user_data,
                                                          const uint8_t *data,
                                                          size_t data_size,
                                                          gossip_message_t *msg);

/**
 * Gives back what an encode or decode function made, for gossip_serializer_create_custom().
 *
 * @param user_data That of the serializer.
 * @param memory The bytes of an encode, or the entries of a decode; never NULL.
 */
typedef void (*gossip_serializer_release_t)(void *user_data, void *memory);

/**
 * Gives user data back, for gossip_serializer_create_custom().
 *
 * @param user_data That of the serializer, which nothing uses any more.
 */
typedef void (*gossip_serializer_drop_t)(void *user_data);

/**
 * The program's own form of messages, for gossip_serializer_create_custom().
 *
 * Its functions may be called on any thread, also on several at once and on the thread of a
 * transport, and with no lock held: they may call any function of this library. They must return;
 * no exception and no longjmp may leave them.
 */
struct gossip_serializer_vtable {
    /**
     * sizeof(gossip_serializer_vtable_t), which tells this version from later, larger ones.
     */
    size_t size;
    /**
     * What gossip_serializer_name() is to say, copied; NULL for "custom".
     */
    const char *name;
    /**
     * Writes a message.
     */
    gossip_serializer_encode_t encode;
    /**
     * Reads a message.
     */
    gossip_serializer_decode_t decode;
    /**
     * Gives back what the two above made; NULL if that came from malloc() and free() is to be used.
     */
    gossip_serializer_release_t release;
    /**
     * Handed to each function.
     */
    void *user_data;
    /**
     * Called once, when the serializer was destroyed and no transport uses it any more; NULL if
     * there is nothing to do.
     */
    gossip_serializer_drop_t drop_user_data;
};

/**
 * See gossip_serializer_vtable.
 */
typedef struct gossip_serializer_vtable gossip_serializer_vtable_t;

/**
 * Is lent a message that was read.
 *
 * No lock is held: any function may be called here. Do not leave by longjmp.
 *
 * @param msg The message and its entries; valid until this returns.
 * @param user_data What was given to gossip_serializer_read().
 */
typedef void (*gossip_serializer_read_t)(const gossip_message_t *msg, void *user_data);

/**
 * See gossip_transport.
 */
typedef struct gossip_transport gossip_transport_t;

/**
 * See gossip_transport_type.
 */
typedef enum gossip_transport_type gossip_transport_type_t;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * Makes a serializer for the JSON text that libgossip has always used.
 *
 * @return The serializer, to be freed by gossip_serializer_destroy(); NULL if there is no memory.
 *
 * Threads: any. From callbacks: yes. Since 1.0.
 */
LIBGOSSIP_API gossip_serializer_t *gossip_json_serializer_create(void);

/**
 * Makes a serializer by its name.
 *
 * "json" is the text of libgossip 1.4.2, which every node reads. "binary" is the packets of this
 * library: smaller, quicker, and with all that its protocol can say. "bincode" says the same as
 * they do, for programs in Rust that have that crate. "auto" reads all of them, and is what
 * gossip_transport_factory_create() gives a transport: it writes text to who is not known, and
 * packets to who has shown that it reads them.
 *
 * A transport that is given another one than "auto" is pinned to it: it writes and reads that form
 * alone. All nodes that it is to talk with must be pinned to the same; "auto" will do for "json".
 *
 * @param name One of gossip_serializer_names().
 * @return The serializer, to be freed by gossip_serializer_destroy(); NULL if the name is NULL or
 * not known, or there is no memory.
 *
 * Threads: any. From callbacks: yes. Since 1.6.
 *
 * @pre
 * name is NULL or a text that ends in NUL.
 */
LIBGOSSIP_API gossip_serializer_t *gossip_serializer_create(const char *name);

/**
 * The names that gossip_serializer_create() knows.
 *
 * @param count Where their number is put; NULL if it is not wanted.
 * @return The names, an array that is never freed.
 *
 * Threads: any. From callbacks: yes. Since 1.6.
 *
 * @pre
 * count is NULL or may be written.
 */
LIBGOSSIP_API const char *const *gossip_serializer_names(size_t *count);

/**
 * Makes a serializer of the program's own functions.
 *
 * They carry what is in gossip_message_t, metadata by gossip_serializer_set_metadata(), and none of
 * what this library's nodes say to each other in packets alone. In a datagram and in a stream a length
 * of four bytes stands before what they write, as before a text.
 *
 * @param vtable The functions, copied.
 * @return The serializer, to be freed by gossip_serializer_destroy(); NULL if vtable, its encode or
 * its decode is NULL, its size is too small, or there is no memory. Then its user data stays the
 * caller's.
 *
 * Threads: any. From callbacks: yes. Since 1.6.
 *
 * @pre
 * vtable is NULL or points to so many bytes as its size says; its functions are what their types
 * say, and they and user_data are good until drop_user_data was called.
 */
LIBGOSSIP_API
gossip_serializer_t *gossip_serializer_create_custom(const gossip_serializer_vtable_t *vtable);

/**
 * Sets one pair of the metadata of an entry, inside the decode function of a serializer of the
 * program's own, which has no room for it in its structs. The pairs set are all of it then; of entries
 * for which this is not called nothing is said about metadata. Inside an encode function
 * gossip_view_each_metadata() and its like of core/gossip_ext.h have that of the entries.
 *
 * @param index Which entry of the message that is being decoded, from 0 on.
 * @param key The key, which need not end in NUL; NULL to say that the node has no metadata at all.
 * @param key_size The bytes of the key.
 * @param value The value, which need not end in NUL; not looked at if key is NULL.
 * @param value_size The bytes of the value.
 * @return GOSSIP_ERR_SUCCESS; GOSSIP_ERR_INVALID_ARGUMENT if value is NULL, index is 1024 or more, or
 * the entry's metadata would have more than 65536 bytes; GOSSIP_ERR_OPERATION_NOT_PERMITTED if no
 * decode function runs on this thread.
 *
 * Threads: any, inside decode functions only. Since 1.6.
 *
 * @pre
 * key and value are NULL or have as many bytes as their sizes say.
 */
LIBGOSSIP_API
gossip_error_code_t gossip_serializer_set_metadata(size_t index,
                                                   const char *key,
                                                   size_t key_size,
                                                   const char *value,
                                                   size_t value_size);

/**
 * The name of a serializer.
 *
 * @param serializer The serializer.
 * @return The name, valid as long as the serializer; an empty text if it is NULL.
 *
 * Threads: any. From callbacks: yes. Since 1.6.
 *
 * @pre
 * serializer is NULL or was not destroyed.
 */
LIBGOSSIP_API const char *gossip_serializer_name(const gossip_serializer_t *serializer);

/**
 * Frees a serializer. Transports that it was set for keep what they need; user data of a
 * serializer of the program's own is given back when the last of them is gone, on any thread.
 *
 * @param serializer The serializer; NULL does nothing.
 *
 * Threads: any one, when no other thread uses it any more. From callbacks: yes. Since 1.0.
 *
 * @pre
 * serializer is NULL or came from a function of this library and was not destroyed.
 */
LIBGOSSIP_API void gossip_serializer_destroy(gossip_serializer_t *serializer);

/**
 * Writes a message as bytes.
 *
 * Inside a send callback, with the very message it was called with, the bytes have the metadata
 * of the entries too, which the structs have no room for, and "auto" writes the form that the
 * receiver reads. Of any other message "auto" makes text.
 *
 * @param serializer The form.
 * @param msg The message, with at most 1024 entries; entries that are NULL are none.
 * @param data Where a pointer to the bytes is put, to be freed by free() or gossip_buffer_free().
 * They end without a NUL and begin without a length.
 * @param data_size Where their number is put.
 * @return GOSSIP_ERR_SUCCESS; GOSSIP_ERR_INVALID_ARGUMENT if something is NULL or the message has
 * a foreign number or a text without NUL; GOSSIP_ERR_SERIALIZATION_ERROR if there would be more
 * than 1 MiB, a function of the program's own gives an error, or there is no memory. On an error nothing is put anywhere.
 *
 * Threads: any. From callbacks: yes. Since 1.0.
 *
 * @pre
 * serializer is NULL or was not destroyed; msg is NULL or points to a message whose entries are
 * NULL or an array of entries_count views; data and data_size are NULL or may be written.
 */
LIBGOSSIP_API
gossip_error_code_t gossip_serializer_serialize(const gossip_serializer_t *serializer,
                                                const gossip_message_t *msg,
                                                uint8_t **data,
                                                size_t *data_size);

/**
 * Reads a message from bytes.
 *
 * In a text white space, missing and unknown keys are allowed, and no bytes at all are a ping from
 * the zero id. Values of a wrong type or out of their range are errors, whose text says where they
 * are. Metadata is read but has no room in the structs, as have entries of a packet that tell of a
 * node's heartbeat and status alone: they are left out. A message of a kind that exists in packets
 * alone reads as GOSSIP_MSG_UPDATE.
 *
 * @param serializer The form.
 * @param data The bytes, without a length before them; NULL is an error also with size 0.
 * @param data_size Their number, at most 1 MiB.
 * @param msg Where the message is put on success; its entries are one block to be freed by free()
 * or gossip_message_free_entries(), or NULL if there are none. On an error it is left as it is.
 * @return GOSSIP_ERR_SUCCESS; GOSSIP_ERR_INVALID_ARGUMENT if something is NULL;
 * GOSSIP_ERR_SERIALIZATION_ERROR if the bytes are no message or there is no memory.
 *
 * Threads: any. From callbacks: yes. Since 1.0.
 *
 * @pre
 * serializer is NULL or was not destroyed; data is NULL or points to data_size bytes; msg is NULL
 * or points to a message that may be overwritten.
 */
LIBGOSSIP_API
gossip_error_code_t gossip_serializer_deserialize(const gossip_serializer_t *serializer,
                                                  const uint8_t *data,
                                                  size_t data_size,
                                                  gossip_message_t *msg);

/**
 * Reads a message from bytes and lends it, with the metadata of its entries, which structs have no
 * room for: inside the callback gossip_view_get_metadata() and its like of core/gossip_ext.h know
 * it, and functions that take that very message carry it on.
 * The error text of the last call inside the callback stays.
 *
 * @param serializer The form.
 * @param data The bytes, as for gossip_serializer_deserialize().
 * @param data_size Their number, at most 1 MiB.
 * @param callback Called once before this returns, on this thread, if the bytes are a message.
 * @param user_data Handed to the callback.
 * @return As gossip_serializer_deserialize().
 *
 * Threads: any. From callbacks: yes. Since 1.6.
 *
 * @pre
 * serializer is NULL or was not destroyed; data is NULL or points to data_size bytes.
 */
LIBGOSSIP_API
gossip_error_code_t gossip_serializer_read(const gossip_serializer_t *serializer,
                                           const uint8_t *data,
                                           size_t data_size,
                                           gossip_serializer_read_t callback,
                                           void *user_data);

/**
 * Frees the bytes that gossip_serializer_serialize() made, as free() does: for programs whose
 * free() is another one.
 *
 * @param data The bytes; NULL does nothing.
 *
 * Threads: any. From callbacks: yes. Since 1.6.
 *
 * @pre
 * data is NULL or came from this library and was not freed.
 */
LIBGOSSIP_API void gossip_buffer_free(uint8_t *data);

/**
 * Frees the entries that gossip_serializer_deserialize() made, as free() does, and sets the
 * message to have none.
 *
 * @param msg The message; NULL does nothing.
 *
 * Threads: any. From callbacks: yes. Since 1.6.
 *
 * @pre
 * msg is NULL or may be written, and its entries are NULL or came from this library and were not
 * freed.
 */
LIBGOSSIP_API void gossip_message_free_entries(gossip_message_t *msg);

/**
 * Makes a transport without a serializer: until gossip_transport_set_serializer() it sends
 * nothing and drops what it receives. gossip_transport_factory_create() makes one that has one.
 *
 * No socket and no thread is made before gossip_transport_start().
 *
 * @param type What carries the messages.
 * @param host The address to listen on: a numeric IPv4 or IPv6 address; "0.0.0.0" is all of IPv4,
 * "::" all of both.
 * @param port The port to listen on; 0 for any that is free, see gossip_transport_port().
 * @return The transport, to be freed by gossip_transport_destroy(); NULL if host is NULL or no
 * numeric address, or the type is not one.
 *
 * Threads: any. From callbacks: yes. Since 1.0.
 *
 * @pre
 * host is NULL or a text that ends in NUL.
 */
LIBGOSSIP_API
gossip_transport_t *gossip_transport_create(gossip_transport_type_t type,
                                            const char *host,
                                            uint16_t port);

/**
 * Stops a transport, as gossip_transport_stop() does, and frees it. The core stays.
 *
 * No message is delivered after it has returned. Called inside a callback on the transport's own
 * thread it returns at once, and that callback is the last one; so it is with a callback that
 * does not return within a second.
 *
 * @param transport The transport; NULL does nothing. In a forked child this gives nothing back,
 * closes nothing of the parent's and is safe.
 *
 * Threads: any one, when no other thread calls a function with this transport any more. From
 * callbacks: yes. From destructors of static and thread-local objects: yes. Since 1.0.
 *
 * @pre
 * transport is NULL or came from a function of this library and was not destroyed.
 */
LIBGOSSIP_API void gossip_transport_destroy(gossip_transport_t *transport);

/**
 * Starts to listen: binds the address and makes the transport's one thread.
 *
 * From then on the callbacks of the core may run on that thread. It blocks all signals and is
 * named gossip-udp or gossip-tcp. A transport that was stopped can be started again, and has the
 * same port then if that can still be had.
 *
 * @param transport The transport.
 * @return GOSSIP_ERR_SUCCESS; GOSSIP_ERR_NETWORK_ERROR if it is started already or the address
 * cannot be had, as when the port is in use; GOSSIP_ERR_INVALID_ARGUMENT if transport is NULL;
 * GOSSIP_ERR_OPERATION_NOT_PERMITTED in a forked child, or while the thread of the run before is
 * still inside a callback.
 *
 * Threads: any. From callbacks: yes. Since 1.0; since 1.5 also after a stop.
 *
 * @pre
 * transport is NULL or was not destroyed.
 */
LIBGOSSIP_API gossip_error_code_t gossip_transport_start(gossip_transport_t *transport);

/**
 * Stops listening: closes all sockets and ends the thread, within one second.
 *
 * What TCP has queued is written for at most 0.3 seconds more, so that a leave still gets out.
 * Inside a callback on the transport's own thread it only asks for the end, which comes when the
 * callback returns.
 *
 * @param transport The transport. One that is not started is left as it is.
 * @return GOSSIP_ERR_SUCCESS; GOSSIP_ERR_INVALID_ARGUMENT if transport is NULL;
 * GOSSIP_ERR_OPERATION_NOT_PERMITTED in a forked child, or if a callback on the transport's thread
 * did not return within a second: it is the last one, and the thread ends after it.
 *
 * Threads: any. From callbacks: yes. Since 1.0.
 *
 * @pre
 * transport is NULL or was not destroyed.
 */
LIBGOSSIP_API gossip_error_code_t gossip_transport_stop(gossip_transport_t *transport);

/**
 * Sends a message, with its entries.
 *
 * Inside a send callback, with the very message it was called with, what the structs have no room
 * for is sent too: metadata, and what this library's nodes say to each other in packets alone. A
 * message that does not fit a datagram of 1400 bytes is split: what does not fit follows as
 * GOSSIP_MSG_UPDATE of the same sender, in datagrams of their own, or as text in the same one of at
 * most 60 000 bytes, since libgossip 1.4.2 loses datagrams that come in a burst. UDP never waits. TCP puts the message into the queue of a
 * connection; outside of callbacks it waits up to 0.2 seconds to learn that nobody listens, inside
 * of them it never does. Success means that the message is on its way, not that it came.
 *
 * @param transport The transport; it must be started.
 * @param msg The message, with at most 1024 entries; entries that are NULL are none.
 * @param target Whom it is for; only its ip (a numeric address, or "localhost") and its port (1 to
 * 65535) matter.
 * @return GOSSIP_ERR_SUCCESS; GOSSIP_ERR_INVALID_ARGUMENT if something is NULL, foreign or out of
 * range; GOSSIP_ERR_SERIALIZATION_ERROR if no serializer is set, a function of the program's own
 * gives an error, or an entry was too large and was sent as text without its metadata; GOSSIP_ERR_NETWORK_ERROR if the transport is not started, nobody
 * listens, or too much waits to be sent already; GOSSIP_ERR_OPERATION_NOT_PERMITTED in a forked
 * child.
 *
 * Threads: any. From callbacks: yes. Since 1.0; since 1.5 with the entries.
 *
 * @pre
 * transport is NULL or was not destroyed; msg is NULL or points to a message whose entries are
 * NULL or an array of entries_count views; target is NULL or points to a view.
 */
LIBGOSSIP_API
gossip_error_code_t gossip_transport_send_message(gossip_transport_t *transport,
                                                  const gossip_message_t *msg,
                                                  const gossip_node_view_t *target);

/**
 * Says which core takes the messages that the transport receives.
 *
 * The transport keeps what it needs of the core: either may be destroyed first. It does not send
 * for the core; do that in the core's send callback, with gossip_transport_send_message().
 *
 * @param transport The transport; NULL does nothing.
 * @param core The core; NULL does nothing. It takes the place of one that was set before.
 *
 * Threads: any. From callbacks: yes. Since 1.0.
 *
 * @pre
 * transport is NULL or was not destroyed; core is NULL or a core that was not destroyed.
 */
LIBGOSSIP_API void gossip_transport_set_core(gossip_transport_t *transport, gossip_core_t *core);

/**
 * Says in which form the transport sends and reads messages: that of the serializer and no other,
 * see gossip_serializer_create().
 *
 * @param transport The transport; NULL does nothing.
 * @param serializer The form; NULL does nothing. It stays the caller's, who may destroy it at
 * once: the transport keeps what it needs.
 *
 * Threads: any. From callbacks: yes. Since 1.0.
 *
 * @pre
 * transport and serializer are NULL or were not destroyed.
 */
LIBGOSSIP_API
void gossip_transport_set_serializer(gossip_transport_t *transport,
                                     gossip_serializer_t *serializer);

/**
 * Makes a transport that talks with nodes of every version: gossip_transport_create() and
 * gossip_transport_set_serializer() with the serializer "auto" in one. To who has not shown that it
 * reads packets it sends the JSON of libgossip 1.4.2.
 *
 * @param type What carries the messages.
 * @param host The address to listen on, as for gossip_transport_create().
 * @param port The port to listen on; 0 for any that is free.
 * @return The transport, to be freed by gossip_transport_destroy(); NULL as for
 * gossip_transport_create().
 *
 * Threads: any. From callbacks: yes. Since 1.0.
 *
 * @pre
 * host is NULL or a text that ends in NUL.
 */
LIBGOSSIP_API
gossip_transport_t *gossip_transport_factory_create(gossip_transport_type_t type,
                                                    const char *host,
                                                    uint16_t port);

/**
 * The port that a transport listens on, or that it last listened on.
 *
 * @param transport The transport.
 * @return The port; before the first start the one that was asked for; 0 if transport is NULL.
 *
 * Threads: any. From callbacks: yes. Since 1.5.
 *
 * @pre
 * transport is NULL or was not destroyed.
 */
LIBGOSSIP_API uint16_t gossip_transport_port(const gossip_transport_t *transport);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* GOSSIP_NET_C_H */
