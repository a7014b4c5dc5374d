/**
 * @file
 * @brief The version of these headers, and whether another one goes with it.
 */
#ifndef LIBGOSSIP_CORE_VERSION_HPP
#define LIBGOSSIP_CORE_VERSION_HPP

#include "detail/c_api.hpp"
#include "detail/enums.hpp"

#include <cstdint>
#include <sstream>
#include <string>

#define LIBGOSSIP_NAME "libgossip"
#define LIBGOSSIP_VERSION_MAJOR 1
#define LIBGOSSIP_VERSION_MINOR 6
#define LIBGOSSIP_VERSION_PATCH 0
#define LIBGOSSIP_VERSION "1.6.0"

static_assert(LIBGOSSIP_VERSION_MAJOR * 10000 + LIBGOSSIP_VERSION_MINOR * 100 +
                      LIBGOSSIP_VERSION_PATCH ==
                  GOSSIP_VERSION_NUMBER,
              "core/version.hpp and core/gossip_core.h are of different versions");

// Old systems have macros with these names.
#pragma push_macro("major")
#pragma push_macro("minor")
#undef major
#undef minor

namespace libgossip {

/// A version, by its three numbers.
struct version_info {
    std::uint8_t major = 0; ///< Raised by what breaks programs.
    std::uint8_t minor = 0; ///< Raised by what is added.
    std::uint8_t patch = 0; ///< Raised by what is mended.

    constexpr version_info() = default;
    constexpr version_info(std::uint8_t of_major, std::uint8_t of_minor, std::uint8_t of_patch)
        : major{of_major}, minor{of_minor}, patch{of_patch}
    {
    }

    /// Below 0 if this is the older one, 0 if they are the same, above 0 if it is the newer one.
    constexpr int compare(const version_info &other) const
    {
        if (major != other.major) {
            return major < other.major ? -1 : 1;
        }
        if (minor != other.minor) {
            return minor < other.minor ? -1 : 1;
        }
        return patch == other.patch ? 0 : patch < other.patch ? -1 : 1;
    }

    /// As "1.6.0".
    std::string to_string() const
    {
        return std::to_string(major) + '.' + std::to_string(minor) + '.' + std::to_string(patch);
    }

    constexpr bool operator==(const version_info &other) const { return compare(other) == 0; }
    constexpr bool operator!=(const version_info &other) const { return compare(other) != 0; }
    constexpr bool operator<(const version_info &other) const { return compare(other) < 0; }
    constexpr bool operator>(const version_info &other) const { return compare(other) > 0; }
    constexpr bool operator<=(const version_info &other) const { return compare(other) <= 0; }
    constexpr bool operator>=(const version_info &other) const { return compare(other) >= 0; }
};

/// The version of these headers.
inline constexpr version_info LIBGOSSIP_VERSION_INFO{
    LIBGOSSIP_VERSION_MAJOR, LIBGOSSIP_VERSION_MINOR, LIBGOSSIP_VERSION_PATCH};

/// The oldest version that programs may be written for.
inline constexpr version_info LIBGOSSIP_MIN_COMPATIBLE_VERSION{1, 0, 0};

/// Whether what is written for that version goes with this one: the same major number, and not too
/// old.
constexpr bool is_version_compatible(const version_info &version)
{
    return version.major == LIBGOSSIP_VERSION_INFO.major &&
           version >= LIBGOSSIP_MIN_COMPATIBLE_VERSION;
}

/// How a version goes with this one.
enum class version_check_result {
    compatible,         ///< It does.
    incompatible_major, ///< It has another major number.
    too_old,            ///< It is older than LIBGOSSIP_MIN_COMPATIBLE_VERSION.
    too_new,            ///< It is newer than this one.
    invalid,            ///< It is 0.0.0.
};

/// How a version goes with this one.
constexpr version_check_result check_version_compatibility(const version_info &version)
{
    if (version == version_info{}) {
        return version_check_result::invalid;
    }
    if (version.major != LIBGOSSIP_VERSION_INFO.major) {
        return version_check_result::incompatible_major;
    }
    if (version < LIBGOSSIP_MIN_COMPATIBLE_VERSION) {
        return version_check_result::too_old;
    }
    return version > LIBGOSSIP_VERSION_INFO ? version_check_result::too_new
                                            : version_check_result::compatible;
}

/// A few words for a result.
inline const char *version_check_result_to_string(version_check_result result)
{
    switch (result) {
    case version_check_result::compatible:
        return "Compatible";
    case version_check_result::incompatible_major:
        return "Incompatible major version";
    case version_check_result::too_old:
        return "Version too old";
    case version_check_result::too_new:
        return "Version too new";
    case version_check_result::invalid:
        return "Invalid version";
    }
    return "Unknown";
}

namespace detail {

template <>
struct enum_names<version_check_result> {
    static constexpr name_table<version_check_result, 5> entries{
        {{version_check_result::compatible, "compatible"},
         {version_check_result::incompatible_major, "incompatible_major"},
         {version_check_result::too_old, "too_old"},
         {version_check_result::too_new, "too_new"},
         {version_check_result::invalid, "invalid"}}};
};

} // namespace detail
} // namespace libgossip

#pragma pop_macro("major")
#pragma pop_macro("minor")

// Written without a namespace too.
using libgossip::LIBGOSSIP_MIN_COMPATIBLE_VERSION;
using libgossip::LIBGOSSIP_VERSION_INFO;

/// Fails to compile unless the headers have the major number that programs for 1.4.2 expect.
#define LIBGOSSIP_VERSION_CHECK() \
    static_assert(LIBGOSSIP_VERSION_MAJOR == 1, "libgossip has another major version")

/// Fails to compile with headers that are older than that version.
#define LIBGOSSIP_REQUIRE_VERSION(a, b, c)                                                         \
    static_assert(::libgossip::LIBGOSSIP_VERSION_INFO >= ::libgossip::version_info(a, b, c),       \
                  "libgossip is older than the program asks for")

#endif
