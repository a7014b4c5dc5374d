/*
 * What gossip_core has beyond libgossip 1.4.2: configuration, clock, packets, metadata of any node,
 * statistics, lists of members and of changes, and callbacks that copy nothing.
 */
#include "core/gossip_core.hpp"
#include "core/node_id_utils.hpp"
#include "net/json_serializer.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <string>
#include <vector>

using namespace std::chrono_literals;

namespace {

using libgossip::gossip_core;
using libgossip::gossip_message;
using libgossip::message_type;
using libgossip::node_status;
using libgossip::node_view;
using libgossip::time_point;

node_view make_node(std::uint8_t number)
{
    node_view node;
    node.id[15] = number;
    node.ip = "127.0.0.1";
    node.port = 8000 + number;
    node.heartbeat = 1;
    node.status = node_status::online;
    return node;
}

/// Cores on virtual time that exchange packets.
struct packets {
    struct packet {
        std::string bytes;
        int from;
        int to;
    };
    std::vector<std::unique_ptr<gossip_core>> cores;
    std::deque<packet> under_way;
    std::vector<std::string> log;
    time_point now{1s};

    explicit packets(std::uint8_t count)
    {
        for (std::uint8_t i = 1; i <= count; ++i) {
            gossip::core_config config(gossip::profile::local);
            config.manual_clock().seed(i).packets().cluster("tests");
            gossip::core_callbacks callbacks;
            const int from = 8000 + i;
            callbacks.packet = [this, from](const std::uint8_t *bytes, std::size_t size,
                                            std::string_view ip, std::uint16_t port) {
                EXPECT_EQ(ip, "127.0.0.1");
                under_way.push_back({std::string(bytes, bytes + size), from, port});
            };
            callbacks.changes = [this, from](gossip::change_list changes) {
                for (const gossip::change_ref change : changes) {
                    log.push_back(std::to_string(from) + " " +
                                  std::to_string(change.node().port()) + " " +
                                  to_string(change.old_status()) + " " +
                                  to_string(change.new_status()) + (change.left() ? " left" : ""));
                }
            };
            cores.push_back(std::make_unique<gossip_core>(config, make_node(i), callbacks));
        }
    }

    void run(libgossip::duration_ms time)
    {
        for (const time_point end = now + time; now < end; now += 10ms) {
            for (const auto &core : cores) {
                core->handle_timeout_at(now);
            }
            while (!under_way.empty()) {
                const packet next = under_way.front();
                under_way.pop_front();
                const auto to = static_cast<std::size_t>(next.to - 8001);
                EXPECT_TRUE(cores.at(to)->handle_packet_at(
                    next.bytes.data(), next.bytes.size(), "127.0.0.1",
                    static_cast<std::uint16_t>(next.from), now));
            }
        }
    }
};

TEST(Additions, CoresLiveOnPacketsAndVirtualTime)
{
    packets first(3);
    packets second(3);
    for (packets *all : {&first, &second}) {
        all->cores[1]->join(make_node(1));
        all->cores[2]->join(make_node(1));
        all->run(2s);
        all->cores[2]->set_metadata("key", "value");
        all->run(2s);
        for (const auto &core : all->cores) {
            ASSERT_EQ(core->members().size(), 2U);
            for (const gossip::member &member : core->members()) {
                EXPECT_EQ(member.status(), node_status::online);
                EXPECT_FALSE(member.left());
                EXPECT_FALSE(member.is_self());
                EXPECT_LT(member.seen_ago(), 3s);
                EXPECT_FALSE(member.suspected_ago().has_value());
            }
        }
        EXPECT_EQ(all->cores[0]->metadata(make_node(3).id, "key"), "value");
        EXPECT_EQ(all->cores[0]->metadata(make_node(3).id).size(), 1U);
        EXPECT_EQ(all->cores[0]->metadata(make_node(3).id, "none"), std::nullopt);
        all->cores[2]->leave(make_node(3).id);
        all->run(2s);
        EXPECT_TRUE(all->cores[0]->find_member(make_node(3).id)->left());
        EXPECT_EQ(all->cores[0]->find_node(make_node(3).id)->status, node_status::failed);
        EXPECT_EQ(all->log.back().substr(all->log.back().size() - 11), "failed left");
        const auto seen = all->cores[0]->find_node(make_node(2).id)->seen_time;
        EXPECT_GT(seen, time_point{1s});
        EXPECT_LE(seen, all->now);
    }
    EXPECT_EQ(first.log, second.log) << "the same seeds and times have the same results";
}

static_assert(static_cast<int>(gossip::profile::lan) == GOSSIP_PROFILE_LAN);
static_assert(static_cast<int>(gossip::profile::wan) == GOSSIP_PROFILE_WAN);
static_assert(static_cast<int>(gossip::profile::local) == GOSSIP_PROFILE_LOCAL);
static_assert(static_cast<int>(gossip::profile::quiet) == GOSSIP_PROFILE_QUIET);
static_assert(static_cast<int>(gossip::profile::loop) == GOSSIP_PROFILE_LOOP);

TEST(Additions, AProfileForLoopsWaitsLongerThanLan)
{
    gossip::core_config lan, loop(gossip::profile::loop);
    EXPECT_EQ(lan.c().round_interval_ms, loop.c().round_interval_ms);
    EXPECT_GT(loop.c().suspicion_min_ms, 2 * lan.c().suspicion_min_ms);
}

TEST(Additions, TellsWhenSomethingIsDue)
{
    gossip::core_config config;
    config.round_interval(50ms);
    gossip_core core(config, make_node(1), {});
    ASSERT_TRUE(core.next_timeout().has_value());
    EXPECT_LE(*core.next_timeout(), 50ms);
    core.handle_timeout();
    const gossip_core manual(gossip::core_config().manual_clock(), make_node(1), {});
    EXPECT_TRUE(manual.next_timeout().has_value());
}

TEST(Additions, JunkIsNoPacket)
{
    gossip_core core(gossip::core_config(), make_node(1), {});
    EXPECT_FALSE(core.handle_packet("junk", 4, "127.0.0.1", 9));
    EXPECT_FALSE(gossip::last_error().empty());
    EXPECT_EQ(core.stats().refused_malformed, 1U);
}

TEST(Additions, CallbacksSeeWithoutCopies)
{
    std::vector<std::string> seen;
    gossip::core_callbacks callbacks;
    callbacks.send = [&seen](gossip::message_ref msg, gossip::node_ref target) {
        EXPECT_EQ(msg.sender(), make_node(1).id);
        EXPECT_EQ(target.ip(), "127.0.0.1");
        ASSERT_FALSE(msg.empty());
        std::size_t entries = 0;
        for (const gossip::node_ref entry : msg) {
            EXPECT_EQ(entry.id(), msg[entries].id());
            ++entries;
        }
        EXPECT_EQ(entries, msg.size());
        EXPECT_EQ(msg[0].metadata("mine"), "1");
        const gossip_message copy = msg.to_message();
        EXPECT_EQ(copy.type, msg.type());
        EXPECT_EQ(copy.timestamp, msg.timestamp());
        EXPECT_EQ(copy.entries.at(0).metadata.at("mine"), "1");
        seen.push_back(to_string(msg.type()) + " " + std::to_string(target.port()));
    };
    callbacks.event = [&seen](gossip::node_ref node, node_status old_status) {
        std::string line = to_string(old_status) + " " + to_string(node.status());
        EXPECT_EQ(node.role(), "role");
        EXPECT_EQ(node.region(), "region");
        EXPECT_EQ(node.heartbeat() + node.config_epoch() + node.version(), 6U);
        EXPECT_EQ(node.member().metadata_count(), 2U);
        EXPECT_EQ(node.metadata("none"), std::nullopt);
        EXPECT_EQ(node.metadata().size(), 2U);
        EXPECT_EQ(node.each_metadata([&line](std::string_view key, std::string_view value) {
            line.append(" ").append(key).append("=").append(value);
        }), 2U);
        EXPECT_EQ(node.to_node_view().metadata, node.metadata());
        const time_point seen_time = node.to_node_view().seen_time;
        EXPECT_LE(seen_time, libgossip::clock::now());
        seen.push_back(line);
    };
    node_view self = make_node(1);
    self.metadata["mine"] = "1";
    gossip_core core(gossip::core_config(), self, callbacks);
    gossip_message msg;
    node_view other = make_node(2);
    other.role = "role";
    other.region = "region";
    other.heartbeat = 1;
    other.config_epoch = 2;
    other.version = 3;
    other.metadata = {{"a", "1"}, {"b", ""}};
    msg.sender = other.id;
    msg.type = message_type::meet;
    msg.timestamp = 1;
    msg.entries.push_back(other);
    core.handle_message(msg, libgossip::clock::now());
    EXPECT_EQ(seen, (std::vector<std::string>{"unknown online a=1 b=", "pong 8002"}));
}

TEST(Additions, ManageTheirOwnMetadata)
{
    gossip_core core(gossip::core_config(), make_node(1), {});
    core.set_metadata("key", std::string(5000, 'x'));
    EXPECT_EQ(core.metadata(make_node(1).id, "key")->size(), 5000U);
    EXPECT_TRUE(core.remove_metadata("key"));
    EXPECT_FALSE(core.remove_metadata("key"));
    EXPECT_THROW(core.set_metadata("key", std::string(70000, 'x')), gossip::error);
    EXPECT_TRUE(core.find_member(make_node(1).id)->is_self());
    EXPECT_FALSE(core.find_member(make_node(9).id).has_value());
}

TEST(Additions, TellOfTheWayToAPeer)
{
    gossip_core core(gossip::core_config(), make_node(1), {});
    EXPECT_FALSE(core.peer_stats(make_node(2).id).has_value());
    core.meet(make_node(2));
    EXPECT_EQ(core.peer_stats(make_node(2).id)->status,
              static_cast<std::uint32_t>(GOSSIP_NODE_JOINING));
    EXPECT_EQ(core.stats().queued_joins, 1U);
    EXPECT_EQ(core.stats().known_nodes, 1U);
    EXPECT_EQ(gossip_core_size(core.handle()), 1U);
}

TEST(Additions, SerializersCarryMetadataInEachForm)
{
    gossip_message msg;
    node_view node = make_node(2);
    node.metadata = {{"key", "value"}, {"other", std::string(100, 'x')}};
    msg.sender = node.id;
    msg.timestamp = 1;
    msg.entries.push_back(node);
    for (const char *name : {"json", "binary", "auto"}) {
        const gossip::native_serializer form(name);
        EXPECT_EQ(form.name(), name);
        std::vector<std::uint8_t> data;
        ASSERT_EQ(form.serialize(msg, data), libgossip::serialization_error::success);
        gossip_message read;
        ASSERT_EQ(form.deserialize(data, read), libgossip::serialization_error::success) << name;
        EXPECT_EQ(read.entries.at(0).metadata, node.metadata) << name;
        EXPECT_EQ(read.sender, msg.sender);
    }
    msg.entries[0].ip = std::string(64, '1');
    std::vector<std::uint8_t> data;
    EXPECT_EQ(gossip::native_serializer("json").serialize(msg, data),
              libgossip::serialization_error::invalid_input);
}

} // namespace
