/**
 * @file
 * @brief A member of a cluster that runs itself: gossip::node.
 */
#ifndef LIBGOSSIP_NET_GOSSIP_NODE_HPP
#define LIBGOSSIP_NET_GOSSIP_NODE_HPP

#include "../core/gossip_options.hpp"
#include "../core/gossip_views.hpp"
#include "detail/c_net_api.hpp"

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gossip {

/// How a node is to be.
struct node_config {
    /// The address to listen on, numeric; "0.0.0.0" is all.
    std::string bind_host = "0.0.0.0";
    /// The port to listen on, by UDP and TCP; 0 for any that is free.
    std::uint16_t port = 0;
    /// What it does.
    std::string role{};
    /// Where it stands.
    std::string region{};
    /// The name of the cluster: packets of another one are refused.
    std::string cluster{};
    /// What it spreads with itself from the start.
    std::map<std::string, std::string> metadata{};
    /// Who it is. All zero takes a random id.
    node_id_t id{};
    /// Where others reach it, if that is another address and port than those it listens on.
    std::string advertise_host{};
    std::uint16_t advertise_port = 0;
    /// In which form it writes messages.
    std::string serializer = "auto";
    /// The constants of the protocol.
    core_config protocol{};
    /// Is told of each change, with the status before. Callbacks run on a thread of the node for them,
    /// one at a time, and may call all functions. Their exceptions go to gossip::set_error_handler().
    std::function<void(node_ref node, node_status old_status)> on_event{};
    /// Is told of all changes that waited, together.
    std::function<void(change_list changes)> on_changes{};
};

/// A member of a cluster with its own sockets and threads. All functions may be called from any thread
/// and inside its callbacks; those that cannot do what they are asked throw gossip::error. A node that
/// was moved from can only be assigned to and destroyed.
class node {
public:
    /// Makes a node; no socket and no thread before start().
    explicit node(const node_config &config = node_config{})
    {
        gossip_node_config_t c;
        detail::check(gossip_node_config_init(&c));
        core_config protocol = config.protocol;
        std::vector<const char *> keys;
        std::vector<const char *> values;
        for (const auto &pair : config.metadata) {
            keys.push_back(pair.first.c_str());
            values.push_back(pair.second.c_str());
        }
        c.id = detail::to_c(config.id);
        c.bind_host = config.bind_host.c_str();
        c.advertise_host = config.advertise_host.empty() ? nullptr : config.advertise_host.c_str();
        c.role = config.role.c_str();
        c.region = config.region.c_str();
        c.cluster = config.cluster.empty() ? nullptr : config.cluster.c_str();
        c.serializer = config.serializer.c_str();
        c.metadata_keys = keys.data();
        c.metadata_values = values.data();
        c.metadata_count = keys.size();
        c.protocol = &protocol.c();
        c.port = config.port;
        c.advertise_port = config.advertise_port;
        c.on_event = config.on_event ? &node::event : nullptr;
        c.on_changes = config.on_changes ? &node::changes : nullptr;
        c.user_data = new functions{config.on_event, config.on_changes};
        c.drop_user_data = &node::drop;
        node_.reset(gossip_node_create(&c));
        if (!node_) {
            detail::fail(GOSSIP_ERR_INVALID_ARGUMENT);
        }
    }

    /// Binds the port and makes the threads. A node that was stopped can be started again.
    void start() { detail::check(gossip_node_start(node_.get())); }

    /// Closes the sockets and ends the threads. To the others it is a crash, if leave() was not
    /// called.
    void stop() { detail::check(gossip_node_stop(node_.get())); }

    /// Joins the cluster that any of some addresses is in, such as "10.0.0.1:7946" or "db-7:7946".
    ///
    /// Returns how many have answered when the first one did, or when the time is over: 0 then, and
    /// gossip::last_error() says of each why. They are asked on in the background.
    std::size_t join(std::initializer_list<std::string_view> addresses,
                     duration_ms timeout = std::chrono::seconds(2))
    {
        return join<std::initializer_list<std::string_view>>(addresses, timeout);
    }

    /// As above, for any range of texts.
    template <typename Range>
    std::size_t join(const Range &addresses, duration_ms timeout = std::chrono::seconds(2))
    {
        std::vector<std::string> texts;
        for (const auto &address : addresses) {
            texts.emplace_back(address);
        }
        std::vector<const char *> pointers;
        for (const std::string &text : texts) {
            pointers.push_back(text.c_str());
        }
        const int answered = gossip_node_join(node_.get(), pointers.data(), pointers.size(),
                                              milliseconds(timeout));
        if (answered < 0 && answered != -static_cast<int>(GOSSIP_ERR_NETWORK_ERROR)) {
            detail::fail(static_cast<gossip_error_code_t>(-answered));
        }
        return answered < 0 ? 0 : static_cast<std::size_t>(answered);
    }

    /// Leaves the cluster: waits until that was told often enough, or the time is over.
    void leave(duration_ms timeout = std::chrono::seconds(2))
    {
        detail::check(gossip_node_leave(node_.get(), milliseconds(timeout)));
    }

    /// The port that is bound, or was last; before the first start the one that was asked for.
    std::uint16_t port() const noexcept { return gossip_node_port(node_.get()); }

    /// All known nodes but this one, in the order in which they became known.
    std::vector<member> members() const
    {
        std::size_t count = 0;
        const std::unique_ptr<gossip_node_info_t, void (*)(void *)> found(
            gossip_node_members(node_.get(), sizeof(gossip_node_info_t), &count), &std::free);
        std::vector<member> result;
        result.reserve(found ? count : 0);
        for (std::size_t i = 0; found && i < count; ++i) {
            result.emplace_back(found.get()[i]);
        }
        return result;
    }

    /// Looks up one node. The own id finds the node itself.
    std::optional<member> find(const node_id_t &id) const
    {
        const gossip_node_id_t c_id = detail::to_c(id);
        gossip_node_info_t info{};
        info.size = sizeof info;
        return gossip_node_find(node_.get(), &c_id, &info) != 0 ? std::optional<member>(info)
                                                                : std::nullopt;
    }

    /// The node itself. Its address is empty if others are to take the one that its messages come
    /// from.
    member self() const
    {
        gossip_node_info_t info{};
        info.size = sizeof info;
        if (gossip_node_self(node_.get(), &info) == 0) {
            detail::fail(GOSSIP_ERR_OPERATION_NOT_PERMITTED);
        }
        return member(info);
    }

    /// The metadata of the node itself or of a member.
    std::map<std::string, std::string> metadata(const node_id_t &id) const
    {
        const gossip_node_id_t c_id = detail::to_c(id);
        std::map<std::string, std::string> all;
        detail::walk_metadata(
            [this, &c_id](gossip_metadata_callback_t step, void *walk) {
                return gossip_node_each_metadata(node_.get(), &c_id, step, walk);
            },
            [&all](std::string_view key, std::string_view value) {
                all.insert_or_assign(std::string(key), std::string(value));
            });
        return all;
    }

    /// One value of the metadata of the node itself or of a member.
    std::optional<std::string> metadata(const node_id_t &id, const std::string &key) const
    {
        const gossip_node_id_t c_id = detail::to_c(id);
        return detail::read_value([this, &c_id, &key](char *value, std::size_t *size) {
            return gossip_node_get_metadata(node_.get(), &c_id, key.c_str(), value, size);
        });
    }

    /// Sets one pair of the own metadata, and spreads it.
    void set_metadata(const std::string &key, const std::string &value)
    {
        detail::check(gossip_node_set_metadata(node_.get(), key.c_str(), value.c_str()));
    }

    /// Takes one pair of the own metadata away. Returns whether there was one.
    bool remove_metadata(const std::string &key)
    {
        return gossip_node_remove_metadata(node_.get(), key.c_str()) != 0;
    }

    /// What the node counted since its last start. Throws before the first one.
    gossip_stats_t stats() const
    {
        gossip_stats_t result{};
        result.size = sizeof result;
        detail::check(gossip_node_get_stats(node_.get(), &result));
        return result;
    }

    /// What it knows of its way to a member; nothing for one it does not know, and for itself.
    std::optional<gossip_peer_stats_t> peer_stats(const node_id_t &id) const
    {
        const gossip_node_id_t c_id = detail::to_c(id);
        gossip_peer_stats_t result{};
        result.size = sizeof result;
        return gossip_node_get_peer_stats(node_.get(), &c_id, &result) != 0
                   ? std::optional<gossip_peer_stats_t>(result)
                   : std::nullopt;
    }

    /// What its sockets and queues did since its last start.
    gossip_node_net_stats_t net_stats() const
    {
        gossip_node_net_stats_t result{};
        result.size = sizeof result;
        detail::check(gossip_node_get_net_stats(node_.get(), &result));
        return result;
    }

    /// The handle, for functions of C. It stays this object's.
    gossip_node_t *handle() const noexcept { return node_.get(); }

private:
    struct functions {
        std::function<void(node_ref, node_status)> on_event;
        std::function<void(change_list)> on_changes;
    };

    struct destroy_node {
        void operator()(gossip_node_t *node) const noexcept { gossip_node_destroy(node); }
    };

    /// A time-out for C: none is shorter than 0 or longer than what has room.
    static std::uint32_t milliseconds(duration_ms timeout) noexcept
    {
        const auto count = timeout.count();
        return count < 0              ? 0U
               : count >= 0xffffffffL ? 0xffffffffU
                                      : static_cast<std::uint32_t>(count);
    }

    template <typename Body>
    static void run(void *user_data, Body body) noexcept
    {
        try {
            body(*static_cast<const functions *>(user_data));
        } catch (...) {
            detail::report_error(std::current_exception());
        }
    }

    static void event(const gossip_node_view_t *view, gossip_node_status_t old_status,
                      void *user_data) noexcept
    {
        run(user_data, [view, old_status](const functions &all) {
            all.on_event(node_ref(*view), static_cast<node_status>(old_status));
        });
    }

    static void changes(const gossip_change_t *const *list, std::size_t count,
                        void *user_data) noexcept
    {
        run(user_data,
            [list, count](const functions &all) { all.on_changes(change_list(list, count)); });
    }

    static void drop(void *user_data) noexcept { delete static_cast<functions *>(user_data); }

    std::unique_ptr<gossip_node_t, destroy_node> node_{};
};

} // namespace gossip

#endif
