/**
 * @file
 * @brief A message_serializer of the program as a serializer of C.
 */
#ifndef LIBGOSSIP_NET_DETAIL_CUSTOM_SERIALIZER_HPP
#define LIBGOSSIP_NET_DETAIL_CUSTOM_SERIALIZER_HPP

#include "../../core/message_serializer.hpp"
#include "c_net_api.hpp"

#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <utility>
#include <vector>

namespace libgossip {
namespace net {
namespace detail {

struct destroy_serializer {
    void operator()(gossip_serializer_t *serializer) const noexcept
    {
        gossip_serializer_destroy(serializer);
    }
};

using serializer_ptr = std::unique_ptr<gossip_serializer_t, destroy_serializer>;

/// Memory that C gives back by release().
template <typename T>
T *copy_for_c(const std::vector<T> &items)
{
    void *memory = ::operator new(items.size() * sizeof(T));
    std::memcpy(memory, items.data(), items.size() * sizeof(T));
    return static_cast<T *>(memory);
}

inline void release(void *, void *memory) noexcept { ::operator delete(memory); }

inline gossip_error_code_t encode(void *user_data, const gossip_message_t *c_msg,
                                  std::uint8_t **data, std::size_t *size) noexcept
{
    try {
        gossip_message msg;
        libgossip::detail::fill(msg, *c_msg);
        std::vector<std::uint8_t> bytes;
        const auto &form = *static_cast<const message_serializer *>(user_data);
        if (form.serialize(msg, bytes) != serialization_error::success || bytes.empty()) {
            return GOSSIP_ERR_SERIALIZATION_ERROR;
        }
        *data = copy_for_c(bytes);
        *size = bytes.size();
        return GOSSIP_ERR_SUCCESS;
    } catch (...) {
        libgossip::detail::report_error(std::current_exception());
        return GOSSIP_ERR_SERIALIZATION_ERROR;
    }
}

inline gossip_error_code_t decode(void *user_data, const std::uint8_t *data, std::size_t size,
                                  gossip_message_t *c_msg) noexcept
{
    try {
        gossip_message msg;
        const auto &form = *static_cast<const message_serializer *>(user_data);
        if (form.deserialize(std::vector<std::uint8_t>(data, data + size), msg) !=
            serialization_error::success) {
            return GOSSIP_ERR_SERIALIZATION_ERROR;
        }
        std::vector<gossip_node_view_t> entries;
        entries.reserve(msg.entries.size());
        for (const node_view &entry : msg.entries) {
            const auto set = [index = entries.size()](const char *key, std::size_t key_size,
                                                      const char *value, std::size_t value_size) {
                return gossip_serializer_set_metadata(index, key, key_size, value, value_size);
            };
            if (libgossip::detail::tell_metadata(entry, msg.sender, set) != GOSSIP_ERR_SUCCESS) {
                return GOSSIP_ERR_SERIALIZATION_ERROR;
            }
            entries.push_back(libgossip::detail::to_c(entry));
        }
        c_msg->sender = libgossip::detail::to_c(msg.sender);
        c_msg->type = static_cast<gossip_message_type_t>(msg.type);
        c_msg->timestamp = msg.timestamp;
        c_msg->entries = entries.empty() ? nullptr : copy_for_c(entries);
        c_msg->entries_count = entries.size();
        return GOSSIP_ERR_SUCCESS;
    } catch (...) {
        libgossip::detail::report_error(std::current_exception());
        return GOSSIP_ERR_SERIALIZATION_ERROR;
    }
}

inline void drop(void *user_data) noexcept { delete static_cast<message_serializer *>(user_data); }

/// A serializer of C that calls the program's. Throws gossip::error if there is none to be had.
inline serializer_ptr make_custom(std::unique_ptr<message_serializer> form)
{
    const std::string name = form->name();
    gossip_serializer_vtable_t table{};
    table.size = sizeof table;
    table.name = name.c_str();
    table.encode = &encode;
    table.decode = &decode;
    table.release = &release;
    table.user_data = form.get();
    table.drop_user_data = &drop;
    serializer_ptr made(gossip_serializer_create_custom(&table));
    if (!made) {
        libgossip::detail::fail(GOSSIP_ERR_INVALID_ARGUMENT);
    }
    (void)form.release();
    return made;
}

} // namespace detail
} // namespace net
} // namespace libgossip

#endif
