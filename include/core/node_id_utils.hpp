/**
 * @file
 * @brief Ids of nodes as text, bytes and numbers.
 */
#ifndef LIBGOSSIP_CORE_NODE_ID_UTILS_HPP
#define LIBGOSSIP_CORE_NODE_ID_UTILS_HPP

#include "gossip_core.hpp"

#include <cstdint>
#include <cstring>
#include <optional>
#include <random>
#include <string>
#include <string_view>

namespace libgossip {

/// An id as 32 digits in lower case.
inline std::string node_id_to_string(const node_id_t &id)
{
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    text.reserve(2 * id.size());
    for (const std::uint8_t byte : id) {
        text += digits[byte / 16U];
        text += digits[byte % 16U];
    }
    return text;
}

/// The id that 32 hexadecimal digits stand for; dashes between them are passed over.
inline std::optional<node_id_t> parse_node_id(std::string_view text)
{
    node_id_t id{};
    std::size_t digits = 0;
    for (const char letter : text) {
        unsigned value = 0;
        if (letter == '-') {
            continue;
        } else if (letter >= '0' && letter <= '9') {
            value = static_cast<unsigned>(letter - '0');
        } else if (detail::lower(letter) >= 'a' && detail::lower(letter) <= 'f') {
            value = static_cast<unsigned>(detail::lower(letter) - 'a') + 10U;
        } else {
            return std::nullopt;
        }
        if (digits == 2 * id.size()) {
            return std::nullopt;
        }
        std::uint8_t &byte = id[digits / 2];
        byte = static_cast<std::uint8_t>(byte * 16U + value);
        ++digits;
    }
    return digits == 2 * id.size() ? std::optional<node_id_t>(id) : std::nullopt;
}

/// The zero id, which stands for an id that is not known.
constexpr node_id_t null_node_id() { return node_id_t{}; }

/// Whether it is the zero id.
constexpr bool is_null_node_id(const node_id_t &id)
{
    for (std::size_t i = 0; i < id.size(); ++i) {
        if (id[i] != 0) {
            return false;
        }
    }
    return true;
}

/// An id of random bytes from the system; never the zero id.
inline node_id_t generate_node_id()
{
    std::random_device source;
    node_id_t id{};
    while (is_null_node_id(id)) {
        for (std::uint8_t &byte : id) {
            byte = static_cast<std::uint8_t>(source() & 0xffU);
        }
    }
    return id;
}

/// The id that 16 bytes are.
inline node_id_t node_id_from_bytes(const std::uint8_t *bytes)
{
    node_id_t id{};
    std::memcpy(id.data(), bytes, id.size());
    return id;
}

/// Writes the 16 bytes of an id.
inline void node_id_to_bytes(const node_id_t &id, std::uint8_t *bytes)
{
    std::memcpy(bytes, id.data(), id.size());
}

/// An id that begins with the bytes of a number, in the order in which this machine keeps them, and
/// has zeros behind.
inline node_id_t node_id_from_hash(std::uint64_t hash)
{
    node_id_t id{};
    std::memcpy(id.data(), &hash, sizeof hash);
    return id;
}

} // namespace libgossip

#endif
