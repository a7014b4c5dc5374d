/**
 * @file
 * @brief The forms of messages that the library has: the JSON of libgossip 1.4.2, and its own.
 */
#ifndef LIBGOSSIP_NET_DETAIL_NATIVE_SERIALIZER_HPP
#define LIBGOSSIP_NET_DETAIL_NATIVE_SERIALIZER_HPP

#include "../../core/message_serializer.hpp"
#include "c_net_api.hpp"
#include "json_counts.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace gossip {

/// A form of messages that the library has, by its name: "json", "binary", "bincode" or "auto".
///
/// It carries metadata, but neither seen_time, last_suspected nor suspicion_count.
class native_serializer : public libgossip::message_serializer {
public:
    /// Throws gossip::error for a name that the library does not have.
    explicit native_serializer(const std::string &name)
        : serializer_(gossip_serializer_create(name.c_str()), &gossip_serializer_destroy)
    {
        if (!serializer_) {
            libgossip::detail::fail(GOSSIP_ERR_INVALID_ARGUMENT);
        }
    }

    std::string name() const override { return gossip_serializer_name(serializer_.get()); }

    libgossip::serialization_error serialize(const libgossip::gossip_message &msg,
                                             std::vector<std::uint8_t> &data) const override
    {
        const gossip_error_code_t code = libgossip::detail::with_c_message(
            msg, [this, &data](const gossip_message_t &c_msg) {
                std::uint8_t *bytes = nullptr;
                std::size_t size = 0;
                const gossip_error_code_t written =
                    gossip_serializer_serialize(serializer_.get(), &c_msg, &bytes, &size);
                const std::unique_ptr<std::uint8_t, void (*)(std::uint8_t *)> owner(
                    bytes, &gossip_buffer_free);
                if (written == GOSSIP_ERR_SUCCESS) {
                    data.assign(bytes, bytes + size);
                }
                return written;
            });
        return code == GOSSIP_ERR_SUCCESS ? libgossip::serialization_error::success
               : code == GOSSIP_ERR_INVALID_ARGUMENT
                   ? libgossip::serialization_error::invalid_input
                   : libgossip::serialization_error::serialization_failed;
    }

    libgossip::serialization_error deserialize(const std::vector<std::uint8_t> &data,
                                               libgossip::gossip_message &msg) const override
    {
        const std::uint8_t nothing = 0;
        libgossip::gossip_message read;
        struct context {
            libgossip::gossip_message &into;
            std::exception_ptr error{};
        } into{read};
        const gossip_error_code_t code = gossip_serializer_read(
            serializer_.get(), data.empty() ? &nothing : data.data(), data.size(),
            [](const gossip_message_t *c_msg, void *user_data) noexcept {
                auto &target = *static_cast<context *>(user_data);
                try {
                    libgossip::detail::fill(target.into, *c_msg);
                } catch (...) {
                    target.error = std::current_exception();
                }
            },
            &into);
        if (into.error) {
            std::rethrow_exception(into.error);
        }
        if (code != GOSSIP_ERR_SUCCESS) {
            return libgossip::serialization_error::deserialization_failed;
        }
        msg = std::move(read);
        return libgossip::serialization_error::success;
    }

    /// The handle, for functions of C. It stays this object's and its copies'.
    gossip_serializer_t *handle() const noexcept { return serializer_.get(); }

private:
    std::shared_ptr<gossip_serializer_t> serializer_;
};

} // namespace gossip

namespace libgossip {

/// The JSON text of libgossip 1.4.2. Of a node_view it lacks seen_time and last_suspected.
class json_serializer : public gossip::native_serializer {
public:
    json_serializer() : native_serializer("json") {}

    serialization_error serialize(const gossip_message &msg,
                                  std::vector<std::uint8_t> &data) const override
    {
        const serialization_error code = native_serializer::serialize(msg, data);
        if (code == serialization_error::success) {
            net::detail::write_counts(data, msg);
        }
        return code;
    }

    serialization_error deserialize(const std::vector<std::uint8_t> &data,
                                    gossip_message &msg) const override
    {
        const serialization_error code = native_serializer::deserialize(data, msg);
        if (code == serialization_error::success) {
            net::detail::read_counts(data, msg);
        }
        return code;
    }
};

namespace net {
using libgossip::json_serializer;
} // namespace net
} // namespace libgossip

#endif
