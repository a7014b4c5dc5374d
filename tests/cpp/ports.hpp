/*
 * Ports for suites on real sockets whose API wants a number before the socket is there.
 */
#ifndef GOSSIP_TESTS_PORTS_HPP
#define GOSSIP_TESTS_PORTS_HPP

#include "net/transport_factory.hpp"

#include <unistd.h>

#include <cstdint>

/// A free port that nobody is likely to take meanwhile: below those that the system gives to
/// connections and to port 0, and in each process at another place. 0 if there is none.
inline std::uint16_t free_port(gossip::net::transport_type type)
{
    static unsigned next = static_cast<unsigned>(::getpid()) * 16U;
    for (int tries = 0; tries < 1000; ++tries) {
        const auto port = static_cast<std::uint16_t>(20000U + next++ % 10000U);
        const auto probe =
            gossip::net::transport_factory::create_transport(type, "127.0.0.1", port);
        if (probe->start() == gossip::net::error_code::success) {
            probe->stop();
            return port;
        }
    }
    return 0;
}

#endif
