/**
 * @file
 * @brief How a core is to work, and the functions that it calls.
 */
#ifndef LIBGOSSIP_CORE_GOSSIP_OPTIONS_HPP
#define LIBGOSSIP_CORE_GOSSIP_OPTIONS_HPP

#include "gossip_views.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>

namespace gossip {

/// A set of constants that go together.
enum class profile {
    lan = 0, ///< One data centre.
    wan,     ///< Members far apart.
    local,   ///< Members on one machine.
    quiet,   ///< Two messages a second for each member.
    loop,    ///< One data centre, for a loop of the program's own that may stand still for a second.
};

/// How a core works: the values of a profile, and what is changed in them. Each setter returns the
/// object, so that they can be put in a row; fields without one are reached by c().
///
/// What is out of its range is refused by who takes the configuration, with a text that says so.
class core_config {
public:
    explicit core_config(gossip::profile profile = gossip::profile::lan)
    {
        detail::check(gossip_config_init(&config_, static_cast<gossip_profile_t>(profile)));
    }

    /// The name of the cluster: packets of another one are refused.
    core_config &cluster(std::string name)
    {
        cluster_ = std::move(name);
        return *this;
    }
    /// The time between rounds.
    core_config &round_interval(duration_ms value) { return set(config_.round_interval_ms, value); }
    /// The time between gossips of news between rounds; 0 for none.
    core_config &gossip_interval(duration_ms value)
    {
        return set(config_.gossip_interval_ms, value);
    }
    /// Pings a round.
    core_config &gossip_nodes(std::uint32_t value) { return put(config_.gossip_nodes, value); }
    /// The shortest suspicion.
    core_config &suspicion_min(duration_ms value) { return set(config_.suspicion_min_ms, value); }
    /// After how long a failed node is forgotten.
    core_config &reap_after(duration_ms value) { return set(config_.reap_ms, value); }
    /// How long the callback for changes waits for further ones.
    core_config &changes_settle(duration_ms value)
    {
        return set(config_.changes_settle_ms, value);
    }
    /// What the random choices come from: the same calls then have the same results.
    core_config &seed(std::uint64_t value)
    {
        config_.seed = value;
        return put(config_.has_seed, 1);
    }
    /// The core reads no clock: its time is what functions with a time give it.
    core_config &manual_clock(bool value = true)
    {
        return put(config_.manual_clock, value ? 1U : 0U);
    }
    /// All messages travel as packets, to who is unknown too.
    core_config &packets(bool value = true) { return put(config_.packets, value ? 1U : 0U); }

    /// The struct of C; the name of the cluster in it is good for as long as this object.
    gossip_config_t &c() noexcept
    {
        config_.cluster = cluster_.empty() ? nullptr : cluster_.c_str();
        return config_;
    }

private:
    core_config &put(std::uint32_t &field, std::uint32_t value) noexcept
    {
        field = value;
        return *this;
    }
    /// A time that has no room in the field becomes one that is out of range.
    core_config &set(std::uint32_t &field, duration_ms value) noexcept
    {
        constexpr std::uint32_t most = 0xffffffffU;
        const auto count = value.count();
        const bool fits = count >= 0 && static_cast<std::uint64_t>(count) < most;
        return put(field, fits ? static_cast<std::uint32_t>(count) : most);
    }

    gossip_config_t config_{};
    std::string cluster_{};
};

/// The functions of a program that a core calls. Each may be empty.
struct core_callbacks {
    /// Sends a message. Not called if `packet` is set.
    std::function<void(message_ref msg, node_ref target)> send{};
    /// Is told of each change, with the status before.
    std::function<void(node_ref node, node_status old_status)> event{};
    /// Is told of all changes of one call together.
    std::function<void(change_list changes)> changes{};
    /// Sends a datagram to a numeric address.
    std::function<void(const std::uint8_t *bytes, std::size_t size, std::string_view ip,
                       std::uint16_t port)>
        packet{};
};

} // namespace gossip

#endif
