/**
 * @file
 * @brief What a form of messages as bytes has to do. Derive from it for a form of your own.
 */
#ifndef LIBGOSSIP_CORE_MESSAGE_SERIALIZER_HPP
#define LIBGOSSIP_CORE_MESSAGE_SERIALIZER_HPP

#include "gossip_core.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace libgossip {

/// Whether a message could be written or read.
enum class serialization_error {
    success = 0,            ///< It is done.
    invalid_input,          ///< The message or the bytes make no sense.
    serialization_failed,   ///< The message has no such form.
    deserialization_failed, ///< The bytes are no message.
    unsupported_format,     ///< This form cannot do that.
};

/// A form of messages as bytes. Transports call it on any thread, on several at once too.
class message_serializer {
public:
    virtual ~message_serializer() = default;

    /// The name of the form.
    virtual std::string name() const = 0;

    /// Writes a message into `data`, in place of what was there.
    virtual serialization_error serialize(const gossip_message &msg,
                                          std::vector<std::uint8_t> &data) const = 0;

    /// Reads a message from bytes into `msg`.
    virtual serialization_error deserialize(const std::vector<std::uint8_t> &data,
                                            gossip_message &msg) const = 0;
};

namespace detail {

template <>
struct enum_names<serialization_error> {
    static constexpr name_table<serialization_error, 5> entries{
        {{serialization_error::success, "success"},
         {serialization_error::invalid_input, "invalid_input"},
         {serialization_error::serialization_failed, "serialization_failed"},
         {serialization_error::deserialization_failed, "deserialization_failed"},
         {serialization_error::unsupported_format, "unsupported_format"}}};
};

} // namespace detail
} // namespace libgossip

#endif
