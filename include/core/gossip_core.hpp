/**
 * @file
 * @brief One node of a cluster and its view of the others, as a C++ class.
 *
 * A core does no input or output: it calls a function to send a message, and is given those that
 * arrive. All functions may be called from any thread and inside callbacks. An exception that leaves a
 * callback is thrown again by the function whose call ran it; where there is none, on a thread of the
 * library, it goes to gossip::set_error_handler().
 */
#ifndef LIBGOSSIP_CORE_GOSSIP_CORE_HPP
#define LIBGOSSIP_CORE_GOSSIP_CORE_HPP

#include "detail/core_state.hpp"
#include "detail/types.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace libgossip {

/// A member of a cluster.
class gossip_core {
public:
    /// Makes a node; its status becomes online whatever it is in `self`.
    ///
    /// Throws std::invalid_argument if `sender` is empty or `self` has a flaw: a text of more than 63
    /// bytes, a counter of 2^63 or more, metadata of more than 64 KiB.
    explicit gossip_core(node_view self, send_callback sender, event_callback event_handler)
        : state_(detail::core_state::create(nullptr, self, std::move(sender),
                                            std::move(event_handler)))
    {
    }

    /// The same with a configuration. Throws as above, also for a value out of its range.
    explicit gossip_core(gossip::core_config config, const node_view &self, send_callback sender,
                         event_callback event_handler)
        : state_(detail::core_state::create(&config, self, std::move(sender),
                                            std::move(event_handler)))
    {
    }

    /// Makes a node with a configuration and the functions of the newer form, which are handed
    /// nothing that was copied. Throws as above, also for a value out of its range.
    explicit gossip_core(const gossip::core_config &config, const node_view &self,
                         gossip::core_callbacks callbacks)
        : state_(detail::core_state::create(config, self, std::move(callbacks)))
    {
    }

    /// Sends nothing: call leave() with the own id before, so that the others need not find out.
    ~gossip_core() { state_->close(); }

    gossip_core(const gossip_core &) = delete;
    gossip_core &operator=(const gossip_core &) = delete;

    /// Runs one round: pings some nodes and looks at those that did not answer.
    void tick() { round(&gossip_core_tick); }

    /// Runs one round that pings every node that is online.
    void tick_full_broadcast() { round(&gossip_core_tick_full_broadcast); }

    /// Takes a message that arrived. One with a flaw is not taken, and gossip::last_error() says why.
    ///
    /// A core reads the clock itself when it takes the message, so a `recv_time` before that changes
    /// nothing, and one that is still to come is not believed. Only with a manual clock
    /// `recv_time` is the time, as milliseconds since the clock's epoch.
    void handle_message(const gossip_message &msg, time_point recv_time)
    {
        call([&msg, recv_time, manual_clock = state_->manual_clock()](gossip_core_t *core) {
            const detail::builder_ptr builder = detail::build(msg);
            if (builder && manual_clock) {
                gossip_core_handle_built_at(core, builder.get(),
                                            detail::core_state::moment_of(recv_time));
            } else if (builder) {
                gossip_core_handle_built(core, builder.get());
            }
        });
    }

    /// Makes a node known here, and this one to it.
    void meet(const node_view &node)
    {
        const gossip_node_view_t view = detail::to_c(node);
        call([&view](gossip_core_t *core) { gossip_core_meet(core, &view); });
    }

    /// Joins the cluster that a node belongs to.
    void join(const node_view &node)
    {
        const gossip_node_view_t view = detail::to_c(node);
        call([&view](gossip_core_t *core) { gossip_core_join(core, &view); });
    }

    /// With the own id: leave. Keep ticking for some ten rounds, so that all hear it. With another
    /// id: tell all that this node left.
    void leave(const node_id_t &node_id)
    {
        const gossip_node_id_t id = detail::to_c(node_id);
        call([&id](gossip_core_t *core) { gossip_core_leave(core, &id); });
    }

    /// The node itself.
    ///
    /// The reference is good for as long as the core. What it shows is renewed by each call of a
    /// function of this core on the same thread, and by no other thread: so it is whole at any time.
    const node_view &self() const noexcept { return state_->self(); }

    /// All known nodes but this one, in the order in which they became known.
    std::vector<node_view> get_nodes() const { return state_->nodes(); }

    /// Looks up one node. The own id finds the node itself.
    std::optional<node_view> find_node(const node_id_t &id) const { return state_->find(id); }

    /// How many nodes are known, this one not counted.
    std::size_t size() const noexcept { return gossip_core_size(state_->core()); }

    /// Forgets nodes that failed or left at least so long ago.
    void cleanup_expired(duration_ms timeout)
    {
        const auto age = static_cast<std::uint64_t>(timeout.count() < 0 ? 0 : timeout.count());
        call([age](gossip_core_t *core) { gossip_core_cleanup_expired(core, age); });
    }

    /// Forgets all nodes and counts. Keeps id, metadata and config_epoch.
    void reset() { call(&gossip_core_reset); }

    /// What the core counted.
    gossip_stats get_stats() const
    {
        gossip_stats result;
        const gossip_stats_t counted = stats();
        result.known_nodes = static_cast<std::size_t>(counted.known_nodes);
        result.sent_messages = static_cast<std::size_t>(counted.sent_messages);
        result.received_messages = static_cast<std::size_t>(counted.received_messages);
        result.last_tick_duration = state_->last_tick();
        return result;
    }

    /// Sets pairs of the own metadata, all or none of them: 64 KiB is the most. The key
    /// "config_epoch" sets the own epoch too, which never falls.
    void update_self_metadata(const std::map<std::string, std::string> &metadata) noexcept
    {
        detail::core_state::call_quietly(
            state_, [&metadata, state = state_.get()](gossip_core_t *) {
                state->set_metadata(metadata);
            });
    }

    // --- What libgossip 1.4.2 did not have ---

    /// As tick(), at a time; for a core with a manual clock.
    void tick_at(time_point now)
    {
        const std::uint64_t moment = detail::core_state::moment_of(now);
        call([moment](gossip_core_t *core) { gossip_core_tick_at(core, moment); });
    }

    /// Does what is due: for programs that sleep until next_timeout() and never tick.
    void handle_timeout() { call(&gossip_core_handle_timeout); }

    /// As handle_timeout(), at a time; for a core with a manual clock.
    void handle_timeout_at(time_point now)
    {
        const std::uint64_t moment = detail::core_state::moment_of(now);
        call([moment](gossip_core_t *core) { gossip_core_handle_timeout_at(core, moment); });
    }

    /// How long until something is due; nothing if nothing will be. With a manual clock it is the
    /// time itself, since the clock's epoch.
    std::optional<duration_ms> next_timeout() const noexcept
    {
        const std::uint64_t wait = gossip_core_next_timeout(state_->core());
        return wait == GOSSIP_NEVER
                   ? std::nullopt
                   : std::optional(duration_ms(static_cast<duration_ms::rep>(wait)));
    }

    /// Takes a datagram that the program's own socket received from an address. Returns whether it
    /// was a message for this node; gossip::last_error() says why not.
    bool handle_packet(const void *bytes, std::size_t size, const std::string &ip,
                       std::uint16_t port)
    {
        gossip_error_code_t code = GOSSIP_ERR_SUCCESS;
        call([&](gossip_core_t *core) {
            code = gossip_core_handle_packet(core, static_cast<const std::uint8_t *>(bytes), size,
                                             ip.c_str(), port);
        });
        return code == GOSSIP_ERR_SUCCESS;
    }

    /// As handle_packet(), at a time; for a core with a manual clock.
    bool handle_packet_at(const void *bytes, std::size_t size, const std::string &ip,
                          std::uint16_t port, time_point now)
    {
        gossip_error_code_t code = GOSSIP_ERR_SUCCESS;
        call([&](gossip_core_t *core) {
            code = gossip_core_handle_packet_at(core, static_cast<const std::uint8_t *>(bytes), size,
                                                ip.c_str(), port,
                                                detail::core_state::moment_of(now));
        });
        return code == GOSSIP_ERR_SUCCESS;
    }

    /// All known nodes but this one, with all that is known of them.
    std::vector<gossip::member> members() const { return state_->members(); }

    /// All that is known of a node. The own id finds the node itself.
    std::optional<gossip::member> find_member(const node_id_t &id) const
    {
        gossip_node_info_t info;
        return state_->get_info(detail::to_c(id), info) ? std::optional<gossip::member>(info)
                                                        : std::nullopt;
    }

    /// The metadata of a node. The own id finds that of the node itself.
    std::map<std::string, std::string> metadata(const node_id_t &id) const
    {
        std::map<std::string, std::string> result;
        detail::read_core_metadata(result, state_->core(), detail::to_c(id));
        return result;
    }

    /// One value of the metadata of a node.
    std::optional<std::string> metadata(const node_id_t &id, const std::string &key) const
    {
        const gossip_node_id_t c_id = detail::to_c(id);
        return detail::read_value([this, &c_id, &key](char *value, std::size_t *size) {
            return gossip_core_get_metadata(state_->core(), &c_id, key.c_str(), value, size);
        });
    }

    /// Sets one pair of the own metadata. Throws gossip::error if it would be too much.
    void set_metadata(const std::string &key, const std::string &value)
    {
        gossip_error_code_t code = GOSSIP_ERR_SUCCESS;
        std::string text;
        call([&](gossip_core_t *core) {
            code = gossip_core_set_metadata(core, key.c_str(), value.c_str());
            text = gossip::last_error();
        });
        if (code != GOSSIP_ERR_SUCCESS) {
            throw gossip::error(code, text);
        }
    }

    /// Takes one pair of the own metadata away. Returns whether there was one.
    bool remove_metadata(const std::string &key)
    {
        bool was_there = false;
        call([&](gossip_core_t *core) {
            was_there = gossip_core_remove_self_metadata(core, key.c_str()) != 0;
        });
        return was_there;
    }

    /// All that the core counted and has now.
    gossip_stats_t stats() const
    {
        gossip_stats_t result{};
        result.size = sizeof result;
        detail::check(gossip_core_get_stats(state_->core(), &result));
        return result;
    }

    /// What the core knows of its way to a node; nothing for one it does not know, and for itself.
    std::optional<gossip_peer_stats_t> peer_stats(const node_id_t &id) const
    {
        const gossip_node_id_t c_id = detail::to_c(id);
        gossip_peer_stats_t result{};
        result.size = sizeof result;
        return gossip_core_get_peer_stats(state_->core(), &c_id, &result) != 0
                   ? std::optional<gossip_peer_stats_t>(result)
                   : std::nullopt;
    }

    /// The handle, for functions of C. It stays this object's.
    gossip_core_t *handle() const noexcept { return state_->core(); }

private:
    template <typename Body>
    void call(Body body)
    {
        detail::core_state::call(state_, body);
    }

    void round(void (*one_round)(gossip_core_t *))
    {
        // The callbacks may destroy this object.
        const std::shared_ptr<detail::core_state> state = state_;
        const time_point start = clock::now();
        detail::core_state::call(state, [&state, one_round, start](gossip_core_t *core) {
            one_round(core);
            state->note_tick(std::chrono::duration_cast<duration_ms>(clock::now() - start));
        });
    }

    std::shared_ptr<detail::core_state> state_;
};

} // namespace libgossip

#endif
