/**
 * @file
 * @brief The suspicion counts in a JSON text, which the library itself neither needs nor has a place
 * for in its structs.
 */
#ifndef LIBGOSSIP_NET_DETAIL_JSON_COUNTS_HPP
#define LIBGOSSIP_NET_DETAIL_JSON_COUNTS_HPP

#include "../../core/detail/types.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

namespace libgossip {
namespace net {
namespace detail {

/// Puts the counts of a message into the text that the library wrote of it, where all are 0.
inline void write_counts(std::vector<std::uint8_t> &data, const gossip_message &msg)
{
    // Not found within a text, where its quotes would have backslashes, and metadata has no numbers.
    const std::string key = "\"suspicion_count\":";
    std::string text(data.begin(), data.end());
    std::size_t at = 0;
    bool changed = false;
    for (const node_view &entry : msg.entries) {
        at = text.find(key + '0', at);
        if (at == std::string::npos) {
            return;
        }
        at += key.size();
        if (entry.suspicion_count != 0) {
            text.replace(at, 1, std::to_string(entry.suspicion_count));
            changed = true;
        }
    }
    if (changed) {
        data.assign(text.begin(), text.end());
    }
}

/// Reads the counts of the entries from a text that the library found to be a message.
inline void read_counts(const std::vector<std::uint8_t> &data, gossip_message &msg)
{
    const std::string text(data.begin(), data.end());
    int depth = 0; // The message is 1, a list in it 2, what is listed 3.
    std::string word;
    std::string list;
    std::size_t entry = 0;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const char letter = text[at];
        if (letter == '"') {
            word.clear();
            for (++at; at < text.size() && text[at] != '"'; ++at) {
                at += text[at] == '\\' ? 1U : 0U;
                word += at < text.size() ? text[at] : ' ';
            }
        } else if (letter == '{' || letter == '[') {
            ++depth;
            if (depth == 2) {
                list = word;
                entry = 0;
            }
        } else if (letter == '}' || letter == ']') {
            entry += depth == 3 ? 1U : 0U;
            --depth;
        } else if (letter == ':' && depth == 3 && list == "entries" && entry < msg.entries.size() &&
                   word == "suspicion_count") {
            msg.entries[entry].suspicion_count =
                static_cast<int>(std::strtol(text.c_str() + at + 1, nullptr, 10));
        }
    }
}

} // namespace detail
} // namespace net
} // namespace libgossip

#endif
