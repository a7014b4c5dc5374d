/**
 * @file
 * @brief What nodes and messages are in libgossip's C++ API: ids, enumerations, views, callbacks.
 */
#ifndef LIBGOSSIP_CORE_DETAIL_TYPES_HPP
#define LIBGOSSIP_CORE_DETAIL_TYPES_HPP

#include "enums.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace libgossip {

/// The identity of a node: 16 bytes that its owner chose.
using node_id_t = std::array<std::uint8_t, 16>;

/// A moment of the monotonic clock.
using time_point = std::chrono::steady_clock::time_point;

/// A time span in milliseconds.
using duration_ms = std::chrono::milliseconds;

/// What is known of a node. One that left is shown as failed; gossip::member tells them apart.
enum class node_status {
    unknown = 0, ///< Nothing: the old status of a node that is seen for the first time.
    joining,     ///< Met or told of, but not heard from yet.
    online,      ///< Alive.
    suspect,     ///< It did not answer, and has some time left to show that it is alive.
    failed,      ///< It is taken for dead, or it has left.
};

/// What a message is for. Cores also make messages with the numbers 6 (a request to ping a node for
/// the sender) and 7 (the answer that this failed); a program carries them like the others.
enum class message_type : std::uint8_t {
    ping = 0, ///< "Are you there?"
    pong,     ///< The answer to a ping, a meet or a join.
    meet,     ///< Makes the sender known to the receiver.
    join,     ///< Like meet, and asks for the list of members.
    leave,    ///< A node leaves.
    update,   ///< Carries entries and asks for no answer.
};

/// One node as somebody sees it.
struct node_view {
    node_id_t id{};                                ///< Whom it is about.
    std::string ip{};                              ///< Its address, at most 63 bytes.
    int port = 0;                                  ///< Its port.
    std::uint64_t config_epoch = 0;                ///< Of address, role, region and metadata.
    std::uint64_t heartbeat = 0;                   ///< Raised by the node alone; below 2^63.
    std::uint64_t version = 0;                     ///< Counts changes; carried, never compared.
    time_point seen_time{};                        ///< When its newest heartbeat was learned.
    node_status status = node_status::unknown;     ///< What is known of it.
    std::string role{};                            ///< What it does, at most 63 bytes.
    std::string region{};                          ///< Where it stands, at most 63 bytes.
    std::map<std::string, std::string> metadata{}; ///< What it tells of itself, at most 64 KiB.
    int suspicion_count = 0;                       ///< How many members accuse it now.
    time_point last_suspected{};                   ///< When it was suspected last.

    /// Whether this is newer: by heartbeat, then by config_epoch.
    bool newer_than(const node_view &other) const noexcept
    {
        return heartbeat != other.heartbeat ? heartbeat > other.heartbeat
                                            : config_epoch > other.config_epoch;
    }

    /// Whether this takes the place of the other: by config_epoch, then by heartbeat.
    bool can_replace(const node_view &other) const noexcept
    {
        return config_epoch != other.config_epoch ? config_epoch > other.config_epoch
                                                  : heartbeat > other.heartbeat;
    }

    bool operator==(const node_view &other) const
    {
        return id == other.id && ip == other.ip && port == other.port &&
               config_epoch == other.config_epoch && heartbeat == other.heartbeat &&
               version == other.version && seen_time == other.seen_time &&
               status == other.status && role == other.role && region == other.region &&
               metadata == other.metadata && suspicion_count == other.suspicion_count &&
               last_suspected == other.last_suspected;
    }

    bool operator!=(const node_view &other) const { return !(*this == other); }
};

/// A message between two nodes.
struct gossip_message {
    node_id_t sender{};                     ///< Who says it.
    message_type type = message_type::ping; ///< What it is for.
    std::uint64_t timestamp = 0;            ///< The sender's heartbeat, or one less.
    std::vector<node_view> entries{};       ///< What it tells of nodes.

    bool operator==(const gossip_message &other) const
    {
        return sender == other.sender && type == other.type && timestamp == other.timestamp &&
               entries == other.entries;
    }

    bool operator!=(const gossip_message &other) const { return !(*this == other); }
};

/// Sends a message to a node.
using send_callback = std::function<void(const gossip_message &msg, const node_view &target)>;

/// Is told of a change of a node, with its status before.
using event_callback = std::function<void(const node_view &node, node_status old_status)>;

/// What a core counted.
struct gossip_stats {
    std::size_t known_nodes = 0;                   ///< Known nodes but this one.
    std::size_t sent_messages = 0;                 ///< Messages sent.
    std::size_t received_messages = 0;             ///< Messages taken.
    duration_ms last_tick_duration = duration_ms(0); ///< How long the last tick() took.
};

/// The clock of the library.
struct clock {
    /// The time now.
    static time_point now() { return std::chrono::steady_clock::now(); }
};

namespace detail {

template <>
struct enum_names<node_status> {
    static constexpr name_table<node_status, 5> entries{{{node_status::unknown, "unknown"},
                                                         {node_status::joining, "joining"},
                                                         {node_status::online, "online"},
                                                         {node_status::suspect, "suspect"},
                                                         {node_status::failed, "failed"}}};
};

template <>
struct enum_names<message_type> {
    static constexpr name_table<message_type, 6> entries{{{message_type::ping, "ping"},
                                                          {message_type::pong, "pong"},
                                                          {message_type::meet, "meet"},
                                                          {message_type::join, "join"},
                                                          {message_type::leave, "leave"},
                                                          {message_type::update, "update"}}};
};

} // namespace detail
} // namespace libgossip

#endif
