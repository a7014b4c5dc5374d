/*
 * gossip_manager as a program for libgossip 1.4.2 uses it.
 */
#include "core/gossip_manager.hpp"

#include "ports.hpp"
#include "waiting.hpp"

#include <gtest/gtest.h>

#include <atomic>

using namespace libgossip;

namespace {

libgossip::gossip_config on_loopback()
{
    libgossip::gossip_config config;
    config.bind_ip = "127.0.0.1";
    config.gossip_port = 0;
    return config;
}

TEST(OldManager, HasTheOldDefaults)
{
    const libgossip::gossip_config config;
    EXPECT_EQ(config.node_id, "");
    EXPECT_EQ(config.bind_ip, "0.0.0.0");
    EXPECT_EQ(config.gossip_port, 7946);
    EXPECT_EQ(config.heartbeat_interval_ms, 100U);
    EXPECT_EQ(config.failure_timeout_ms, 2000U);
    EXPECT_EQ(config.gossip_nodes, 3);
    EXPECT_EQ(config.sync_nodes, 2);
    EXPECT_FALSE(config.use_tcp);
    EXPECT_EQ(config.serializer, "json");
    EXPECT_EQ(config.role, "master");
    EXPECT_EQ(config.region, "");
}

TEST(OldManager, IsMadeStartedAndStopped)
{
    gossip_manager manager;
    EXPECT_FALSE(manager.is_initialized());
    EXPECT_FALSE(manager.start());
    EXPECT_FALSE(manager.meet_node("127.0.0.1", 1));
    EXPECT_EQ(manager.get_node_count(), 0U);
    EXPECT_TRUE(manager.get_nodes().empty());
    EXPECT_EQ(manager.get_self(), node_view{});
    manager.tick();
    manager.leave_cluster();
    manager.stop();
    EXPECT_TRUE(manager.init(on_loopback()));
    EXPECT_TRUE(manager.is_initialized());
    EXPECT_FALSE(manager.is_running());
    EXPECT_FALSE(manager.init(on_loopback()));
    manager.tick();
    EXPECT_TRUE(manager.start());
    EXPECT_TRUE(manager.is_running());
    EXPECT_FALSE(manager.start());
    EXPECT_EQ(manager.get_stats().known_nodes, 0U);
    EXPECT_EQ(manager.get_stats().sent_messages, 0U);
    EXPECT_EQ(manager.get_stats().received_messages, 0U);
    manager.stop();
    EXPECT_FALSE(manager.is_running());
    manager.stop();
    EXPECT_TRUE(manager.start());
    EXPECT_TRUE(manager.is_running());
}

TEST(OldManager, ShowsItselfAsConfigured)
{
    const std::uint16_t port = free_port(net::transport_type::udp);
    libgossip::gossip_config config = on_loopback();
    config.gossip_port = port;
    config.node_id = "000102030405060708090a0b0c0d0e0f";
    config.role = "replica";
    config.region = "eu";
    gossip_manager manager;
    ASSERT_TRUE(manager.init(config));
    manager.update_metadata({{"early", "1"}});
    ASSERT_TRUE(manager.start());
    const node_view self = manager.get_self();
    EXPECT_EQ(self.status, node_status::online);
    EXPECT_EQ(self.ip, "127.0.0.1");
    EXPECT_EQ(self.port, port);
    EXPECT_EQ(self.role, "replica");
    EXPECT_EQ(self.region, "eu");
    EXPECT_EQ(node_id_to_string(self.id), config.node_id);
    EXPECT_EQ(manager.find_node(self.id)->port, port);
    manager.update_metadata({{"key1", "value1"}, {"key2", "value2"}});
    EXPECT_EQ(manager.get_self().metadata.at("key1"), "value1");
    EXPECT_EQ(manager.get_self().metadata.at("early"), "1");
    EXPECT_EQ(manager.find_node(node_id_t{}), std::nullopt);
}

TEST(OldManager, KeepsMetadataWhenThePortBecomesKnown)
{
    gossip_manager manager;
    ASSERT_TRUE(manager.init(on_loopback()));
    manager.update_metadata({{"early", "1"}});
    ASSERT_TRUE(manager.start());
    EXPECT_EQ(manager.get_self().port, manager.port());
    EXPECT_NE(manager.port(), 0);
    EXPECT_EQ(manager.get_self().metadata.at("early"), "1");
}

TEST(OldManager, RefusesWhatCannotBe)
{
    libgossip::gossip_config config = on_loopback();
    config.bind_ip = "no address";
    gossip_manager manager;
    EXPECT_FALSE(manager.init(config));
    config = on_loopback();
    config.serializer = "nonsense";
    EXPECT_FALSE(manager.init(config));
    config = on_loopback();
    config.bind_ip = "localhost";
    config.node_id = "not hexadecimal";
    config.gossip_nodes = -5;
    config.heartbeat_interval_ms = 0;
    ASSERT_TRUE(manager.init(config));
    ASSERT_TRUE(manager.start());
    EXPECT_EQ(manager.get_self().ip, "127.0.0.1");
    EXPECT_FALSE(is_null_node_id(manager.get_self().id));
    EXPECT_FALSE(manager.meet_node("no address", 7946));
    EXPECT_FALSE(manager.join_cluster("127.0.0.1", 0));
    gossip_manager second;
    config.gossip_port = manager.port();
    ASSERT_TRUE(second.init(config));
    EXPECT_FALSE(second.start());
    EXPECT_FALSE(second.is_running());
}

class OldManagers : public ::testing::TestWithParam<bool> {};

TEST_P(OldManagers, FormAClusterAndNoticeALeave)
{
    gossip_manager managers[4];
    std::atomic<int> joined{0};
    std::atomic<int> failed{0};
    for (std::size_t i = 0; i < 4; ++i) {
        libgossip::gossip_config config = on_loopback();
        config.use_tcp = GetParam();
        config.role = "role" + std::to_string(i);
        managers[i].set_event_callback(
            [&](const node_view &node, node_status old_status, node_status new_status) {
                EXPECT_EQ(node.status, new_status);
                joined += old_status != new_status && new_status == node_status::online;
                failed += new_status == node_status::failed;
            });
        ASSERT_TRUE(managers[i].init(config));
        ASSERT_TRUE(managers[i].start());
        managers[i].update_metadata({{"number", std::to_string(i)}});
    }
    EXPECT_TRUE(managers[1].meet_node("127.0.0.1", managers[0].port()));
    EXPECT_TRUE(managers[2].join_cluster("localhost", managers[0].port()));
    EXPECT_TRUE(managers[3].join_cluster("127.0.0.1", managers[0].port()));
    const auto tick = [&managers] {
        for (gossip_manager &manager : managers) {
            manager.tick();
        }
    };
    EXPECT_TRUE(reaches(
        [&managers] {
            bool all = true;
            for (const gossip_manager &manager : managers) {
                std::size_t online = 0;
                for (const node_view &node : manager.get_nodes()) {
                    online += node.status == node_status::online && node.metadata.count("number");
                }
                all = all && online == 3;
            }
            return all;
        },
        tick));
    EXPECT_GE(joined, 12);
    EXPECT_EQ(failed, 0);
    EXPECT_EQ(managers[0].get_node_count(), 3U);
    EXPECT_GT(managers[0].get_stats().received_messages, 0U);
    managers[0].broadcast_config();
    const node_id_t gone = managers[3].get_self().id;
    managers[3].leave_cluster();
    managers[3].stop();
    EXPECT_TRUE(reaches(
        [&] {
            bool all = true;
            for (std::size_t i = 0; i < 3; ++i) {
                all = all && managers[i].find_node(gone)->status == node_status::failed;
            }
            return all;
        },
        tick));
    EXPECT_EQ(failed, 3);
}

INSTANTIATE_TEST_SUITE_P(OverUdpAndTcp, OldManagers, ::testing::Bool());

} // namespace
