/*
 * gossip::node, the member of a cluster that runs itself.
 */
#include "net/gossip_node.hpp"

#include "waiting.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <vector>

using namespace std::chrono_literals;

namespace {

gossip::node_config on_loopback()
{
    gossip::node_config config;
    config.bind_host = "127.0.0.1";
    config.protocol = gossip::core_config(gossip::profile::local);
    return config;
}

std::string address_of(const gossip::node &node)
{
    return "127.0.0.1:" + std::to_string(node.port());
}

TEST(Node, JoinsAndTells)
{
    std::atomic<int> online{0};
    std::atomic<int> left{0};
    std::vector<gossip::node> nodes;
    for (int i = 0; i < 3; ++i) {
        gossip::node_config config = on_loopback();
        config.role = "role" + std::to_string(i);
        config.region = "here";
        config.cluster = "tests";
        config.metadata["number"] = std::to_string(i);
        config.on_event = [&online](gossip::node_ref node, gossip::node_status old_status) {
            online += old_status != node.status() && node.status() == gossip::node_status::online;
        };
        config.on_changes = [&left](gossip::change_list changes) {
            for (std::size_t at = 0; at < changes.size(); ++at) {
                left += changes[at].left();
            }
        };
        nodes.emplace_back(config);
        nodes.back().start();
    }
    EXPECT_GE(nodes[1].join({address_of(nodes[0]), "127.0.0.1:1"}), 1U);
    EXPECT_GE(nodes[2].join(std::vector<std::string>{address_of(nodes[0])}, 2s), 1U);
    EXPECT_TRUE(reaches([&nodes] {
        bool all = true;
        for (const gossip::node &node : nodes) {
            std::size_t seen = 0;
            for (const gossip::member &member : node.members()) {
                seen += member.status() == gossip::node_status::online &&
                        node.metadata(member.id(), "number").has_value();
            }
            all = all && seen == 2;
        }
        return all;
    }));
    EXPECT_TRUE(reaches([&online] { return online >= 6; }));
    const gossip::member self = nodes[2].self();
    EXPECT_TRUE(self.is_self());
    EXPECT_EQ(self.role(), "role2");
    EXPECT_EQ(self.region(), "here");
    EXPECT_EQ(nodes[0].find(self.id())->port(), nodes[2].port());
    EXPECT_EQ(nodes[0].metadata(self.id()).at("number"), "2");
    nodes[2].set_metadata("load", "high");
    EXPECT_TRUE(reaches([&] { return nodes[0].metadata(self.id(), "load") == "high"; }));
    EXPECT_TRUE(nodes[2].remove_metadata("load"));
    EXPECT_TRUE(reaches([&] { return !nodes[0].metadata(self.id(), "load").has_value(); }));
    EXPECT_GT(nodes[0].stats().received_messages, 0U);
    EXPECT_GT(nodes[0].net_stats().datagrams_received, 0U);
    EXPECT_TRUE(nodes[0].peer_stats(self.id()).has_value());
    EXPECT_FALSE(nodes[2].peer_stats(self.id()).has_value());
    nodes[2].leave();
    nodes[2].stop();
    EXPECT_TRUE(reaches([&] { return nodes[0].find(self.id())->left(); }));
    EXPECT_TRUE(reaches([&left] { return left >= 2; }));
    nodes[2].start();
    EXPECT_GE(nodes[2].join({address_of(nodes[1])}), 1U);
}

TEST(Node, SilenceIsNoErrorAndMisuseIs)
{
    gossip::node node(on_loopback());
    EXPECT_THROW(node.stats(), gossip::error);
    EXPECT_EQ(node.join({"127.0.0.1:1"}, 100ms), 0U) << "it is not started";
    node.start();
    EXPECT_THROW(node.start(), gossip::error);
    EXPECT_EQ(node.join({"127.0.0.1:1"}, 100ms), 0U);
    EXPECT_NE(gossip::last_error().find("127.0.0.1:1"), std::string::npos);
    EXPECT_THROW(node.join(std::vector<std::string>{}), gossip::error);
    EXPECT_TRUE(node.members().empty());
    gossip::node moved = std::move(node);
    EXPECT_NE(moved.port(), 0);
    moved.stop();
}

TEST(Node, MayBeDestroyedInItsCallback)
{
    std::atomic<int> events{0};
    auto *doomed = new gossip::node *(nullptr);
    gossip::node_config config = on_loopback();
    config.on_event = [&events, doomed](gossip::node_ref, gossip::node_status) {
        delete *doomed;
        *doomed = nullptr;
        ++events;
    };
    *doomed = new gossip::node(config);
    (*doomed)->start();
    const std::string address = address_of(**doomed);
    gossip::node other(on_loopback());
    other.start();
    other.join({address}, 100ms);
    EXPECT_TRUE(reaches([&events] { return events > 0; }));
    std::this_thread::sleep_for(50ms);
    EXPECT_EQ(events, 1);
    delete doomed;
}

} // namespace
