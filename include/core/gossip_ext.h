/**
 * @file
 * @brief More of a gossip core: configuration, clock, metadata, statistics, packets, changes, log.
 *
 * All functions may be called from any thread and from inside callbacks. NULL where an object is
 * expected does no harm: the function does nothing or returns its failure value. No function
 * prints or ends the process. After fork() the child may only destroy what it inherited.
 *
 * Generated from src/ffi by tests/headers.rs; do not edit.
 */

#ifndef GOSSIP_EXT_C_H
#define GOSSIP_EXT_C_H

#include "gossip_core.h"
#include <stddef.h>
#include <stdint.h>

/**
 * Fills a gossip_config_t with the values of a profile: gossip_config_init(&config,
 * GOSSIP_PROFILE_LAN). Gives what gossip_config_init_sized() returns.
 */
#define gossip_config_init(config, profile) \
    gossip_config_init_sized((config), sizeof *(config), (profile))

/**
 * The status of a node that said that it leaves. Structs of version 1 show it as
 * GOSSIP_NODE_FAILED; fields of type uint32_t tell the two apart.
 */
#define GOSSIP_NODE_LEFT 5

/**
 * A time that never came.
 */
#define GOSSIP_NEVER 18446744073709551615ull

/**
 * The type of a message that asks its receiver to ping the node of its first entry for the sender.
 */
#define GOSSIP_MSG_PING_REQ 6

/**
 * The type of a message that says that the node of its first entry could not be reached.
 */
#define GOSSIP_MSG_NACK 7

/**
 * The type of a packet with hashes of what its sender holds. Structs never have it.
 */
#define GOSSIP_MSG_SYNC_DIGEST 8

/**
 * The type of a packet that asks for what its sender lacks. Structs never have it.
 */
#define GOSSIP_MSG_SYNC_REQUEST 9

/**
 * How many types of messages there are, from 0 on.
 */
#define GOSSIP_MESSAGE_TYPES 10

/**
 * How many statuses there are, from 0 on.
 */
#define GOSSIP_NODE_STATUSES 6

/**
 * The types of messages that gossip_stats_t has room for. Those beyond GOSSIP_MESSAGE_TYPES count 0.
 */
#define GOSSIP_STATS_MESSAGE_TYPES 16

/**
 * The statuses that gossip_stats_t has room for. Those beyond GOSSIP_NODE_STATUSES count 0.
 */
#define GOSSIP_STATS_STATUSES 8

/**
 * A set of constants that go together.
 */
enum gossip_profile {
    /**
     * For one data centre, and members with a thread of their own; what nodes take if they are given no
     * other. A member that stands still for more than 0.6 s is called failed, until it is known to do that.
     */
    GOSSIP_PROFILE_LAN = 0,
    /**
     * For members far apart: slower rounds, longer time-outs.
     */
    GOSSIP_PROFILE_WAN = 1,
    /**
     * For members on one machine.
     */
    GOSSIP_PROFILE_LOCAL = 2,
    /**
     * Two messages a second for each member: one ping a second, news every 200 ms. Wants a program
     * that calls gossip_core_handle_timeout().
     */
    GOSSIP_PROFILE_QUIET = 3,
    /**
     * GOSSIP_PROFILE_LAN for a program that calls gossip_core_tick() in a loop of its own, which
     * may stand still for a second when something else in it takes long: longer time-outs; what
     * gossip_core_create() takes. Since 1.6.
     */
    GOSSIP_PROFILE_LOOP = 4,
};

/**
 * How much a log line matters.
 */
enum gossip_log_level {
    /**
     * No lines at all.
     */
    GOSSIP_LOG_OFF = 0,
    /**
     * Something does not work and will not by itself.
     */
    GOSSIP_LOG_ERROR = 1,
    /**
     * Something is wrong that the library lives with.
     */
    GOSSIP_LOG_WARN = 2,
    /**
     * What happens to the cluster: nodes come online, fail, leave.
     */
    GOSSIP_LOG_INFO = 3,
    /**
     * What explains it: suspicions, refutations, refused messages.
     */
    GOSSIP_LOG_DEBUG = 4,
    /**
     * Everything.
     */
    GOSSIP_LOG_TRACE = 5,
};

/**
 * Why the status of a node is what it is.
 */
enum gossip_reason {
    /**
     * The program named it: met, joined, or told to leave.
     */
    GOSSIP_REASON_COMMAND = 0,
    /**
     * It spoke itself.
     */
    GOSSIP_REASON_HEARD = 1,
    /**
     * Another member told of it.
     */
    GOSSIP_REASON_TOLD = 2,
    /**
     * It did not answer a probe of this node.
     */
    GOSSIP_REASON_PROBE = 3,
    /**
     * The suspicion ran out here.
     */
    GOSSIP_REASON_TIME_OUT = 4,
    /**
     * It said that it leaves.
     */
    GOSSIP_REASON_LEAVE = 5,
};

/**
 * A message that is being made, for a core to take. Opaque.
 *
 * For programs that carry messages in a form of their own: unlike gossip_message_t its entries
 * have metadata.
 */
struct gossip_message_builder;

/**
 * How a core works. Fill it by gossip_config_init() and then change what you like.
 *
 * The defaults are those of GOSSIP_PROFILE_LAN. A time that is to hold some rounds is stretched to
 * them when rounds are slower than its field assumes. P-1 to P-15 are the rules of the protocol,
 * in docs/PROTOCOL.md.
 */
struct gossip_config {
    /**
     * The bytes of this struct in the program; set by gossip_config_init().
     */
    size_t size;
    /**
     * What the random choices of the core come from, if has_seed is 1. Any number.
     */
    uint64_t seed;
    /**
     * The name of the cluster, at most 255 bytes that end in NUL; NULL or "" for none. Packets of
     * a cluster with another name are refused. Messages as structs and JSON carry no name. Read by
     * gossip_core_create_with() and not kept. Default NULL.
     */
    const char *cluster;
    /**
     * The gossip_profile_t that this struct was filled with, 0 to 4: its values stand for the
     * fields that a program compiled against an older header does not have.
     */
    uint32_t profile;
    /**
     * 1: seed is given, and with manual_clock a run of the program is the same each time. 0: the
     * seed comes from the operating system. Default 0.
     */
    uint32_t has_seed;
    /**
     * 1: the core never reads a clock; its time is the last one that a function with _at was
     * given, 0 at first. 0: it reads the monotonic clock of the system. Default 0.
     */
    uint32_t manual_clock;
    /**
     * 1: all messages travel as packets, see gossip_core_handle_packet(); then nonces, digests and
     * the pace of the sender travel too. 0: they travel as structs or JSON, and as packets only
     * between members that know of each other that they read them. Default 0.
     */
    uint32_t packets;
    /**
     * 1: beside datagrams the program has connections to fall back on. 0: it has none. Default 0.
     */
    uint32_t has_streams;
    /**
     * How long on_changes waits for further changes, in milliseconds, so that many come in one
     * call; see gossip_changes_callback_t. 0 to 60 000, default 0: no wait. Higher: fewer calls,
     * later.
     */
    uint32_t changes_settle_ms;
    /**
     * The time between rounds in milliseconds: kept by gossip_core_handle_timeout(), and the pace
     * that is assumed until rounds were seen. 10 to 60 000, default 100. Higher: less traffic,
     * slower detection.
     */
    uint32_t round_interval_ms;
    /**
     * The time between gossips of news between rounds in milliseconds (P-7a), kept by
     * gossip_core_handle_timeout(). 0 to 60 000, default 0: none.
     */
    uint32_t gossip_interval_ms;
    /**
     * Pings a round (P-6), and receivers of a gossip. 1 to 64, default 3. Higher: faster
     * detection, more traffic.
     */
    uint32_t gossip_nodes;
    /**
     * Random members told in each message to those that read no packets (P-7). 0 to 64, default 2.
     */
    uint32_t sync_nodes;
    /**
     * Most entries of a message to send (P-7). 4 to 256, default 32.
     */
    uint32_t max_entries;
    /**
     * Least time before a probe asks helpers in milliseconds, whatever the round trips are (P-8).
     * 10 to 60 000, default 100.
     */
    uint32_t probe_timeout_min_ms;
    /**
     * Most time before a probe asks helpers in milliseconds, for a node that does not doubt itself
     * (P-8). probe_timeout_min_ms to 60 000, default 1 000.
     */
    uint32_t probe_timeout_max_ms;
    /**
     * Members asked to probe when a probe is late (P-8). 0 to 8, default 3.
     */
    uint32_t indirect_probes;
    /**
     * Probes without an answer after which other signs of life do not postpone any more (P-8). 1
     * to 100, default 3.
     */
    uint32_t deaf_probes;
    /**
     * Shortest suspicion in milliseconds (P-9). 10 to 600 000, default 300. Higher: slower
     * detection, fewer mistakes.
     */
    uint32_t suspicion_min_ms;
    /**
     * Shortest suspicion in rounds of the slower of this node and the suspect (P-9). 1 to 1 000,
     * default 2.
     */
    uint32_t suspicion_min_rounds;
    /**
     * Longest suspicion as a multiple of suspicion_min_ms (P-9). 1 to 100, default 20. A
     * member that nobody else accuses is failed after so long.
     */
    uint32_t suspicion_max_factor;
    /**
     * Confirmations that bring a suspicion down to its minimum (P-9). 0 to 8, default 3.
     */
    uint32_t confirmations;
    /**
     * Members that watch a suspect (P-9a). 1 to 8, default 3.
     */
    uint32_t observers;
    /**
     * Time an observer gives a suspect to answer in milliseconds (P-9a). 10 to 60 000, default
     * 100.
     */
    uint32_t observer_timeout_ms;
    /**
     * A claim is sent lambda * log10(n + 1) times, rounded up, among n members (P-7). 1 to 20,
     * default 6. Higher: news reach all more surely, more traffic.
     */
    uint32_t lambda;
    /**
     * How far a node may doubt itself (P-10). 0 to 32, default 4.
     */
    uint32_t awareness_max;
    /**
     * Time in which the cluster tries each failed member once, in milliseconds (P-11). 100 to
     * 86 400 000, default 30 000.
     */
    uint32_t heal_interval_ms;
    /**
     * Time between digests in milliseconds (P-12); only packets carry them. 100 to 86 400 000,
     * default 10 000.
     */
    uint32_t sync_interval_ms;
    /**
     * Time after which a node that was met and never answered is forgotten, in milliseconds
     * (P-13). 1 000 to 86 400 000, default 60 000.
     */
    uint32_t join_timeout_ms;
    /**
     * Time after which a failed node, or one that left, is forgotten, in milliseconds (P-5). 1 000
     * to 4 000 000 000, default 86 400 000: 24 hours.
     */
    uint32_t reap_ms;
    /**
     * Rounds in which a leave is repeated (P-14). 1 to 1 000, default 10.
     */
    uint32_t leave_rounds;
    /**
     * Most members, failed ones and those that left counted (P-15). 1 to 16 777 216, default
     * 1 000 000.
     */
    uint32_t max_members;
    /**
     * Most bytes of a packet (P-7). 512 to 8 192, default 1 400.
     */
    uint32_t packet_bytes;
};

/**
 * See gossip_config.
 */
typedef struct gossip_config gossip_config_t;

/**
 * See gossip_profile.
 */
typedef enum gossip_profile gossip_profile_t;

/**
 * One change of one node.
 *
 * Later versions may add fields to its end: that is why lists have pointers to changes.
 */
struct gossip_change {
    /**
     * The node after the change. Its metadata can be had by gossip_view_get_metadata() with a
     * pointer to this field.
     */
    gossip_node_view_t node;
    /**
     * When it was decided, in milliseconds of the core's clock; of several changes the last one.
     */
    uint64_t at_ms;
    /**
     * Its status before, a gossip_node_status_t or GOSSIP_NODE_LEFT: GOSSIP_NODE_UNKNOWN at first
     * sight.
     */
    uint32_t old_status;
    /**
     * Its status after, a gossip_node_status_t or GOSSIP_NODE_LEFT. The same as the one before if
     * only metadata, role, region or address changed.
     */
    uint32_t new_status;
    /**
     * How many changes this one stands for, 1 or more.
     */
    uint32_t merged;
    /**
     * 1: metadata, role, region or address changed while the status stayed. 0: only the status
     * did.
     */
    uint32_t configuration;
};

/**
 * See gossip_change.
 */
typedef struct gossip_change gossip_change_t;

/**
 * Tells of all changes that one call brought about; called by the functions of a core.
 *
 * The rules of gossip_send_callback_t hold here too. It comes after the messages and after all
 * on_event calls for the same changes. What calls inside callbacks, or on other threads meanwhile,
 * change may be in the list too.
 *
 * With changes_settle_ms in the configuration changes are held back until none came for that long,
 * or for ten times that since the first. Several changes of a node are then told as one, in the
 * place of its first, with the status before that; a node that is again what it was is left out.
 * They are told by the first call that gives the core a time after that, such as
 * gossip_core_tick(); gossip_core_next_timeout() knows of it. What is held back when the core is
 * destroyed is not told.
 *
 * @param changes Pointers to the changes, in the order in which they were decided. All valid until
 * this returns.
 * @param count How many there are, 1 or more.
 * @param user_data That of gossip_callbacks_t.
 */
typedef void (*gossip_changes_callback_t)(const gossip_change_t *const *changes,
                                          size_t count,
                                          void *user_data);

/**
 * Sends one datagram; called by the functions of a core in place of gossip_send_callback_t.
 *
 * The rules of gossip_send_callback_t hold here too. A datagram is a packet of the library, or
 * JSON for a receiver that is not known to read packets. What does not fit one comes as several
 * calls. The program need not look into it.
 *
 * @param bytes What to send; valid until this returns.
 * @param size How many bytes: at most packet_bytes of the configuration for a packet. JSON has up
 * to 60 000 where one node's metadata alone is larger than 1400, and for nodes of libgossip 1.4.2,
 * which lose bursts of datagrams.
 * @param ip Whom to send it to: a numeric IPv4 or IPv6 address that ends in NUL; valid until this
 * returns.
 * @param port The port to send it to, 1 to 65535.
 * @param user_data That of gossip_callbacks_t.
 */
typedef void (*gossip_packet_callback_t)(const uint8_t *bytes,
                                         size_t size,
                                         const char *ip,
                                         uint16_t port,
                                         void *user_data);

/**
 * Frees what belonged to a callback; called exactly once, when no callback runs any more.
 *
 * No lock of the library is held. It is not called in a forked child. It must be left neither by
 * longjmp nor by an exception, which would end the process.
 *
 * @param user_data What is to be freed.
 */
typedef void (*gossip_drop_callback_t)(void *user_data);

/**
 * The functions of a program that a core calls. Each may be NULL. Set all bytes to zero first.
 */
struct gossip_callbacks {
    /**
     * The bytes of this struct in the program: sizeof(gossip_callbacks_t).
     */
    size_t size;
    /**
     * Sends a message as a struct. Not called if on_packet is set.
     */
    gossip_send_callback_t on_send;
    /**
     * Is told of each change by itself, in its place between the messages.
     */
    gossip_event_callback_t on_event;
    /**
     * Is told of all changes of one call together, after on_event and after the messages.
     */
    gossip_changes_callback_t on_changes;
    /**
     * Sends a message as a datagram.
     */
    gossip_packet_callback_t on_packet;
    /**
     * Handed to all of them and never touched.
     */
    void *user_data;
    /**
     * Called once with user_data: by gossip_core_destroy(), or if that is called inside a callback
     * of the core, when that callback has returned; or by the function that failed to make the
     * core.
     */
    gossip_drop_callback_t drop_user_data;
};

/**
 * See gossip_callbacks.
 */
typedef struct gossip_callbacks gossip_callbacks_t;

/**
 * Is told of one pair of a node's metadata.
 *
 * No lock is held: any function may be called here. The pairs are those of the moment when the
 * walk began, sorted by key. Do not leave by longjmp.
 *
 * @param key The key in UTF-8; a NUL stands behind it. Valid until this returns.
 * @param key_size Its bytes without that NUL. Text that came from JSON may have a NUL within.
 * @param value The value, in the same way.
 * @param value_size Its bytes, in the same way.
 * @param user_data What was given to the function that walks.
 * @return 0 to go on, another number to end the walk.
 */
typedef int (*gossip_metadata_callback_t)(const char *key,
                                          size_t key_size,
                                          const char *value,
                                          size_t value_size,
                                          void *user_data);

/**
 * All that is known of one node. Times are milliseconds of the core's clock, as now_ms is: how
 * long ago something was is now_ms minus its time.
 */
struct gossip_node_info {
    /**
     * The bytes of this struct in the program: set it to sizeof(gossip_node_info_t) before.
     */
    size_t size;
    /**
     * The node.
     */
    gossip_node_view_t node;
    /**
     * The time now.
     */
    uint64_t now_ms;
    /**
     * When its newest heartbeat was learned; now for the node itself.
     */
    uint64_t seen_ms;
    /**
     * When its status changed last, right to a tenth of a second.
     */
    uint64_t changed_ms;
    /**
     * When it was suspected last, right to a tenth of a second; GOSSIP_NEVER if it never was.
     */
    uint64_t suspected_ms;
    /**
     * Its heartbeat when its address, role, region or metadata changed last.
     */
    uint64_t config_heartbeat;
    /**
     * Its status: a gossip_node_status_t or GOSSIP_NODE_LEFT.
     */
    uint32_t status;
    /**
     * How many members accuse it now, this one counted; 0 unless it is suspect.
     */
    uint32_t suspicion_count;
    /**
     * 1: its metadata is known, be it none. 0: nothing is known, or said, about it.
     */
    uint32_t has_metadata;
    /**
     * How many pairs its metadata has.
     */
    uint32_t metadata_count;
    /**
     * The bytes of all its keys and values together.
     */
    uint32_t metadata_bytes;
    /**
     * 1: it is the node itself. 0: another one.
     */
    uint32_t is_self;
};

/**
 * See gossip_node_info.
 */
typedef struct gossip_node_info gossip_node_info_t;

/**
 * What a core counted since it was made or reset, and what it has now.
 *
 * A probe is a ping whose answer is waited for. Rules P-1 to P-15 are in docs/PROTOCOL.md.
 */
struct gossip_stats {
    /**
     * The bytes of this struct in the program: set it to sizeof(gossip_stats_t) before.
     */
    size_t size;
    /**
     * The time now, in milliseconds of the core's clock.
     */
    uint64_t now_ms;
    /**
     * The node's own heartbeat.
     */
    uint64_t heartbeat;
    /**
     * Known nodes but this one; failed ones and those that left are among them.
     */
    uint64_t known_nodes;
    /**
     * Of these the ones of each status, by gossip_node_status_t and GOSSIP_NODE_LEFT.
     */
    uint64_t nodes_by_status[GOSSIP_STATS_STATUSES];
    /**
     * Messages sent.
     */
    uint64_t sent_messages;
    /**
     * Messages taken.
     */
    uint64_t received_messages;
    /**
     * Messages sent of each type.
     */
    uint64_t sent[GOSSIP_STATS_MESSAGE_TYPES];
    /**
     * Their bytes, as far as the library wrote them: none of those that went out as structs.
     */
    uint64_t sent_bytes[GOSSIP_STATS_MESSAGE_TYPES];
    /**
     * Messages taken of each type.
     */
    uint64_t received[GOSSIP_STATS_MESSAGE_TYPES];
    /**
     * Their bytes, as far as the library read them.
     */
    uint64_t received_bytes[GOSSIP_STATS_MESSAGE_TYPES];
    /**
     * Messages that were refused whole, for any of the reasons below and some others.
     */
    uint64_t refused_messages;
    /**
     * Packets and texts that could not be read.
     */
    uint64_t refused_malformed;
    /**
     * Packets of a version that is not read.
     */
    uint64_t refused_version;
    /**
     * Messages of another cluster.
     */
    uint64_t refused_cluster;
    /**
     * Messages from the own id, or from none.
     */
    uint64_t refused_sender;
    /**
     * Messages with a counter of 2^63 or more, a text too long, or too many entries.
     */
    uint64_t refused_content;
    /**
     * Messages that came while too much waited to be sent or told.
     */
    uint64_t refused_full;
    /**
     * Entries that were passed over: of a zero id, or too far ahead (P-4).
     */
    uint64_t dropped_entries;
    /**
     * Messages to send that were dropped in the core because too much waited.
     */
    uint64_t dropped_transmits;
    /**
     * Messages that were not handed to a callback: another thread was in one for too long, or the
     * address of the receiver is not one that a datagram can go to.
     */
    uint64_t dropped_calls;
    /**
     * Probes begun.
     */
    uint64_t probes;
    /**
     * Probes answered.
     */
    uint64_t probes_answered;
    /**
     * Probes that failed.
     */
    uint64_t probes_failed;
    /**
     * Helpers that said that they could not reach a node for this one.
     */
    uint64_t nacks;
    /**
     * Suspicions begun by probes of this node.
     */
    uint64_t suspicions;
    /**
     * Suspicions that ran out here.
     */
    uint64_t failures;
    /**
     * Claims about this node that it refuted (P-3).
     */
    uint64_t refutations;
    /**
     * Claims that showed another node with this one's id (P-3).
     */
    uint64_t id_conflicts;
    /**
     * Nodes turned away because the list was full of live ones (P-15).
     */
    uint64_t members_full;
    /**
     * Metadata of others that was fetched in parts.
     */
    uint64_t metadata_fetched;
    /**
     * How far the node doubts itself, 0 to awareness_max of the configuration (P-10).
     */
    uint64_t awareness;
    /**
     * The round-trip time that half of the answered probes did not pass, in microseconds, right to
     * a quarter; 0 before the first answer.
     */
    uint64_t round_trip_p50_us;
    /**
     * The one that 90 % did not pass.
     */
    uint64_t round_trip_p90_us;
    /**
     * The one that 99 % did not pass.
     */
    uint64_t round_trip_p99_us;
    /**
     * The one that 99.9 % did not pass.
     */
    uint64_t round_trip_p999_us;
    /**
     * Messages and events that wait in the core now.
     */
    uint64_t queued_outputs;
    /**
     * Claims that ride on the next messages.
     */
    uint64_t queued_news;
    /**
     * Probes that run.
     */
    uint64_t queued_probes;
    /**
     * Pings made for others that run.
     */
    uint64_t queued_relays;
    /**
     * Suspicions that run.
     */
    uint64_t queued_suspicions;
    /**
     * Nodes that were met or joined and did not answer yet.
     */
    uint64_t queued_joins;
    /**
     * Newcomers that are given the list of members.
     */
    uint64_t queued_pushes;
    /**
     * Metadata of others that is being fetched.
     */
    uint64_t queued_fetches;
};

/**
 * See gossip_stats.
 */
typedef struct gossip_stats gossip_stats_t;

/**
 * What a core knows of its way to one node. Times are milliseconds of the core's clock, as now_ms
 * is: how long ago something was is now_ms minus its time.
 */
struct gossip_peer_stats {
    /**
     * The bytes of this struct in the program: set it to sizeof(gossip_peer_stats_t) before.
     */
    size_t size;
    /**
     * The time now.
     */
    uint64_t now_ms;
    /**
     * When its newest heartbeat was learned.
     */
    uint64_t seen_ms;
    /**
     * When its status changed last, right to a tenth of a second.
     */
    uint64_t changed_ms;
    /**
     * When it was suspected last, right to a tenth of a second; GOSSIP_NEVER if it never was.
     */
    uint64_t suspected_ms;
    /**
     * The smoothed round-trip time of probes of it in microseconds; 0 until one was answered.
     */
    uint64_t round_trip_us;
    /**
     * The time between its rounds in microseconds; 0 until known.
     */
    uint64_t interval_us;
    /**
     * The part of the last pings of it that went unanswered, in thousandths.
     */
    uint32_t loss_permille;
    /**
     * How often it went from online to suspect or failed and came back.
     */
    uint32_t flaps;
    /**
     * How many members accuse it now, this one counted; 0 unless it is suspect.
     */
    uint32_t accusers;
    /**
     * Its status: a gossip_node_status_t or GOSSIP_NODE_LEFT.
     */
    uint32_t status;
    /**
     * Why the status is that: a gossip_reason_t.
     */
    uint32_t reason;
    /**
     * 1: it reads packets. 0: it is not known to.
     */
    uint32_t packets;
};

/**
 * See gossip_peer_stats.
 */
typedef struct gossip_peer_stats gossip_peer_stats_t;

/**
 * See gossip_message_builder.
 */
typedef struct gossip_message_builder gossip_message_builder_t;

/**
 * Is lent a message.
 *
 * No lock is held: any function may be called here. Do not leave by longjmp.
 *
 * @param msg The message and its entries; valid until this returns.
 * @param user_data What was given to the function that lends.
 */
typedef void (*gossip_message_callback_t)(const gossip_message_t *msg, void *user_data);

/**
 * See gossip_log_level.
 */
typedef enum gossip_log_level gossip_log_level_t;

/**
 * Takes one log line.
 *
 * No lock of a core is held: any function may be called here, but what such a call logs is left
 * out. It may be called on several threads at once. It must be left neither by longjmp nor by an
 * exception, which would end the process.
 *
 * @param level How much it matters: GOSSIP_LOG_ERROR to GOSSIP_LOG_TRACE.
 * @param target Which part of the library says it, such as "gossip::core"; valid until this
 * returns.
 * @param text The line in UTF-8, without a line break and with no control character in it, at most
 * 511 bytes; valid until this returns. For people: its words may change with each version.
 * @param user_data What was given to gossip_set_log_callback().
 */
typedef void (*gossip_log_callback_t)(gossip_log_level_t level,
                                      const char *target,
                                      const char *text,
                                      void *user_data);

/**
 * See gossip_reason.
 */
typedef enum gossip_reason gossip_reason_t;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * Fills a configuration with the values of a profile. Call it by the macro gossip_config_init(),
 * which passes the size.
 *
 * @param config What is filled, its size too.
 * @param size The bytes of the struct in the program: sizeof(gossip_config_t).
 * @param profile Which values.
 * @return GOSSIP_ERR_SUCCESS; GOSSIP_ERR_INVALID_ARGUMENT if config is NULL, size cannot be the
 * size of a configuration or the profile is not one. gossip_last_error() then says which.
 *
 * Threads: any. From callbacks: yes. Since 1.6.
 *
 * @pre
 * config is NULL or points to size bytes that may be overwritten.
 */
LIBGOSSIP_API
gossip_error_code_t gossip_config_init_sized(gossip_config_t *config,
                                             size_t size,
                                             gossip_profile_t profile);

/**
 * Makes a node, as gossip_core_create() does, with a configuration and with more callbacks.
 *
 * @param config How it works; NULL for what gossip_core_create() takes.
 * @param self_node The node itself; copied. Its status becomes GOSSIP_NODE_ONLINE whatever it is
 * here.
 * @param callbacks The program's functions; copied. NULL for none.
 * @return The core, to be freed by gossip_core_destroy(); NULL if self_node is NULL or has a flaw,
 * or the configuration has one: gossip_last_error() then names the field, its value and its range.
 * callbacks->drop_user_data is called then too, unless callbacks->size itself is wrong.
 *
 * Threads: any. From callbacks: yes. Since 1.6.
 *
 * @pre
 * config is NULL or points to a configuration with as many bytes as its size says, whose cluster
 * is NULL or a text that ends in NUL; self_node is NULL or points to a view; callbacks is NULL or
 * points to a struct with as many bytes as its size says. The callbacks may be called from every
 * thread that calls a function with this core or that belongs to a transport of it.
 */
LIBGOSSIP_API
gossip_core_t *gossip_core_create_with(const gossip_config_t *config,
                                       const gossip_node_view_t *self_node,
                                       const gossip_callbacks_t *callbacks);

/**
 * Runs one protocol round at a given time, as gossip_core_tick() does.
 *
 * With manual_clock in its configuration a core has no other time than that of the functions with
 * _at; all other functions take the last one. Without it the later one of this time and the
 * system's is taken. Time never runs backwards: an earlier time than the last one is that one.
 *
 * @param core The core; NULL does nothing.
 * @param now_ms The time in milliseconds since any moment of your choice.
 *
 * Threads: any. From callbacks: yes. Since 1.6.
 *
 * @pre
 * core is NULL or a core that was not destroyed.
 */
LIBGOSSIP_API void gossip_core_tick_at(gossip_core_t *core, uint64_t now_ms);

/**
 * Takes a message at a given time, as gossip_core_handle_message() does.
 *
 * @param core The core; NULL does nothing.
 * @param msg The message; NULL does nothing. Copied as far as needed.
 * @param now_ms The time in milliseconds, as for gossip_core_tick_at().
 *
 * Threads: any. From callbacks: yes. Since 1.6.
 *
 * @pre
 * core is NULL or a core that was not destroyed; msg is NULL or points to a message whose entries
 * are NULL or an array of entries_count views.
 */
LIBGOSSIP_API
void gossip_core_handle_message_at(gossip_core_t *core,
                                   const gossip_message_t *msg,
                                   uint64_t now_ms);

/**
 * Does what is due: a round, time-outs, and gossip between rounds.
 *
 * For programs that sleep until gossip_core_next_timeout() and do not call gossip_core_tick():
 * rounds then come by themselves, in the interval of the configuration.
 *
 * @param core The core; NULL does nothing.
 *
 * Threads: any. From callbacks: yes. Since 1.6.
 *
 * @pre
 * core is NULL or a core that was not destroyed.
 */
LIBGOSSIP_API void gossip_core_handle_timeout(gossip_core_t *core);

/**
 * Does what is due at a given time, as gossip_core_handle_timeout() does.
 *
 * @param core The core; NULL does nothing.
 * @param now_ms The time in milliseconds, as for gossip_core_tick_at().
 *
 * Threads: any. From callbacks: yes. Since 1.6.
 *
 * @pre
 * core is NULL or a core that was not destroyed.
 */
LIBGOSSIP_API void gossip_core_handle_timeout_at(gossip_core_t *core, uint64_t now_ms);

/**
 * When gossip_core_handle_timeout() has something to do. Ask again after each other call: a
 * message that came, or a command, may bring it nearer.
 *
 * @param core The core.
 * @return The milliseconds from now until then, 0 if it is due. With manual_clock it is the time
 * itself, as it is to be given to gossip_core_handle_timeout_at(). GOSSIP_NEVER if nothing will be
 * due, core is NULL or cannot be used any more.
 *
 * Threads: any. From callbacks: yes. Since 1.6.
 *
 * @pre
 * core is NULL or a core that was not destroyed.
 */
LIBGOSSIP_API uint64_t gossip_core_next_timeout(const gossip_core_t *core);

/**
 * One value of a node's metadata.
 *
 * Ask with value NULL for the size, make room, and ask again; or ask with a buffer at once.
 *
 * @param core The core.
 * @param id Whose; the own id finds that of the node itself.
 * @param key The key.
 * @param value Where the value is put, in UTF-8 with a NUL behind it; NULL only asks for the size.
 * Left as it is if the value has no room.
 * @param value_size Before: the bytes that value has room for; not looked at if value is NULL.
 * After: the bytes of the value with its NUL, put or not; 0 if the node has no such key or is not
 * known. A value has at most 65536 bytes, and it has a NUL within if it is longer than strlen()
 * says.
 * @return 1 if the value was put; 0 if there is none, it has no room or value is NULL, or an
 * argument is wrong: gossip_last_error() then says which.
 *
 * Threads: any. From callbacks: yes. Since 1.6.
 *
 * @pre
 * core is NULL or a core that was not destroyed; id is NULL or points to an id; key is NULL or a
 * text that ends in NUL; value_size is NULL or points to a size_t, and value is NULL or has as
 * many bytes.
 */
LIBGOSSIP_API
int gossip_core_get_metadata(const gossip_core_t *core,
                             const gossip_node_id_t *id,
                             const char *key,
                             char *value,
                             size_t *value_size);

/**
 * Walks the metadata of a node.
 *
 * @param core The core.
 * @param id Whose; the own id finds that of the node itself.
 * @param callback Called for each pair before this returns, on this thread.
 * @param user_data Handed to the callback.
 * @return How many pairs there are, told or not; 0 also if the node is not known or an argument is
 * wrong: gossip_last_error() then says which.
 *
 * Threads: any. From callbacks: yes. Since 1.6.
 *
 * @pre
 * core is NULL or a core that was not destroyed; id is NULL or points to an id.
 */
LIBGOSSIP_API
size_t gossip_core_each_metadata(const gossip_core_t *core,
                                 const gossip_node_id_t *id,
                                 gossip_metadata_callback_t callback,
                                 void *user_data);

/**
 * How many pairs the metadata of a node has.
 *
 * @param core The core.
 * @param id Whose; the own id finds that of the node itself.
 * @return The number; 0 also if the node is not known or an argument is NULL.
 *
 * Threads: any. From callbacks: yes. Since 1.6.
 *
 * @pre
 * core is NULL or a core that was not destroyed; id is NULL or points to an id.
 */
LIBGOSSIP_API
size_t gossip_core_metadata_count(const gossip_core_t *core,
                                  const gossip_node_id_t *id);

/**
 * Sets one pair of the own metadata, as gossip_core_update_self_metadata() does.
 *
 * @param core The core.
 * @param key The key.
 * @param value Its value.
 * @return GOSSIP_ERR_SUCCESS; GOSSIP_ERR_INVALID_ARGUMENT if something is NULL, or it would be
 * more than 65536 bytes in all, or the key is "config_epoch" and the epoch would fall;
 * GOSSIP_ERR_OPERATION_NOT_PERMITTED if the core cannot be used any more.
 *
 * Threads: any. From callbacks: yes. Since 1.6.
 *
 * @pre
 * core is NULL or a core that was not destroyed; key and value are NULL or texts that end in NUL.
 */
LIBGOSSIP_API
gossip_error_code_t gossip_core_set_metadata(gossip_core_t *core,
                                             const char *key,
                                             const char *value);

/**
 * Takes one pair of the own metadata away; the others learn of it with the next rounds.
 *
 * @param core The core.
 * @param key The key.
 * @return 1 if there was such a pair; 0 if not, or if an argument is NULL or the core cannot be
 * used any more: gossip_last_error() then says which.
 *
 * Threads: any. From callbacks: yes. Since 1.6.
 *
 * @pre
 * core is NULL or a core that was not destroyed; key is NULL or a text that ends in NUL.
 */
LIBGOSSIP_API int gossip_core_remove_self_metadata(gossip_core_t *core, const char *key);

/**
 * All that is known of a node.
 *
 * @param core The core.
 * @param id Whom to look for; the own id finds the node itself.
 * @param info Where it is put if the node is known; set its size before. Left as it is otherwise.
 * @return 1 if it is known; 0 if not, if an argument is NULL or the size is wrong.
 *
 * Threads: any. From callbacks: yes. Since 1.6.
 *
 * @pre
 * core is NULL or a core that was not destroyed; id is NULL or points to an id; info is NULL or
 * points to a struct with as many bytes as its size says.
 */
LIBGOSSIP_API
int gossip_core_node_info(const gossip_core_t *core,
                          const gossip_node_id_t *id,
                          gossip_node_info_t *info);

/**
 * All that is known of a node that a callback was handed.
 *
 * Its status and metadata are those of the moment when the callback was decided on; what is known
 * beside the struct, such as when it was seen, is that of now.
 *
 * @param view A node that the callback which runs on this thread was handed: the target or an
 * entry of gossip_send_callback_t, the node of gossip_event_callback_t, that of a gossip_change_t,
 * or an entry of a message that was lent. Where no callback of a core runs, what only a core knows
 * is zero.
 * @param info Where it is put; set its size before.
 * @return 1; 0 if an argument is NULL, view is another pointer, or the size is wrong:
 * gossip_last_error() then says which.
 *
 * Threads: any. From callbacks: only there. Since 1.6.
 *
 * @pre
 * view is NULL or points to a view; info is NULL or points to a struct with as many bytes as its
 * size says.
 */
LIBGOSSIP_API int gossip_view_info(const gossip_node_view_t *view, gossip_node_info_t *info);

/**
 * One value of the metadata of a node that a callback was handed.
 *
 * @param view The node, as for gossip_view_info().
 * @param key The key.
 * @param value Where the value is put, as by gossip_core_get_metadata().
 * @param value_size As for gossip_core_get_metadata().
 * @return 1 if the value was put; 0 if there is none, it has no room or an argument is wrong.
 *
 * Threads: any. From callbacks: only there. Since 1.6.
 *
 * @pre
 * view is NULL or points to a view; key is NULL or a text that ends in NUL; value_size is NULL or
 * points to a size_t, and value is NULL or has as many bytes.
 */
LIBGOSSIP_API
int gossip_view_get_metadata(const gossip_node_view_t *view,
                             const char *key,
                             char *value,
                             size_t *value_size);

/**
 * Walks the metadata of a node that a callback was handed.
 *
 * @param view The node, as for gossip_view_info().
 * @param callback Called for each pair.
 * @param user_data Handed to the callback.
 * @return How many pairs there are; 0 also if an argument is wrong: gossip_last_error() then says
 * which.
 *
 * Threads: any. From callbacks: only there. Since 1.6.
 *
 * @pre
 * view is NULL or points to a view.
 */
LIBGOSSIP_API
size_t gossip_view_each_metadata(const gossip_node_view_t *view,
                                 gossip_metadata_callback_t callback,
                                 void *user_data);

/**
 * What a core counted and has now. Its cost does not depend on the number of live nodes.
 *
 * @param core The core.
 * @param stats Where it is put; set its size before. Left as it is on an error.
 * @return GOSSIP_ERR_SUCCESS; GOSSIP_ERR_INVALID_ARGUMENT if an argument is NULL or the size is
 * wrong; GOSSIP_ERR_OPERATION_NOT_PERMITTED if the core cannot be used any more.
 *
 * Threads: any. From callbacks: yes. Since 1.6.
 *
 * @pre
 * core is NULL or a core that was not destroyed; stats is NULL or points to a struct with as many
 * bytes as its size says.
 */
LIBGOSSIP_API
gossip_error_code_t gossip_core_get_stats(const gossip_core_t *core,
                                          gossip_stats_t *stats);

/**
 * What a core knows of its way to one node.
 *
 * @param core The core.
 * @param id Which node.
 * @param stats Where it is put if the node is known; set its size before. Left as it is otherwise.
 * @return 1 if it is known; 0 if not, if it is the node itself, an argument is NULL or the size is
 * wrong.
 *
 * Threads: any. From callbacks: yes. Since 1.6.
 *
 * @pre
 * core is NULL or a core that was not destroyed; id is NULL or points to an id; stats is NULL or
 * points to a struct with as many bytes as its size says.
 */
LIBGOSSIP_API
int gossip_core_get_peer_stats(const gossip_core_t *core,
                               const gossip_node_id_t *id,
                               gossip_peer_stats_t *stats);

/**
 * Forgets nodes that failed or left at least so long ago, as happens by itself after reap_ms of
 * the configuration. Raises no events.
 *
 * A node that is forgotten too soon may be told of again by others that still hold it.
 *
 * @param core The core.
 * @param older_than_ms How long ago at least, in milliseconds; 0 forgets all that are failed or
 * left.
 * @return How many were forgotten; 0 also if core is NULL or cannot be used any more.
 *
 * Threads: any. From callbacks: yes. Since 1.6.
 *
 * @pre
 * core is NULL or a core that was not destroyed.
 */
LIBGOSSIP_API size_t gossip_core_cleanup_expired(gossip_core_t *core, uint64_t older_than_ms);

/**
 * Begins a message without entries.
 *
 * @param sender Who says it.
 * @param type What it is for; GOSSIP_MSG_PING_REQ and GOSSIP_MSG_NACK are allowed too.
 * @param timestamp The timestamp that it came with.
 * @return The builder, to be freed by gossip_message_builder_destroy(); NULL if sender is NULL or
 * type is not one of a struct.
 *
 * Threads: any. From callbacks: yes. Since 1.6.
 *
 * @pre
 * sender is NULL or points to an id.
 */
LIBGOSSIP_API
gossip_message_builder_t *gossip_message_builder_create(const gossip_node_id_t *sender,
                                                        gossip_message_type_t type,
                                                        uint64_t timestamp);

/**
 * Adds an entry to the end. It says nothing about metadata until
 * gossip_message_builder_set_metadata().
 *
 * @param builder The message.
 * @param entry The entry; copied. Its message counters are not looked at.
 * @return GOSSIP_ERR_SUCCESS; GOSSIP_ERR_INVALID_ARGUMENT if something is NULL, the entry has a
 * foreign status or a text without NUL, or there are 4096 already;
 * GOSSIP_ERR_OPERATION_NOT_PERMITTED in a forked child.
 *
 * Threads: any. From callbacks: yes. Since 1.6.
 *
 * @pre
 * builder is NULL or was not destroyed; entry is NULL or points to a view.
 */
LIBGOSSIP_API
gossip_error_code_t gossip_message_builder_add_entry(gossip_message_builder_t *builder,
                                                     const gossip_node_view_t *entry);

/**
 * Sets one pair of an entry's metadata, which from then on is all of it.
 *
 * Text that is not UTF-8 is replaced where it is not.
 *
 * @param builder The message.
 * @param index Which entry, from 0 on.
 * @param key The key, which need not end in NUL; NULL to say that the node has no metadata at all.
 * @param key_size The bytes of the key.
 * @param value The value, which need not end in NUL; not looked at if key is NULL.
 * @param value_size The bytes of the value.
 * @return GOSSIP_ERR_SUCCESS; GOSSIP_ERR_INVALID_ARGUMENT if builder or value is NULL, there is no
 * such entry or its metadata would have more than 65536 bytes; GOSSIP_ERR_OPERATION_NOT_PERMITTED
 * in a forked child.
 *
 * Threads: any. From callbacks: yes. Since 1.6.
 *
 * @pre
 * builder is NULL or was not destroyed; key and value are NULL or have as many bytes as their
 * sizes say.
 */
LIBGOSSIP_API
gossip_error_code_t gossip_message_builder_set_metadata(gossip_message_builder_t *builder,
                                                        size_t index,
                                                        const char *key,
                                                        size_t key_size,
                                                        const char *value,
                                                        size_t value_size);

/**
 * Hands a message out as one that a send callback is called with: so that functions that take a
 * gossip_message_t, called inside with that very pointer, have the metadata of its entries too.
 * The error text of the last call inside stays.
 *
 * Such functions are gossip_transport_send_message() and gossip_serializer_serialize(); and
 * gossip_view_info() and its like know the entries.
 *
 * @param builder The message.
 * @param callback Called once before this returns, on this thread.
 * @param user_data Handed to the callback.
 * @return GOSSIP_ERR_SUCCESS; GOSSIP_ERR_INVALID_ARGUMENT if builder or callback is NULL;
 * GOSSIP_ERR_OPERATION_NOT_PERMITTED in a forked child.
 *
 * Threads: any. From callbacks: yes. Since 1.6.
 *
 * @pre
 * builder is NULL or was not destroyed.
 */
LIBGOSSIP_API
gossip_error_code_t gossip_message_builder_lend(const gossip_message_builder_t *builder,
                                                gossip_message_callback_t callback,
                                                void *user_data);

/**
 * Frees a builder. A core that took its message keeps what it needs.
 *
 * @param builder The builder; NULL does nothing.
 *
 * Threads: any one, when no other thread uses it any more. From callbacks: yes. Since 1.6.
 *
 * @pre
 * builder is NULL or came from gossip_message_builder_create() and was not destroyed.
 */
LIBGOSSIP_API void gossip_message_builder_destroy(gossip_message_builder_t *builder);

/**
 * Takes a message that was built, as gossip_core_handle_message() takes one that is a struct.
 *
 * @param core The core.
 * @param builder The message; it stays the caller's and may be handed in again.
 * @return GOSSIP_ERR_SUCCESS; GOSSIP_ERR_INVALID_ARGUMENT if something is NULL or the message is
 * refused: gossip_last_error() then says why; GOSSIP_ERR_OPERATION_NOT_PERMITTED if the core
 * cannot be used any more.
 *
 * Threads: any. From callbacks: yes. Since 1.6.
 *
 * @pre
 * core is NULL or a core that was not destroyed; builder is NULL or was not destroyed.
 */
LIBGOSSIP_API
gossip_error_code_t gossip_core_handle_built(gossip_core_t *core,
                                             const gossip_message_builder_t *builder);

/**
 * Takes a message that was built at a given time, see gossip_core_tick_at().
 *
 * @param core The core.
 * @param builder The message, as for gossip_core_handle_built().
 * @param now_ms The time in milliseconds.
 * @return As gossip_core_handle_built().
 *
 * Threads: any. From callbacks: yes. Since 1.6.
 *
 * @pre
 * core is NULL or a core that was not destroyed; builder is NULL or was not destroyed.
 */
LIBGOSSIP_API
gossip_error_code_t gossip_core_handle_built_at(gossip_core_t *core,
                                                const gossip_message_builder_t *builder,
                                                uint64_t now_ms);

/**
 * Takes a datagram that the program's own socket received: a packet of the library, or JSON in the
 * frames of libgossip 1.4.2, several in a datagram.
 *
 * @param core The core.
 * @param bytes The datagram.
 * @param size How many bytes it has.
 * @param ip Whom it came from: a numeric IPv4 or IPv6 address, as the socket says.
 * @param port The port that it came from, 1 to 65535.
 * @return GOSSIP_ERR_SUCCESS; GOSSIP_ERR_INVALID_ARGUMENT if something is NULL or out of range;
 * GOSSIP_ERR_SERIALIZATION_ERROR if the bytes are no message for this node, or one that it
 * refuses: gossip_last_error() then says why, and nothing but a counter was changed; of several
 * frames the good ones are taken; GOSSIP_ERR_OPERATION_NOT_PERMITTED if the core cannot be used
 * any more.
 *
 * Threads: any. From callbacks: yes. Since 1.6.
 *
 * @pre
 * core is NULL or a core that was not destroyed; bytes is NULL or has size bytes; ip is NULL or a
 * text that ends in NUL.
 */
LIBGOSSIP_API
gossip_error_code_t gossip_core_handle_packet(gossip_core_t *core,
                                              const uint8_t *bytes,
                                              size_t size,
                                              const char *ip,
                                              uint16_t port);

/**
 * Takes a datagram at a given time, see gossip_core_tick_at().
 *
 * @param core The core.
 * @param bytes The datagram.
 * @param size How many bytes it has.
 * @param ip Whom it came from, as for gossip_core_handle_packet().
 * @param port The port that it came from.
 * @param now_ms The time in milliseconds.
 * @return As gossip_core_handle_packet().
 *
 * Threads: any. From callbacks: yes. Since 1.6.
 *
 * @pre
 * core is NULL or a core that was not destroyed; bytes is NULL or has size bytes; ip is NULL or a
 * text that ends in NUL.
 */
LIBGOSSIP_API
gossip_error_code_t gossip_core_handle_packet_at(gossip_core_t *core,
                                                 const uint8_t *bytes,
                                                 size_t size,
                                                 const char *ip,
                                                 uint16_t port,
                                                 uint64_t now_ms);

/**
 * Says which function gets the log lines of all objects of the library in this process; none does
 * before.
 *
 * It may be called at any time, and takes the place of the function before. That one may still be
 * running on another thread when this returns; its drop_user_data is called when it is not.
 *
 * @param level The least important lines that are wanted.
 * @param callback The function; NULL for none, and then the other arguments do not matter.
 * @param user_data Handed to the function and never touched.
 * @param drop_user_data Called once with user_data: when another function was set and no thread
 * runs this one any more, or before this returns if it fails. May be NULL.
 * @return GOSSIP_ERR_SUCCESS; GOSSIP_ERR_INVALID_ARGUMENT if level is not one;
 * GOSSIP_ERR_OPERATION_NOT_PERMITTED in a forked child, or in a Rust program that has a subscriber
 * of its own for the lines.
 *
 * Threads: any. From callbacks: yes. Since 1.6.
 *
 * @pre
 * callback may be called from every thread that calls a function of the library, and from those of
 * the library.
 */
LIBGOSSIP_API
gossip_error_code_t gossip_set_log_callback(gossip_log_level_t level,
                                            gossip_log_callback_t callback,
                                            void *user_data,
                                            gossip_drop_callback_t drop_user_data);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* GOSSIP_EXT_C_H */
