/**
 * @file
 * @brief A core and its transport in one, for programs that call tick().
 */
#ifndef LIBGOSSIP_CORE_GOSSIP_MANAGER_HPP
#define LIBGOSSIP_CORE_GOSSIP_MANAGER_HPP

#include "../net/transport_factory.hpp"
#include "config.hpp"
#include "gossip_config.hpp"
#include "gossip_core.hpp"
#include "node_id_utils.hpp"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace libgossip {

/// What happens to a cluster.
enum class cluster_event : std::uint8_t {
    node_joined,      ///< A node became known.
    node_left,        ///< A node said that it leaves.
    node_failed,      ///< A node is taken for dead.
    node_recovered,   ///< A node that was suspected or failed is back.
    metadata_changed, ///< A node told something new of itself.
};

/// Is told of a change of a node, with its status before and now.
using cluster_event_callback =
    std::function<void(const node_view &node, node_status old_status, node_status new_status)>;

/// A core with its transport. The caller calls tick() at a steady pace. All functions may be called
/// from any thread and inside the event callback; none of them throws, and an exception of the
/// callback goes to gossip::set_error_handler(). Why a function returned false is in
/// gossip::last_error().
class gossip_manager {
public:
    gossip_manager() noexcept {}
    ~gossip_manager() noexcept { stop(); }
    gossip_manager(const gossip_manager &) = delete;
    gossip_manager &operator=(const gossip_manager &) = delete;

    /// Makes the node. Returns false the second time, and for an address or a serializer that there
    /// is not.
    bool init(const gossip_config &config) noexcept
    {
        return quietly(false, [this, &config] {
            const std::lock_guard<std::recursive_mutex> lock(life_);
            if (initialized_.load()) {
                return false;
            }
            // "json" is the default and means what the default of the transports means.
            const std::string form = config.serializer == "json" ? "auto" : config.serializer;
            std::shared_ptr<net::transport> transport = net::transport_factory::create_transport(
                config.use_tcp ? net::transport_type::tcp : net::transport_type::udp, config.bind_ip,
                config.gossip_port, form);
            if (!transport) {
                return false;
            }
            transport_ = std::static_pointer_cast<net::detail::c_transport>(transport);
            config_ = config;
            id_ = parse_node_id(config.node_id).value_or(generate_node_id());
            make_core(config.gossip_port, {});
            initialized_.store(true);
            return true;
        });
    }

    /// Binds the port and begins to listen. Returns false before init(), when it runs already, and if
    /// the port cannot be had.
    bool start() noexcept
    {
        return quietly(false, [this] {
            const std::lock_guard<std::recursive_mutex> lock(life_);
            if (!initialized_.load() || running_.load() ||
                transport_->start() != net::error_code::success) {
                return false;
            }
            const std::uint16_t port = transport_->port();
            if (core()->self().port != port) {
                make_core(port, core()->self().metadata);
            }
            running_.store(true);
            return true;
        });
    }

    /// Stops listening. To the others it is a crash, if leave_cluster() was not called. It may be
    /// started again.
    void stop() noexcept
    {
        quietly(false, [this] {
            if (!running_.exchange(false)) {
                return false;
            }
            transport_->stop();
            return true;
        });
    }

    /// Runs one round.
    void tick() noexcept
    {
        with_running([](gossip_core &core) { core.tick(); });
    }

    /// Runs one round that pings every node that is online.
    void broadcast_config() noexcept
    {
        with_running([](gossip_core &core) { core.tick_full_broadcast(); });
    }

    /// Makes the node at an address known. Returns false if this one does not run, or it is no
    /// numeric address and port.
    bool meet_node(std::string_view ip, std::uint16_t port) noexcept
    {
        return contact(ip, port, &gossip_core::meet);
    }

    /// Joins the cluster that the node at an address belongs to.
    bool join_cluster(std::string_view ip, std::uint16_t port) noexcept
    {
        return contact(ip, port, &gossip_core::join);
    }

    /// Tells the others that this node leaves, often enough to be heard; stop() may follow at once.
    void leave_cluster() noexcept
    {
        with_running([this](gossip_core &core) {
            core.leave(id_);
            for (int round = 0; round < 10; ++round) {
                core.tick();
            }
        });
    }

    /// All known nodes but this one.
    std::vector<node_view> get_nodes() const noexcept
    {
        return ask<std::vector<node_view>>([](const gossip_core &core) { return core.get_nodes(); });
    }

    /// How many nodes are known, this one not counted.
    std::size_t get_node_count() const noexcept
    {
        return ask<std::size_t>([](const gossip_core &core) { return core.size(); });
    }

    /// Looks up one node. The own id finds the node itself.
    std::optional<node_view> find_node(const node_id_t &id) const noexcept
    {
        return ask<std::optional<node_view>>(
            [&id](const gossip_core &core) { return core.find_node(id); });
    }

    /// The node itself; an empty view before init().
    node_view get_self() const noexcept
    {
        return ask<node_view>(
            [this](const gossip_core &core) { return core.find_node(id_).value_or(node_view{}); });
    }

    /// Sets pairs of the own metadata.
    void update_metadata(const std::map<std::string, std::string> &metadata) noexcept
    {
        const std::shared_ptr<gossip_core> here = core();
        if (here) {
            here->update_self_metadata(metadata);
        }
    }

    /// Sets the function that is told of changes; it runs in tick() and on the transport's thread. An
    /// empty one is told nothing.
    void set_event_callback(cluster_event_callback callback) noexcept
    {
        quietly(false, [this, &callback] {
            auto shared = std::make_shared<const cluster_event_callback>(std::move(callback));
            const std::lock_guard<std::mutex> lock(events_->mutex);
            events_->callback.swap(shared);
            return true;
        });
    }

    /// What the node counted.
    struct stats {
        std::size_t known_nodes = 0;             ///< Known nodes but this one.
        std::size_t sent_messages = 0;           ///< Messages sent.
        std::size_t received_messages = 0;       ///< Messages taken.
        std::int64_t last_tick_duration_ms = 0;  ///< How long the last tick() took.
    };

    /// What the node counted.
    stats get_stats() const noexcept
    {
        return ask<stats>([](const gossip_core &core) {
            const gossip_stats counted = core.get_stats();
            stats result;
            result.known_nodes = counted.known_nodes;
            result.sent_messages = counted.sent_messages;
            result.received_messages = counted.received_messages;
            result.last_tick_duration_ms = counted.last_tick_duration.count();
            return result;
        });
    }

    bool is_initialized() const noexcept { return initialized_.load(); }
    bool is_running() const noexcept { return running_.load(); }

    /// The port that is bound, or was last; 0 before init().
    std::uint16_t port() const noexcept { return initialized_.load() ? transport_->port() : 0; }

private:
    /// The function of the program, which callbacks share: the manager may be destroyed in one.
    struct events {
        std::mutex mutex{};
        std::shared_ptr<const cluster_event_callback> callback{};
    };

    /// Runs `body`; what it throws is reported, and the fallback returned.
    template <typename T, typename Body>
    static T quietly(T fallback, Body body) noexcept
    {
        try {
            return body();
        } catch (...) {
            detail::report_error(std::current_exception());
            return fallback;
        }
    }

    std::shared_ptr<gossip_core> core() const noexcept
    {
        const std::lock_guard<std::mutex> lock(core_mutex_);
        return core_;
    }

    template <typename Body>
    void with_running(Body body) noexcept
    {
        const std::shared_ptr<gossip_core> here = running_.load() ? core() : nullptr;
        if (here) {
            quietly(false, [&body, &here] {
                body(*here);
                return true;
            });
        }
    }

    template <typename T, typename Body>
    T ask(Body body) const noexcept
    {
        const std::shared_ptr<gossip_core> here = core();
        return quietly(T{}, [&body, &here] { return here ? T(body(*here)) : T{}; });
    }

    bool contact(std::string_view ip, std::uint16_t port,
                 void (gossip_core::*meet)(const node_view &)) noexcept
    {
        const std::shared_ptr<gossip_core> here = running_.load() ? core() : nullptr;
        return here && port != 0 && quietly(false, [ip, port, meet, &here] {
            node_view node;
            // It has an id when it answers; until then one that nobody has.
            node.id = generate_node_id();
            node.ip = ip == "localhost" ? "127.0.0.1" : std::string(ip);
            node.port = port;
            if (!net::detail::is_numeric(node.ip)) {
                return false;
            }
            ((*here).*meet)(node);
            return true;
        });
    }

    void make_core(std::uint16_t port, const std::map<std::string, std::string> &metadata)
    {
        node_view self;
        self.id = id_;
        self.ip = config_.bind_ip == "localhost" ? "127.0.0.1" : config_.bind_ip;
        self.port = port;
        self.config_epoch = 1;
        self.heartbeat = 1;
        self.version = 1;
        self.role = config_.role;
        self.region = config_.region;
        self.metadata = metadata;
        gossip::core_callbacks callbacks;
        // The transport has the core, so the core must not have the transport.
        callbacks.send = [to = std::weak_ptr<net::detail::c_transport>(transport_)](
                             gossip::message_ref msg, gossip::node_ref target) {
            if (const auto transport = to.lock()) {
                transport->send_message(msg, target);
            }
        };
        callbacks.event = [events = events_](gossip::node_ref node, node_status old_status) {
            std::shared_ptr<const cluster_event_callback> callback;
            {
                const std::lock_guard<std::mutex> lock(events->mutex);
                callback = events->callback;
            }
            if (callback && *callback) {
                const node_view view = node.to_node_view();
                (*callback)(view, old_status, view.status);
            }
        };
        auto made = std::make_shared<gossip_core>(protocol(), self, std::move(callbacks));
        transport_->set_gossip_core(made);
        const std::lock_guard<std::mutex> lock(core_mutex_);
        core_.swap(made);
    }

    /// The constants of 1.4.2 in terms of this protocol, each brought into its range.
    gossip::core_config protocol() const
    {
        const auto within = [](std::uint32_t least, std::uint32_t value, std::uint32_t most) {
            return std::min(std::max(least, value), most);
        };
        const auto count = [](int value) {
            return static_cast<std::uint32_t>(std::max(value, 0));
        };
        gossip::core_config result;
        gossip_config_t &c = result.c();
        c.round_interval_ms = within(10, config_.heartbeat_interval_ms, 60000);
        c.gossip_nodes = within(1, count(config_.gossip_nodes), 64);
        c.sync_nodes = within(0, count(config_.sync_nodes), 64);
        c.suspicion_min_ms = within(10, config_.failure_timeout_ms / 2, 600000);
        return result;
    }

    std::recursive_mutex life_{};
    gossip_config config_{};
    node_id_t id_{};
    std::shared_ptr<events> events_ = std::make_shared<events>();
    std::shared_ptr<net::detail::c_transport> transport_{};
    mutable std::mutex core_mutex_{};
    std::shared_ptr<gossip_core> core_{};
    std::atomic<bool> initialized_{false};
    std::atomic<bool> running_{false};
};

namespace detail {

template <>
struct enum_names<cluster_event> {
    static constexpr name_table<cluster_event, 5> entries{
        {{cluster_event::node_joined, "node_joined"},
         {cluster_event::node_left, "node_left"},
         {cluster_event::node_failed, "node_failed"},
         {cluster_event::node_recovered, "node_recovered"},
         {cluster_event::metadata_changed, "metadata_changed"}}};
};

} // namespace detail
} // namespace libgossip

#endif
