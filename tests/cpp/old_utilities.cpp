/*
 * Ids, serializers, logger and versions as a program for libgossip 1.4.2 uses them.
 */
#include "core/config.hpp"
#include "core/logger.hpp"
#include "core/node_id_utils.hpp"
#include "core/version_check.hpp"
#include "net/json_serializer.hpp"
#include "net/serializer_factory.hpp"

#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <set>
#include <sstream>

using namespace libgossip;

namespace {

TEST(OldNodeIds, AreWrittenAndReadAsDigits)
{
    node_id_t id{};
    id[0] = 0xab;
    id[15] = 0xef;
    EXPECT_EQ(node_id_to_string(id), "ab0000000000000000000000000000ef");
    EXPECT_EQ(node_id_to_string(node_id_t{}), std::string(32, '0'));
    EXPECT_EQ(parse_node_id("ab0000000000000000000000000000ef"), id);
    EXPECT_EQ(parse_node_id("AB0000000000000000000000000000EF"), id);
    EXPECT_EQ(parse_node_id("ab000000-0000-0000-0000-0000000000ef"), id);
    EXPECT_EQ(parse_node_id(""), std::nullopt);
    EXPECT_EQ(parse_node_id("ab"), std::nullopt);
    EXPECT_EQ(parse_node_id(std::string(33, '0')), std::nullopt);
    EXPECT_EQ(parse_node_id(std::string(32, 'g')), std::nullopt);
}

TEST(OldNodeIds, AreMadeUpOnce)
{
    std::set<node_id_t> made;
    for (int i = 0; i < 100; ++i) {
        made.insert(generate_node_id());
    }
    EXPECT_EQ(made.size(), 100U);
    EXPECT_EQ(made.count(null_node_id()), 0U);
}

TEST(OldNodeIds, AreMadeOfBytesAndNumbers)
{
    std::uint8_t bytes[16];
    for (std::uint8_t i = 0; i < 16; ++i) {
        bytes[i] = static_cast<std::uint8_t>(i + 1);
    }
    const node_id_t id = node_id_from_bytes(bytes);
    EXPECT_EQ(id[0], 1);
    EXPECT_EQ(id[15], 16);
    std::uint8_t back[16] = {};
    node_id_to_bytes(id, back);
    EXPECT_EQ(std::memcmp(bytes, back, 16), 0);
    const std::uint64_t hash = 0x0123456789abcdefULL;
    const node_id_t hashed = node_id_from_hash(hash);
    std::uint64_t first = 0;
    std::memcpy(&first, hashed.data(), 8);
    EXPECT_EQ(first, hash);
    for (std::size_t i = 8; i < 16; ++i) {
        EXPECT_EQ(hashed[i], 0);
    }
    EXPECT_FALSE(is_null_node_id(hashed));
    EXPECT_TRUE(is_null_node_id(node_id_from_hash(0)));
}

gossip_message example()
{
    gossip_message msg;
    msg.sender = {{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}};
    msg.type = message_type::update;
    msg.timestamp = 1234567890;
    for (std::uint8_t i = 1; i < 4; ++i) {
        node_view node;
        node.id = msg.sender;
        node.id[15] = static_cast<std::uint8_t>(100 + i);
        node.ip = "127.0.0." + std::to_string(i);
        node.port = 8000 + i;
        node.config_epoch = i * 10U;
        node.heartbeat = i * 100U;
        node.version = i * 1000U;
        node.status = static_cast<node_status>(i);
        node.role = "role_" + std::to_string(i);
        node.region = "région \"" + std::to_string(i) + "\"\n";
        node.metadata["key"] = "value\\" + std::to_string(i);
        node.metadata["empty"] = "";
        node.metadata["suspicion_count"] = "\"suspicion_count\":0";
        node.suspicion_count = i - 1;
        msg.entries.push_back(node);
    }
    msg.entries.back().metadata.clear();
    return msg;
}

TEST(OldSerializers, JsonCarriesAMessage)
{
    const json_serializer json;
    EXPECT_EQ(json.name(), "json");
    for (const message_type type :
         {message_type::ping, message_type::pong, message_type::meet, message_type::join,
          message_type::leave, message_type::update}) {
        gossip_message msg = example();
        msg.type = type;
        std::vector<std::uint8_t> data{1, 2, 3};
        ASSERT_EQ(json.serialize(msg, data), serialization_error::success);
        const std::string text(data.begin(), data.end());
        EXPECT_EQ(text.front(), '{');
        EXPECT_NE(text.find("\"type\":" + std::to_string(static_cast<int>(type))),
                  std::string::npos);
        gossip_message read;
        read.entries.resize(7);
        ASSERT_EQ(json.deserialize(data, read), serialization_error::success);
        EXPECT_EQ(read, msg);
    }
}

TEST(OldSerializers, JsonOfOthersIsRead)
{
    const std::string text = R"( {"x": [{"suspicion_count": 7}], "entries": [
        {"metadata": {"suspicion_count": "9"}, "suspicion_count" : 3, "port": 5},
        {"port": 6, "ip": "a\"b"}, {"suspicion_count": 4}], "type": 1} )";
    gossip_message msg;
    ASSERT_EQ(json_serializer().deserialize({text.begin(), text.end()}, msg),
              serialization_error::success)
        << gossip::last_error();
    ASSERT_EQ(msg.entries.size(), 3U);
    EXPECT_EQ(msg.type, message_type::pong);
    EXPECT_EQ(msg.entries[0].suspicion_count, 3);
    EXPECT_EQ(msg.entries[0].port, 5);
    EXPECT_EQ(msg.entries[0].metadata.at("suspicion_count"), "9");
    EXPECT_EQ(msg.entries[1].suspicion_count, 0);
    EXPECT_EQ(msg.entries[1].ip, "a\"b");
    EXPECT_EQ(msg.entries[2].suspicion_count, 4);
}

TEST(OldSerializers, NothingIsAnEmptyMessage)
{
    gossip_message msg = example();
    EXPECT_EQ(json_serializer().deserialize({}, msg), serialization_error::success);
    EXPECT_EQ(msg, gossip_message{});
}

TEST(OldSerializers, JunkIsAnErrorAndChangesNothing)
{
    gossip_message msg = example();
    const std::vector<std::uint8_t> junk{'{', '"', 'x'};
    EXPECT_EQ(json_serializer().deserialize(junk, msg),
              serialization_error::deserialization_failed);
    EXPECT_EQ(msg, example());
}

TEST(OldSerializers, AreMadeByName)
{
    serializer_factory::init_defaults();
    EXPECT_TRUE(serializer_factory::has_serializer("json"));
    EXPECT_FALSE(serializer_factory::has_serializer("none"));
    EXPECT_EQ(serializer_factory::create("none"), nullptr);
    const auto json = serializer_factory::create("json");
    ASSERT_NE(json, nullptr);
    EXPECT_EQ(json->name(), "json");
    EXPECT_FALSE(serializer_factory::register_serializer(
        "json", [] { return std::make_unique<json_serializer>(); }));
    EXPECT_FALSE(serializer_factory::register_serializer("empty", nullptr));
    EXPECT_TRUE(serializer_factory::register_serializer(
        "binary", []() -> std::unique_ptr<message_serializer> {
            return std::make_unique<json_serializer>();
        }));
    const auto names = serializer_factory::registered_names();
    EXPECT_EQ(std::set<std::string>(names.begin(), names.end()),
              (std::set<std::string>{"json", "binary"}));
    EXPECT_EQ(serializer_factory::create("binary")->name(), "json");
}

std::string contents(const std::string &path)
{
    std::ifstream file(path);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

TEST(OldLogger, WritesTheLinesThatAreWanted)
{
    const std::string path = ::testing::TempDir() + "gossip_old_logger.log";
    std::remove(path.c_str());
    Logger &logger = Logger::Instance();
    EXPECT_EQ(logger.GetLevel(), LogLevel::INFO);
    logger.Init(path, LogLevel::WARN);
    EXPECT_EQ(logger.GetLevel(), LogLevel::WARN);
    int evaluated = 0;
    LIBGOSSIP_LOG_TRACE("trace " << ++evaluated);
    LIBGOSSIP_LOG_DEBUG("debug " << ++evaluated);
    LIBGOSSIP_LOG_INFO("info " << ++evaluated);
    EXPECT_EQ(evaluated, 0);
    LIBGOSSIP_LOG_WARN("warn " << 1 << ' ' << 2.5);
    LIBGOSSIP_LOG_ERROR("error " << std::string("text"));
    LIBGOSSIP_LOG_FATAL("fatal");
    LIBGOSSIP_LOG(WARN, "by its word");
    LIBGOSSIP_LOG(LogLevel::WARN, "by its name");
    LIBGOSSIP_LOG(libgossip::LogLevel::WARN, "by its whole name");
    if (evaluated == 0)
        LIBGOSSIP_LOG(ERROR, "as a statement");
    else
        FAIL();
    logger.SetLevel(LogLevel::TRACE);
    logger.Log(LogLevel::DEBUG, "plain");
    logger.Close();
    const std::string text = contents(path);
    for (const char *line :
         {"[WARN] warn 1 2.5\n", "[ERROR] error text\n", "[FATAL] fatal\n", "[WARN] by its word\n",
          "[WARN] by its name\n", "[WARN] by its whole name\n", "[ERROR] as a statement\n",
          "[DEBUG] plain\n"}) {
        EXPECT_NE(text.find(line), std::string::npos) << line;
    }
    EXPECT_EQ(text.find("info"), std::string::npos);
    logger.SetLevel(LogLevel::INFO);
    EXPECT_STREQ(LogLevelToString(LogLevel::ERROR), "ERROR");
    EXPECT_STREQ(LogLevelToString(static_cast<LogLevel>(9)), "UNKNOWN");
    std::remove(path.c_str());
}

TEST(OldLogger, HasTheLinesOfTheLibrary)
{
    const std::string path = ::testing::TempDir() + "gossip_library_lines.log";
    std::remove(path.c_str());
    Logger::Instance().Init(path, LogLevel::TRACE);
    node_view self;
    self.id[0] = 1;
    self.ip = "127.0.0.1";
    self.port = 1;
    gossip_core core(self, [](const gossip_message &, const node_view &) {}, nullptr);
    node_view other = self;
    other.id[0] = 2;
    other.port = 2;
    core.meet(other);
    Logger::Instance().Close();
    core.leave(other.id);
    Logger::Instance().SetLevel(LogLevel::INFO);
    EXPECT_NE(contents(path).find("gossip::"), std::string::npos) << contents(path);
    std::remove(path.c_str());
}

TEST(OldVersions, AreComparedAndShown)
{
    EXPECT_EQ(LIBGOSSIP_VERSION_INFO.to_string(), LIBGOSSIP_VERSION);
    EXPECT_EQ(version_info(1, 2, 3).to_string(), "1.2.3");
    EXPECT_EQ(version_info().to_string(), "0.0.0");
    EXPECT_EQ(std::string(version_check_result_to_string(version_check_result::compatible)),
              "Compatible");
    LIBGOSSIP_VERSION_CHECK();
    LIBGOSSIP_REQUIRE_VERSION(1, 0, 0);
}

TEST(OldConfig, HasItsMacros)
{
    const int unused = 1;
    LIBGOSSIP_UNUSED(unused);
    LIBGOSSIP_ASSERT(unused == 1);
    LIBGOSSIP_STATIC_ASSERT(sizeof(int) >= 2, "an int has 16 bits");
    EXPECT_EQ(config::DEFAULT_MAX_NODES, 1000U);
}

} // namespace
