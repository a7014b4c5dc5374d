/**
 * @file
 * @brief Between the structs of C and those of C++.
 */
#ifndef LIBGOSSIP_CORE_DETAIL_CONVERT_HPP
#define LIBGOSSIP_CORE_DETAIL_CONVERT_HPP

#include "../gossip_errors.hpp"
#include "c_api.hpp"
#include "types.hpp"

#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace libgossip {
namespace detail {

/// The text in a field of a C struct.
template <std::size_t N>
std::string_view text_of(const char (&field)[N]) noexcept
{
    const void *end = std::memchr(field, 0, N);
    return {field, end ? static_cast<std::size_t>(static_cast<const char *>(end) - field) : N};
}

/// Puts a text into a field of a C struct. One that is too long has no NUL there, and the function
/// that is called with it says so.
template <std::size_t N>
void put_text(char (&field)[N], std::string_view text) noexcept
{
    const std::size_t size = text.size() < N ? text.size() : N;
    std::memcpy(field, text.data(), size);
    std::memset(field + size, 0, N - size);
}

inline gossip_node_id_t to_c(const node_id_t &id) noexcept
{
    gossip_node_id_t result;
    static_assert(sizeof result.data == sizeof id, "an id has 16 bytes");
    std::memcpy(result.data, id.data(), id.size());
    return result;
}

inline node_id_t from_c(const gossip_node_id_t &id) noexcept
{
    node_id_t result{};
    std::memcpy(result.data(), id.data, result.size());
    return result;
}

inline gossip_node_view_t to_c(const node_view &view) noexcept
{
    gossip_node_view_t result{};
    result.id = to_c(view.id);
    put_text(result.ip, view.ip);
    result.port = view.port;
    result.config_epoch = view.config_epoch;
    result.heartbeat = view.heartbeat;
    result.version = view.version;
    result.status = static_cast<gossip_node_status_t>(view.status);
    put_text(result.role, view.role);
    put_text(result.region, view.region);
    return result;
}

/// All that a C view has; what it lacks is set to nothing.
inline void fill(node_view &view, const gossip_node_view_t &from)
{
    view.id = from_c(from.id);
    view.ip = text_of(from.ip);
    view.port = from.port;
    view.config_epoch = from.config_epoch;
    view.heartbeat = from.heartbeat;
    view.version = from.version;
    view.seen_time = time_point{};
    view.status = static_cast<node_status>(from.status);
    view.role = text_of(from.role);
    view.region = text_of(from.region);
    view.metadata.clear();
    view.suspicion_count = 0;
    view.last_suspected = time_point{};
}

/// Calls a function with each pair of some metadata, as key and value.
template <typename Take>
struct metadata_walk {
    Take &take;
    std::exception_ptr error{};

    static int step(const char *key, std::size_t key_size, const char *value,
                    std::size_t value_size, void *user_data) noexcept
    {
        auto &walk = *static_cast<metadata_walk *>(user_data);
        try {
            walk.take(std::string_view(key, key_size), std::string_view(value, value_size));
            return 0;
        } catch (...) {
            walk.error = std::current_exception();
            return 1;
        }
    }
};

/// Runs a walk of C, given as a function of a callback and its user data, and returns how many pairs
/// there are. What `take` throws leaves after the walk.
template <typename Each, typename Take>
std::size_t walk_metadata(Each each, Take take)
{
    metadata_walk<Take> walk{take};
    const std::size_t pairs = each(&metadata_walk<Take>::step, &walk);
    if (walk.error) {
        std::rethrow_exception(walk.error);
    }
    return pairs;
}

using metadata_map = std::map<std::string, std::string>;

/// The metadata of a node that a callback was handed.
inline void read_view_metadata(metadata_map &into, const gossip_node_view_t &view)
{
    walk_metadata(
        [&view](gossip_metadata_callback_t step, void *walk) {
            return gossip_view_each_metadata(&view, step, walk);
        },
        [&into](std::string_view key, std::string_view value) {
            into.insert_or_assign(std::string(key), std::string(value));
        });
}

/// The metadata of a node that a core knows.
inline void read_core_metadata(metadata_map &into, const gossip_core_t *core,
                               const gossip_node_id_t &id)
{
    walk_metadata(
        [core, &id](gossip_metadata_callback_t step, void *walk) {
            return gossip_core_each_metadata(core, &id, step, walk);
        },
        [&into](std::string_view key, std::string_view value) {
            into.insert_or_assign(std::string(key), std::string(value));
        });
}

/// A value of metadata by a function of C that asks for one: get(value, size).
template <typename Get>
std::optional<std::string> read_value(Get get)
{
    std::size_t size = 0;
    get(nullptr, &size);
    std::string value;
    // It may grow between the two calls.
    while (size > 0) {
        value.resize(size);
        if (get(value.data(), &size) != 0) {
            value.resize(size - 1);
            return value;
        }
        if (size <= value.size()) {
            break;
        }
    }
    return std::nullopt;
}

/// Frees what the C library allocated.
struct destroy {
    void operator()(gossip_message_builder_t *builder) const noexcept
    {
        gossip_message_builder_destroy(builder);
    }
    void operator()(gossip_node_view_t *nodes) const noexcept { gossip_core_free_nodes(nodes); }
};

using builder_ptr = std::unique_ptr<gossip_message_builder_t, destroy>;

/// Tells what an entry of a message says about metadata, by a function of C that sets a pair:
/// set(key, key_size, value, value_size). Gives its first error.
///
/// An entry without metadata says nothing about it, unless it is the sender's own: who tells of
/// himself knows that he has none.
template <typename Set>
gossip_error_code_t tell_metadata(const node_view &entry, const node_id_t &sender, Set set)
{
    if (entry.metadata.empty()) {
        return entry.id == sender ? set(nullptr, 0, nullptr, 0) : GOSSIP_ERR_SUCCESS;
    }
    for (const auto &pair : entry.metadata) {
        const gossip_error_code_t code =
            set(pair.first.data(), pair.first.size(), pair.second.data(), pair.second.size());
        if (code != GOSSIP_ERR_SUCCESS) {
            return code;
        }
    }
    return GOSSIP_ERR_SUCCESS;
}

/// A message for the C library with the metadata of its entries; null, with an error text, if it has
/// a flaw.
inline builder_ptr build(const gossip_message &msg)
{
    const gossip_node_id_t sender = to_c(msg.sender);
    builder_ptr builder(gossip_message_builder_create(
        &sender, static_cast<gossip_message_type_t>(msg.type), msg.timestamp));
    for (std::size_t index = 0; builder && index < msg.entries.size(); ++index) {
        const node_view &entry = msg.entries[index];
        const gossip_node_view_t view = to_c(entry);
        gossip_error_code_t code = gossip_message_builder_add_entry(builder.get(), &view);
        if (code == GOSSIP_ERR_SUCCESS) {
            code = tell_metadata(entry, msg.sender,
                                 [&builder, index](const char *key, std::size_t key_size,
                                                   const char *value, std::size_t value_size) {
                                     return gossip_message_builder_set_metadata(
                                         builder.get(), index, key, key_size, value, value_size);
                                 });
        }
        if (code != GOSSIP_ERR_SUCCESS) {
            builder.reset();
        }
    }
    return builder;
}

/// Reads a message that the C library lends, with the metadata of its entries.
inline void fill(gossip_message &msg, const gossip_message_t &from)
{
    msg.sender = from_c(from.sender);
    msg.type = static_cast<message_type>(from.type);
    msg.timestamp = from.timestamp;
    msg.entries.resize(from.entries == nullptr ? 0 : from.entries_count);
    for (std::size_t i = 0; i < msg.entries.size(); ++i) {
        fill(msg.entries[i], from.entries[i]);
        read_view_metadata(msg.entries[i].metadata, from.entries[i]);
    }
}

/// A message that a send callback is handed, for as long as that runs on this thread: so that our
/// transports and serializers, called inside with that very message, send all that is behind it.
class lent_message {
public:
    lent_message(const gossip_message &msg, const gossip_message_t &c_msg, const node_view &target,
                 const gossip_node_view_t &c_target) noexcept
        : msg_(&msg), c_msg_(&c_msg), target_(&target), c_target_(&c_target), before_(innermost())
    {
        innermost() = this;
    }
    ~lent_message() { innermost() = before_; }
    lent_message(const lent_message &) = delete;
    lent_message &operator=(const lent_message &) = delete;

    /// The message of C that this one was made of; null if it is another one.
    static const gossip_message_t *find(const gossip_message &msg) noexcept
    {
        const lent_message *lent = innermost();
        return lent && lent->msg_ == &msg ? lent->c_msg_ : nullptr;
    }

    /// The same for its receiver.
    static const gossip_node_view_t *find(const node_view &target) noexcept
    {
        const lent_message *lent = innermost();
        return lent && lent->target_ == &target ? lent->c_target_ : nullptr;
    }

private:
    static lent_message *&innermost() noexcept
    {
        static thread_local lent_message *lent = nullptr;
        return lent;
    }

    const gossip_message *msg_;
    const gossip_message_t *c_msg_;
    const node_view *target_;
    const gossip_node_view_t *c_target_;
    lent_message *before_;
};

/// Runs `body` with a message of C that has all of `msg`; gives the error if `msg` has a flaw.
template <typename Body>
gossip_error_code_t with_c_message(const gossip_message &msg, Body body)
{
    if (const gossip_message_t *c_msg = lent_message::find(msg)) {
        return body(*c_msg);
    }
    const builder_ptr builder = build(msg);
    if (!builder) {
        return GOSSIP_ERR_INVALID_ARGUMENT;
    }
    struct loan {
        Body &body;
        gossip_error_code_t code = GOSSIP_ERR_INVALID_ARGUMENT;
        std::exception_ptr error{};
    } loan{body};
    const gossip_error_code_t code = gossip_message_builder_lend(
        builder.get(),
        [](const gossip_message_t *c_msg, void *user_data) noexcept {
            auto &into = *static_cast<struct loan *>(user_data);
            try {
                into.code = into.body(*c_msg);
            } catch (...) {
                into.error = std::current_exception();
            }
        },
        &loan);
    if (loan.error) {
        std::rethrow_exception(loan.error);
    }
    return code == GOSSIP_ERR_SUCCESS ? loan.code : code;
}

} // namespace detail
} // namespace libgossip

#endif
