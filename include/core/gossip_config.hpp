/**
 * @file
 * @brief How a gossip_manager is to be.
 */
#ifndef LIBGOSSIP_CORE_GOSSIP_CONFIG_HPP
#define LIBGOSSIP_CORE_GOSSIP_CONFIG_HPP

#include <cstdint>
#include <string>

namespace libgossip {

/// How a gossip_manager is to be.
struct gossip_config {
    /// Who it is, as 32 hexadecimal digits. Anything else, and the empty text, takes a random id.
    std::string node_id{};
    /// The address to listen on and to be reached at: numeric, or "localhost". "0.0.0.0" listens on
    /// all; the others then take the one that its messages come from, which TCP does not tell.
    std::string bind_ip = "0.0.0.0";
    /// The port to listen on; 0 for any that is free.
    std::uint16_t gossip_port = 7946;
    /// The pace at which tick() will be called.
    std::uint32_t heartbeat_interval_ms = 100;
    /// A silent node is taken for failed after some time between this and four times as much.
    std::uint32_t failure_timeout_ms = 2000;
    /// Pings a round.
    int gossip_nodes = 3;
    /// Random members told in each message to nodes of libgossip 1.4.2.
    int sync_nodes = 2;
    /// Whether messages go over connections in place of datagrams.
    bool use_tcp = false;
    /// The form of messages: "json" is text to who reads nothing else, and packets among nodes of this
    /// library. "binary", "bincode" and the names in serializer_factory pin one form.
    std::string serializer = "json";
    /// What the node does.
    std::string role = "master";
    /// Where it stands.
    std::string region{};
};

} // namespace libgossip

#endif
