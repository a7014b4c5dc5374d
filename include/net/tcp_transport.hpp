/**
 * @file
 * @brief Carries the messages of a core over connections.
 */
#ifndef LIBGOSSIP_NET_TCP_TRANSPORT_HPP
#define LIBGOSSIP_NET_TCP_TRANSPORT_HPP

#include "detail/c_transport.hpp"
#include "transport.hpp"

namespace libgossip {
namespace net {

/// Carries the messages of a core over connections. It has no serializer until one is set; what
/// transport_factory makes has one.
class tcp_transport : public detail::c_transport {
public:
    /// A transport that will listen at a numeric address, or "localhost"; port 0 is any that is free.
    /// Throws std::system_error for another host.
    tcp_transport(const std::string &host, std::uint16_t port)
        : c_transport(GOSSIP_TRANSPORT_TCP, host, port)
    {
    }
};

} // namespace net
} // namespace libgossip

namespace gossip {
namespace net {
using libgossip::net::tcp_transport;
} // namespace net
} // namespace gossip

#endif
