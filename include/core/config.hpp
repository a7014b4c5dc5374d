/**
 * @file
 * @brief Constants of libgossip 1.4.2, and macros for programs that use its headers.
 */
#ifndef LIBGOSSIP_CORE_CONFIG_HPP
#define LIBGOSSIP_CORE_CONFIG_HPP

#include "logger.hpp"
#include "version.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

namespace libgossip {
namespace config {

constexpr std::uint32_t DEFAULT_HEARTBEAT_INTERVAL_MS = 100;
constexpr std::uint32_t DEFAULT_FAILURE_TIMEOUT_MS = 2000;
constexpr int DEFAULT_GOSSIP_NODES = 3;
constexpr int DEFAULT_SYNC_NODES = 2;
constexpr std::size_t DEFAULT_TCP_RECV_BUFFER_SIZE = 65536;
constexpr std::size_t DEFAULT_UDP_RECV_BUFFER_SIZE = 65536;
constexpr std::size_t DEFAULT_MAX_MESSAGE_SIZE = 1024 * 1024;
constexpr std::size_t DEFAULT_MAX_NODES = 1000;
constexpr std::size_t DEFAULT_NODE_METADATA_SIZE_LIMIT = 65536;

} // namespace config
} // namespace libgossip

/// Says that a variable is not used on purpose.
#define LIBGOSSIP_UNUSED(x) (void)(x)

/// Fails to compile unless a condition holds.
#define LIBGOSSIP_STATIC_ASSERT(condition, text) static_assert(condition, text)

/// Ends the program unless a condition holds; nothing with NDEBUG. For programs: the library itself
/// never uses it.
#if defined(NDEBUG)
#  define LIBGOSSIP_ASSERT(condition) ((void)0)
#else
#  define LIBGOSSIP_ASSERT(condition)                                                              \
      ((condition) ? (void)0                                                                       \
                   : (std::fprintf(stderr, "%s:%d: %s does not hold\n", __FILE__, __LINE__,        \
                                   #condition),                                                    \
                      std::abort()))
#endif

#endif
