/*
 * Every public name of libgossip 1.4.2's C++ API is there with its type. Nothing here runs but the
 * enumerations' names: what compiles has passed.
 */
#include "core/config.hpp"
#include "core/gossip_config.hpp"
#include "core/gossip_core.hpp"
#include "core/gossip_manager.hpp"
#include "core/logger.hpp"
#include "core/message_serializer.hpp"
#include "core/node_id_utils.hpp"
#include "core/version.hpp"
#include "core/version_check.hpp"
#include "net/json_serializer.hpp"
#include "net/serializer_factory.hpp"
#include "net/tcp_transport.hpp"
#include "net/transport_factory.hpp"
#include "net/udp_transport.hpp"

#include <gtest/gtest.h>

#include <type_traits>

// As programs of the time began. Were a name there twice, nothing below would compile.
using namespace libgossip;

namespace {

template <typename A, typename B>
constexpr bool same = std::is_same<A, B>::value;

template <typename E>
constexpr auto number(E value)
{
    return static_cast<std::underlying_type_t<E>>(value);
}

// --- core/gossip_core.hpp: types ---

static_assert(same<node_id_t, std::array<std::uint8_t, 16>>);
static_assert(same<time_point, std::chrono::steady_clock::time_point>);
static_assert(same<duration_ms, std::chrono::milliseconds>);
static_assert(number(node_status::unknown) == 0 && number(node_status::joining) == 1 &&
              number(node_status::online) == 2 && number(node_status::suspect) == 3 &&
              number(node_status::failed) == 4);
static_assert(same<std::underlying_type_t<node_status>, int>);
static_assert(number(message_type::ping) == 0 && number(message_type::pong) == 1 &&
              number(message_type::meet) == 2 && number(message_type::join) == 3 &&
              number(message_type::leave) == 4 && number(message_type::update) == 5);
static_assert(same<std::underlying_type_t<message_type>, std::uint8_t>);

static_assert(std::is_aggregate<node_view>::value);
static_assert(std::is_copy_constructible<node_view>::value);
static_assert(std::is_nothrow_move_constructible<node_view>::value);
static_assert(same<decltype(node_view::id), node_id_t>);
static_assert(same<decltype(node_view::ip), std::string>);
static_assert(same<decltype(node_view::port), int>);
static_assert(same<decltype(node_view::config_epoch), std::uint64_t>);
static_assert(same<decltype(node_view::heartbeat), std::uint64_t>);
static_assert(same<decltype(node_view::version), std::uint64_t>);
static_assert(same<decltype(node_view::seen_time), time_point>);
static_assert(same<decltype(node_view::status), node_status>);
static_assert(same<decltype(node_view::role), std::string>);
static_assert(same<decltype(node_view::region), std::string>);
static_assert(same<decltype(node_view::metadata), std::map<std::string, std::string>>);
static_assert(same<decltype(node_view::suspicion_count), int>);
static_assert(same<decltype(node_view::last_suspected), time_point>);
static_assert(
    same<decltype(&node_view::newer_than), bool (node_view::*)(const node_view &) const noexcept>);
static_assert(
    same<decltype(&node_view::can_replace), bool (node_view::*)(const node_view &) const noexcept>);
static_assert(same<decltype(std::declval<const node_view &>() == std::declval<node_view>()), bool>);
static_assert(same<decltype(std::declval<const node_view &>() != std::declval<node_view>()), bool>);

static_assert(std::is_aggregate<gossip_message>::value);
static_assert(same<decltype(gossip_message::sender), node_id_t>);
static_assert(same<decltype(gossip_message::type), message_type>);
static_assert(same<decltype(gossip_message::timestamp), std::uint64_t>);
static_assert(same<decltype(gossip_message::entries), std::vector<node_view>>);
static_assert(
    same<decltype(std::declval<const gossip_message &>() == std::declval<gossip_message>()), bool>);
static_assert(
    same<decltype(std::declval<const gossip_message &>() != std::declval<gossip_message>()), bool>);

static_assert(same<send_callback, std::function<void(const gossip_message &, const node_view &)>>);
static_assert(same<event_callback, std::function<void(const node_view &, node_status)>>);
static_assert(std::is_aggregate<libgossip::gossip_stats>::value);
static_assert(same<decltype(libgossip::gossip_stats::known_nodes), std::size_t>);
static_assert(same<decltype(libgossip::gossip_stats::sent_messages), std::size_t>);
static_assert(same<decltype(libgossip::gossip_stats::received_messages), std::size_t>);
static_assert(same<decltype(libgossip::gossip_stats::last_tick_duration), duration_ms>);
static_assert(same<decltype(&libgossip::clock::now), time_point (*)()>);

// --- core/gossip_core.hpp: the class ---

static_assert(std::is_constructible<gossip_core, node_view, send_callback, event_callback>::value);
static_assert(std::is_constructible<gossip_core, const node_view &, std::nullptr_t,
                                    std::nullptr_t>::value);
static_assert(!std::is_convertible<node_view, gossip_core>::value);
static_assert(!std::is_constructible<gossip_core, node_view>::value);
static_assert(!std::is_default_constructible<gossip_core>::value);
static_assert(!std::is_copy_constructible<gossip_core>::value);
static_assert(!std::is_copy_assignable<gossip_core>::value);
static_assert(!std::is_move_constructible<gossip_core>::value);
static_assert(!std::is_move_assignable<gossip_core>::value);
static_assert(same<decltype(&gossip_core::tick), void (gossip_core::*)()>);
static_assert(same<decltype(&gossip_core::tick_full_broadcast), void (gossip_core::*)()>);
static_assert(same<decltype(&gossip_core::handle_message),
                   void (gossip_core::*)(const gossip_message &, time_point)>);
static_assert(same<decltype(&gossip_core::meet), void (gossip_core::*)(const node_view &)>);
static_assert(same<decltype(&gossip_core::join), void (gossip_core::*)(const node_view &)>);
static_assert(same<decltype(&gossip_core::leave), void (gossip_core::*)(const node_id_t &)>);
static_assert(
    same<decltype(&gossip_core::self), const node_view &(gossip_core::*)() const noexcept>);
static_assert(
    same<decltype(&gossip_core::get_nodes), std::vector<node_view> (gossip_core::*)() const>);
static_assert(same<decltype(&gossip_core::find_node),
                   std::optional<node_view> (gossip_core::*)(const node_id_t &) const>);
static_assert(same<decltype(&gossip_core::size), std::size_t (gossip_core::*)() const noexcept>);
static_assert(same<decltype(&gossip_core::cleanup_expired), void (gossip_core::*)(duration_ms)>);
static_assert(same<decltype(&gossip_core::reset), void (gossip_core::*)()>);
static_assert(same<decltype(&gossip_core::get_stats),
                   libgossip::gossip_stats (gossip_core::*)() const>);
static_assert(same<decltype(&gossip_core::update_self_metadata),
                   void (gossip_core::*)(const std::map<std::string, std::string> &) noexcept>);

// --- core/node_id_utils.hpp ---

static_assert(same<decltype(&node_id_to_string), std::string (*)(const node_id_t &)>);
static_assert(same<decltype(&parse_node_id), std::optional<node_id_t> (*)(std::string_view)>);
static_assert(same<decltype(&generate_node_id), node_id_t (*)()>);
static_assert(same<decltype(&node_id_from_bytes), node_id_t (*)(const std::uint8_t *)>);
static_assert(same<decltype(&node_id_to_bytes), void (*)(const node_id_t &, std::uint8_t *)>);
static_assert(same<decltype(&node_id_from_hash), node_id_t (*)(std::uint64_t)>);
static_assert(same<decltype(&null_node_id), node_id_t (*)()>);
static_assert(same<decltype(&is_null_node_id), bool (*)(const node_id_t &)>);
constexpr node_id_t nobody = null_node_id();
static_assert(is_null_node_id(nobody));

// --- core/message_serializer.hpp ---

static_assert(number(serialization_error::success) == 0 &&
              number(serialization_error::invalid_input) == 1 &&
              number(serialization_error::serialization_failed) == 2 &&
              number(serialization_error::deserialization_failed) == 3 &&
              number(serialization_error::unsupported_format) == 4);
static_assert(std::is_abstract<message_serializer>::value);
static_assert(std::has_virtual_destructor<message_serializer>::value);
static_assert(
    same<decltype(&message_serializer::name), std::string (message_serializer::*)() const>);
static_assert(same<decltype(&message_serializer::serialize),
                   serialization_error (message_serializer::*)(
                       const gossip_message &, std::vector<std::uint8_t> &) const>);
static_assert(same<decltype(&message_serializer::deserialize),
                   serialization_error (message_serializer::*)(
                       const std::vector<std::uint8_t> &, gossip_message &) const>);

// --- core/gossip_config.hpp, core/gossip_manager.hpp ---

static_assert(std::is_aggregate<libgossip::gossip_config>::value);
static_assert(same<decltype(libgossip::gossip_config::node_id), std::string>);
static_assert(same<decltype(libgossip::gossip_config::bind_ip), std::string>);
static_assert(same<decltype(libgossip::gossip_config::gossip_port), std::uint16_t>);
static_assert(same<decltype(libgossip::gossip_config::heartbeat_interval_ms), std::uint32_t>);
static_assert(same<decltype(libgossip::gossip_config::failure_timeout_ms), std::uint32_t>);
static_assert(same<decltype(libgossip::gossip_config::gossip_nodes), int>);
static_assert(same<decltype(libgossip::gossip_config::sync_nodes), int>);
static_assert(same<decltype(libgossip::gossip_config::use_tcp), bool>);
static_assert(same<decltype(libgossip::gossip_config::serializer), std::string>);
static_assert(same<decltype(libgossip::gossip_config::role), std::string>);
static_assert(same<decltype(libgossip::gossip_config::region), std::string>);
static_assert(number(cluster_event::node_joined) == 0 && number(cluster_event::node_left) == 1 &&
              number(cluster_event::node_failed) == 2 &&
              number(cluster_event::node_recovered) == 3 &&
              number(cluster_event::metadata_changed) == 4);
static_assert(same<std::underlying_type_t<cluster_event>, std::uint8_t>);
static_assert(same<cluster_event_callback,
                   std::function<void(const node_view &, node_status, node_status)>>);
using manager = gossip_manager;
static_assert(std::is_nothrow_default_constructible<manager>::value);
static_assert(!std::is_copy_constructible<manager>::value);
static_assert(!std::is_copy_assignable<manager>::value);
static_assert(!std::is_move_constructible<manager>::value);
static_assert(!std::is_move_assignable<manager>::value);
static_assert(same<decltype(&manager::init),
                   bool (manager::*)(const libgossip::gossip_config &) noexcept>);
static_assert(same<decltype(&manager::start), bool (manager::*)() noexcept>);
static_assert(same<decltype(&manager::stop), void (manager::*)() noexcept>);
static_assert(same<decltype(&manager::tick), void (manager::*)() noexcept>);
static_assert(same<decltype(&manager::broadcast_config), void (manager::*)() noexcept>);
static_assert(same<decltype(&manager::meet_node),
                   bool (manager::*)(std::string_view, std::uint16_t) noexcept>);
static_assert(same<decltype(&manager::join_cluster),
                   bool (manager::*)(std::string_view, std::uint16_t) noexcept>);
static_assert(same<decltype(&manager::leave_cluster), void (manager::*)() noexcept>);
static_assert(same<decltype(&manager::get_nodes),
                   std::vector<node_view> (manager::*)() const noexcept>);
static_assert(same<decltype(&manager::get_node_count),
                   std::size_t (manager::*)() const noexcept>);
static_assert(same<decltype(&manager::find_node), std::optional<node_view> (manager::*)(
                                                      const node_id_t &) const noexcept>);
static_assert(same<decltype(&manager::get_self), node_view (manager::*)() const noexcept>);
static_assert(same<decltype(&manager::update_metadata),
                   void (manager::*)(const std::map<std::string, std::string> &) noexcept>);
static_assert(same<decltype(&manager::set_event_callback),
                   void (manager::*)(cluster_event_callback) noexcept>);
static_assert(same<decltype(manager::stats::known_nodes), std::size_t>);
static_assert(same<decltype(manager::stats::sent_messages), std::size_t>);
static_assert(same<decltype(manager::stats::received_messages), std::size_t>);
static_assert(same<decltype(manager::stats::last_tick_duration_ms), std::int64_t>);
static_assert(same<decltype(&manager::get_stats), manager::stats (manager::*)() const noexcept>);
static_assert(same<decltype(&manager::is_initialized), bool (manager::*)() const noexcept>);
static_assert(same<decltype(&manager::is_running), bool (manager::*)() const noexcept>);

// --- core/config.hpp, core/logger.hpp, core/version.hpp, core/version_check.hpp ---

static_assert(config::DEFAULT_HEARTBEAT_INTERVAL_MS == 100);
static_assert(config::DEFAULT_FAILURE_TIMEOUT_MS == 2000);
static_assert(config::DEFAULT_GOSSIP_NODES == 3 && config::DEFAULT_SYNC_NODES == 2);
static_assert(config::DEFAULT_TCP_RECV_BUFFER_SIZE == 65536);
static_assert(config::DEFAULT_UDP_RECV_BUFFER_SIZE == 65536);
static_assert(config::DEFAULT_MAX_MESSAGE_SIZE == 1048576);
static_assert(config::DEFAULT_MAX_NODES == 1000);
static_assert(config::DEFAULT_NODE_METADATA_SIZE_LIMIT == 65536);
LIBGOSSIP_STATIC_ASSERT(LIBGOSSIP_ENABLE_LOGGING == 1, "lines are in by default");
static_assert(number(LogLevel::TRACE) == 0 && number(LogLevel::DEBUG) == 1 &&
              number(LogLevel::INFO) == 2 && number(LogLevel::WARN) == 3 &&
              number(LogLevel::ERROR) == 4 && number(LogLevel::FATAL) == 5);
static_assert(same<decltype(&LogLevelToString), const char *(*)(LogLevel)>);
static_assert(same<decltype(&Logger::Instance), Logger &(*)()>);
static_assert(same<decltype(&Logger::Init), void (Logger::*)(const std::string &, LogLevel)>);
static_assert(same<decltype(&Logger::SetLevel), void (Logger::*)(LogLevel)>);
static_assert(same<decltype(&Logger::GetLevel), LogLevel (Logger::*)() const>);
static_assert(same<decltype(&Logger::Log), void (Logger::*)(LogLevel, const std::string &)>);
static_assert(same<decltype(&Logger::Close), void (Logger::*)()>);
static_assert(!std::is_copy_constructible<Logger>::value);
static_assert(!std::is_default_constructible<Logger>::value);

static_assert(LIBGOSSIP_VERSION_MAJOR == 1 && LIBGOSSIP_VERSION_MINOR >= 4);
static_assert(LIBGOSSIP_VERSION_PATCH >= 0);
static_assert(sizeof LIBGOSSIP_VERSION >= sizeof "1.4.2");
static_assert(std::string_view(LIBGOSSIP_NAME) == "libgossip");
static_assert(same<decltype(version_info::major), std::uint8_t>);
static_assert(same<decltype(version_info::minor), std::uint8_t>);
static_assert(same<decltype(version_info::patch), std::uint8_t>);
static_assert(version_info{1, 2, 3} == version_info(1, 2, 3));
static_assert(version_info{1, 2, 3} != version_info{1, 2, 4});
static_assert(version_info{1, 2, 3} < version_info{1, 3, 0});
static_assert(version_info{2, 0, 0} > version_info{1, 9, 9});
static_assert(version_info{1, 2, 3} <= version_info{1, 2, 3});
static_assert(version_info{1, 2, 3} >= version_info{1, 2, 3});
static_assert(version_info{1, 2, 3}.compare(version_info{1, 2, 4}) < 0);
static_assert(same<decltype(std::declval<const version_info &>().to_string()), std::string>);
static_assert(libgossip::LIBGOSSIP_VERSION_INFO == LIBGOSSIP_VERSION_INFO);
static_assert(LIBGOSSIP_VERSION_INFO == version_info{LIBGOSSIP_VERSION_MAJOR,
                                                     LIBGOSSIP_VERSION_MINOR,
                                                     LIBGOSSIP_VERSION_PATCH});
static_assert(LIBGOSSIP_MIN_COMPATIBLE_VERSION == version_info{1, 0, 0});
static_assert(is_version_compatible(version_info{1, 4, 2}));
static_assert(!is_version_compatible(version_info{2, 0, 0}));
static_assert(check_version_compatibility({1, 4, 2}) == version_check_result::compatible);
static_assert(check_version_compatibility({2, 0, 0}) == version_check_result::incompatible_major);
static_assert(check_version_compatibility({1, 255, 0}) == version_check_result::too_new);
static_assert(check_version_compatibility({0, 0, 0}) == version_check_result::invalid);
static_assert(number(version_check_result::compatible) == 0 &&
              number(version_check_result::incompatible_major) == 1 &&
              number(version_check_result::too_old) == 2 &&
              number(version_check_result::too_new) == 3 &&
              number(version_check_result::invalid) == 4);
static_assert(std::is_convertible<decltype(version_check_result_to_string(
                                      version_check_result::compatible)),
                                  std::string>::value);
LIBGOSSIP_VERSION_CHECK();
LIBGOSSIP_REQUIRE_VERSION(1, 4, 2);

// --- net ---

static_assert(number(net::error_code::success) == 0 && number(net::error_code::network_error) == 1 &&
              number(net::error_code::serialization_error) == 2 &&
              number(net::error_code::invalid_argument) == 3 &&
              number(net::error_code::operation_not_permitted) == 4);
using net::transport;
static_assert(std::is_abstract<transport>::value);
static_assert(std::has_virtual_destructor<transport>::value);
static_assert(same<decltype(&transport::start), net::error_code (transport::*)()>);
static_assert(same<decltype(&transport::stop), net::error_code (transport::*)()>);
static_assert(same<decltype(&transport::send_message),
                   net::error_code (transport::*)(const gossip_message &, const node_view &)>);
static_assert(same<decltype(&transport::send_message_async),
                   void (transport::*)(const gossip_message &, const node_view &,
                                       std::function<void(net::error_code)>)>);
static_assert(same<decltype(&transport::set_gossip_core),
                   void (transport::*)(std::shared_ptr<gossip_core>)>);
static_assert(same<decltype(&transport::set_serializer),
                   void (transport::*)(std::unique_ptr<message_serializer>)>);
static_assert(std::is_base_of<transport, net::udp_transport>::value);
static_assert(std::is_base_of<transport, net::tcp_transport>::value);
static_assert(std::is_constructible<net::udp_transport, const std::string &, std::uint16_t>::value);
static_assert(std::is_constructible<net::tcp_transport, const char *, int>::value);
static_assert(!std::is_copy_constructible<net::udp_transport>::value);
static_assert(number(net::transport_type::udp) == 0 && number(net::transport_type::tcp) == 1);
using make = std::unique_ptr<transport> (*)(net::transport_type, const std::string &,
                                            std::uint16_t);
using make_named = std::unique_ptr<transport> (*)(net::transport_type, const std::string &,
                                                  std::uint16_t, const std::string &);
[[maybe_unused]] constexpr make by_type = &net::transport_factory::create_transport;
[[maybe_unused]] constexpr make_named by_name = &net::transport_factory::create_transport;

static_assert(std::is_base_of<message_serializer, json_serializer>::value);
static_assert(std::is_default_constructible<json_serializer>::value);
static_assert(same<serializer_factory::creator_func,
                   std::function<std::unique_ptr<message_serializer>()>>);
static_assert(same<decltype(&serializer_factory::register_serializer),
                   bool (*)(const std::string &, serializer_factory::creator_func)>);
static_assert(same<decltype(&serializer_factory::create),
                   std::unique_ptr<message_serializer> (*)(const std::string &)>);
static_assert(same<decltype(&serializer_factory::has_serializer), bool (*)(const std::string &)>);
static_assert(
    same<decltype(&serializer_factory::registered_names), std::vector<std::string> (*)()>);
static_assert(same<decltype(&serializer_factory::init_defaults), void (*)()>);

static_assert(same<gossip::net::transport, net::transport>);
static_assert(same<gossip::net::udp_transport, net::udp_transport>);
static_assert(same<gossip::net::tcp_transport, net::tcp_transport>);
static_assert(same<gossip::net::error_code, net::error_code>);
static_assert(same<gossip::net::transport_factory, net::transport_factory>);
static_assert(same<gossip::net::transport_type, net::transport_type>);
static_assert(same<gossip::net::json_serializer, json_serializer>);
static_assert(same<gossip::net::message_serializer, message_serializer>);

// --- Names of enumerators ---

template <typename E>
void expect_names(std::initializer_list<const char *> names)
{
    ASSERT_EQ(get_enum_count<E>(), names.size());
    std::size_t place = 0;
    for (const char *name : names) {
        const E value = get_all_enum_values<E>().at(place);
        EXPECT_EQ(to_string(value), name);
        EXPECT_EQ(enum_to_string(value), name);
        EXPECT_EQ(get_all_enum_names<E>().at(place), name);
        EXPECT_EQ(get_all_enum_entries<E>().at(place).first, value);
        EXPECT_EQ(get_all_enum_entries<E>().at(place).second, name);
        EXPECT_EQ(string_to_enum<E>(name), value);
        ++place;
    }
    EXPECT_EQ(string_to_enum<E>("nothing"), std::nullopt);
}

TEST(OldNames, EnumeratorsHaveTheirNames)
{
    expect_names<node_status>({"unknown", "joining", "online", "suspect", "failed"});
    expect_names<message_type>({"ping", "pong", "meet", "join", "leave", "update"});
    expect_names<serialization_error>({"success", "invalid_input", "serialization_failed",
                                       "deserialization_failed", "unsupported_format"});
    expect_names<cluster_event>(
        {"node_joined", "node_left", "node_failed", "node_recovered", "metadata_changed"});
    expect_names<LogLevel>({"TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"});
    expect_names<version_check_result>(
        {"compatible", "incompatible_major", "too_old", "too_new", "invalid"});
    expect_names<net::error_code>({"success", "network_error", "serialization_error",
                                   "invalid_argument", "operation_not_permitted"});
    expect_names<net::transport_type>({"udp", "tcp"});
}

TEST(OldNames, NamesAreReadInAnyCaseIfWanted)
{
    EXPECT_EQ(string_to_enum<node_status>("ONLINE"), std::nullopt);
    EXPECT_EQ(string_to_enum<node_status>("ONLINE", false), node_status::online);
    EXPECT_EQ(string_to_enum<LogLevel>("warn", false), LogLevel::WARN);
}

TEST(OldNames, NumbersThatAreNoEnumeratorHaveNoName)
{
    EXPECT_EQ(to_string(static_cast<node_status>(77)), "");
    EXPECT_EQ(to_string(static_cast<message_type>(6)), "");
}

// The standard's to_string and ours go together, and argument-dependent look-up finds it.
TEST(OldNames, ToStringGoesWithTheStandardOne)
{
    using std::to_string;
    EXPECT_EQ(to_string(7), "7");
    EXPECT_EQ(to_string(node_status::online), "online");
    EXPECT_EQ(to_string(net::error_code::success), "success");
    const auto function = &libgossip::to_string<node_status>;
    EXPECT_EQ(function(node_status::failed), "failed");
}

} // namespace
