/**
 * @file
 * @brief Makes transports by their type.
 */
#ifndef LIBGOSSIP_NET_TRANSPORT_FACTORY_HPP
#define LIBGOSSIP_NET_TRANSPORT_FACTORY_HPP

#include "serializer_factory.hpp"
#include "tcp_transport.hpp"
#include "transport.hpp"
#include "udp_transport.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

namespace libgossip {
namespace net {

/// What carries the messages of a transport.
enum class transport_type {
    udp = 0, ///< Datagrams.
    tcp,     ///< Connections.
};

/// Makes transports.
class transport_factory {
public:
    /// A transport that talks with nodes of every version: it writes JSON to who is not known to read
    /// packets. Null for a number that is no type. Throws as the constructors of the transports do.
    static std::unique_ptr<transport> create_transport(transport_type type, const std::string &host,
                                                       std::uint16_t port)
    {
        return create_transport(type, host, port, "auto");
    }

    /// A transport that writes and reads the form of that name, one of serializer_factory or of the
    /// library ("json", "binary", "bincode", "auto"). Null if there is none, or no such type.
    static std::unique_ptr<transport> create_transport(transport_type type, const std::string &host,
                                                       std::uint16_t port,
                                                       const std::string &serializer_name)
    {
        std::unique_ptr<message_serializer> serializer = serializer_factory::create(serializer_name);
        if (!serializer) {
            try {
                serializer = std::make_unique<gossip::native_serializer>(serializer_name);
            } catch (const gossip::error &) {
                return nullptr;
            }
        }
        std::unique_ptr<transport> made;
        switch (type) {
        case transport_type::udp:
            made = std::make_unique<udp_transport>(host, port);
            break;
        case transport_type::tcp:
            made = std::make_unique<tcp_transport>(host, port);
            break;
        default:
            return nullptr;
        }
        made->set_serializer(std::move(serializer));
        return made;
    }
};

} // namespace net

namespace detail {

template <>
struct enum_names<net::transport_type> {
    static constexpr name_table<net::transport_type, 2> entries{
        {{net::transport_type::udp, "udp"}, {net::transport_type::tcp, "tcp"}}};
};

} // namespace detail
} // namespace libgossip

namespace gossip {
namespace net {
using libgossip::net::transport_factory;
using libgossip::net::transport_type;
} // namespace net
} // namespace gossip

#endif
