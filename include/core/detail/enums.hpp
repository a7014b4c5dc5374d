/**
 * @file
 * @brief The names of the library's enumerators: to_string() and its kin.
 */
#ifndef LIBGOSSIP_CORE_DETAIL_ENUMS_HPP
#define LIBGOSSIP_CORE_DETAIL_ENUMS_HPP

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace libgossip {
namespace detail {

/// The enumerators of an enumeration with their names, in order. Specialised for each enumeration
/// of the library, with a member `entries`.
template <typename E>
struct enum_names;

template <typename E, typename = void>
struct is_named : std::false_type {};

template <typename E>
struct is_named<E, std::void_t<decltype(enum_names<E>::entries)>> : std::true_type {};

/// Takes a function out of the choice unless E is an enumeration of the library.
template <typename E>
using if_named = std::enable_if_t<is_named<E>::value, int>;

template <typename E, std::size_t N>
using name_table = std::array<std::pair<E, std::string_view>, N>;

constexpr char lower(char letter) noexcept
{
    return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
}

constexpr bool same_name(std::string_view a, std::string_view b, bool case_sensitive) noexcept
{
    if (case_sensitive || a.size() != b.size()) {
        return a == b;
    }
    for (std::size_t i = 0; i < a.size(); ++i) {
        if (lower(a[i]) != lower(b[i])) {
            return false;
        }
    }
    return true;
}

} // namespace detail

/// The name of an enumerator, such as "online"; empty for a number that is none.
template <typename E, detail::if_named<E> = 0>
constexpr std::string_view enum_to_string(E value) noexcept
{
    for (const auto &entry : detail::enum_names<E>::entries) {
        if (entry.first == value) {
            return entry.second;
        }
    }
    return {};
}

/// As enum_to_string(), as a text of its own.
template <typename E, detail::if_named<E> = 0>
std::string to_string(E value)
{
    return std::string(enum_to_string(value));
}

/// The enumerator with that name.
template <typename E, detail::if_named<E> = 0>
constexpr std::optional<E> string_to_enum(std::string_view name, bool case_sensitive = true) noexcept
{
    for (const auto &entry : detail::enum_names<E>::entries) {
        if (detail::same_name(entry.second, name, case_sensitive)) {
            return entry.first;
        }
    }
    return std::nullopt;
}

/// How many enumerators there are.
template <typename E, detail::if_named<E> = 0>
constexpr std::size_t get_enum_count() noexcept
{
    return detail::enum_names<E>::entries.size();
}

/// All enumerators with their names, in order.
template <typename E, detail::if_named<E> = 0>
constexpr auto get_all_enum_entries() noexcept
{
    return detail::enum_names<E>::entries;
}

/// All enumerators, in order.
template <typename E, detail::if_named<E> = 0>
constexpr auto get_all_enum_values() noexcept
{
    std::array<E, get_enum_count<E>()> values{};
    for (std::size_t i = 0; i < values.size(); ++i) {
        values[i] = detail::enum_names<E>::entries[i].first;
    }
    return values;
}

/// The names of all enumerators, in order.
template <typename E, detail::if_named<E> = 0>
constexpr auto get_all_enum_names() noexcept
{
    std::array<std::string_view, get_enum_count<E>()> names{};
    for (std::size_t i = 0; i < names.size(); ++i) {
        names[i] = detail::enum_names<E>::entries[i].second;
    }
    return names;
}

} // namespace libgossip

#endif
