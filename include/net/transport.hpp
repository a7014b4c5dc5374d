/**
 * @file
 * @brief What a transport has to do. Derive from it for one of your own.
 */
#ifndef LIBGOSSIP_NET_TRANSPORT_HPP
#define LIBGOSSIP_NET_TRANSPORT_HPP

#include "../core/gossip_core.hpp"
#include "../core/message_serializer.hpp"
#include "detail/native_serializer.hpp"

#include <functional>
#include <memory>

namespace libgossip {
namespace net {

/// How a function of a transport went.
enum class error_code {
    success = 0,             ///< It is done.
    network_error,           ///< The network refused: an address in use, nobody listening.
    serialization_error,     ///< The message could not be written as bytes.
    invalid_argument,        ///< An argument is out of its range.
    operation_not_permitted, ///< Not possible in this state.
};

/// Carries the messages of a core between this host and others.
class transport {
public:
    virtual ~transport() = default;

    /// Binds the address and starts to listen.
    virtual error_code start() = 0;

    /// Stops listening.
    virtual error_code stop() = 0;

    /// Sends a message. Success means that it is on its way.
    virtual error_code send_message(const gossip_message &msg, const node_view &target) = 0;

    /// Sends a message without waiting, and calls `callback` with how it went.
    virtual void send_message_async(const gossip_message &msg, const node_view &target,
                                    std::function<void(error_code)> callback) = 0;

    /// Says which core takes the messages that arrive.
    virtual void set_gossip_core(std::shared_ptr<gossip_core> core) = 0;

    /// Says in which form messages are written and read.
    virtual void set_serializer(std::unique_ptr<message_serializer> serializer) = 0;
};

using libgossip::to_string;

} // namespace net

namespace detail {

template <>
struct enum_names<net::error_code> {
    static constexpr name_table<net::error_code, 5> entries{
        {{net::error_code::success, "success"},
         {net::error_code::network_error, "network_error"},
         {net::error_code::serialization_error, "serialization_error"},
         {net::error_code::invalid_argument, "invalid_argument"},
         {net::error_code::operation_not_permitted, "operation_not_permitted"}}};
};

} // namespace detail
} // namespace libgossip

namespace gossip {
namespace net {
using libgossip::json_serializer;
using libgossip::message_serializer;
using libgossip::net::error_code;
using libgossip::net::transport;
} // namespace net
} // namespace gossip

#endif
