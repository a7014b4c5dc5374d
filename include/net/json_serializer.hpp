/**
 * @file
 * @brief The JSON text of libgossip 1.4.2, and the other forms that the library has.
 */
#ifndef LIBGOSSIP_NET_JSON_SERIALIZER_HPP
#define LIBGOSSIP_NET_JSON_SERIALIZER_HPP

#include "detail/native_serializer.hpp"
// Programs that include this header alone use transports too.
#include "udp_transport.hpp"

#endif
