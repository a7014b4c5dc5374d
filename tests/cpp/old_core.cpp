/*
 * gossip_core as a program for libgossip 1.4.2 uses it: only names of that version.
 */
#include "core/gossip_core.hpp"
#include "core/node_id_utils.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <thread>
#include <vector>

using namespace libgossip;
using namespace std::chrono_literals;

namespace {

node_view make_node(std::uint8_t number)
{
    node_view node;
    node.id = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, number}};
    node.ip = "127.0.0.1";
    node.port = 8000 + number;
    node.status = node_status::online;
    return node;
}

struct sent {
    gossip_message msg;
    node_view target;
};

struct event {
    node_view node;
    node_status old_status;
};

/// A core that notes what it sends and tells.
class OldCore : public ::testing::Test {
protected:
    std::vector<sent> messages;
    std::vector<event> events;
    node_view self_node = make_node(1);
    gossip_core core{self_node,
                     [this](const gossip_message &msg, const node_view &target) {
                         messages.push_back({msg, target});
                     },
                     [this](const node_view &node, node_status old_status) {
                         events.push_back({node, old_status});
                     }};

    /// A message of a node with its own entry.
    static gossip_message message_of(const node_view &node, message_type type)
    {
        gossip_message msg;
        msg.sender = node.id;
        msg.type = type;
        msg.timestamp = node.heartbeat;
        msg.entries.push_back(node);
        return msg;
    }
};

TEST_F(OldCore, WantsASendCallback)
{
    EXPECT_THROW(gossip_core(self_node, nullptr, nullptr), std::invalid_argument);
    EXPECT_THROW(gossip_core(self_node, send_callback{}, event_callback{}), std::invalid_argument);
    EXPECT_THROW(gossip_core(self_node, {}, {}), std::invalid_argument);
    EXPECT_NO_THROW(gossip_core(self_node, [](const gossip_message &, const node_view &) {}, nullptr));
    EXPECT_NO_THROW(gossip_core(self_node, [](const auto &, const auto &) {}, {}));
}

TEST_F(OldCore, TakesPlainFunctionsAndGenericLambdas)
{
    struct functions {
        static void send(const gossip_message &, const node_view &) {}
        static void event(const node_view &, node_status) {}
    };
    const gossip_core plain(self_node, functions::send, functions::event);
    EXPECT_EQ(plain.size(), 0U);
    const auto shared = std::make_shared<gossip_core>(
        self_node, [](const auto &, const auto &) {}, [](const auto &, auto) {});
    EXPECT_EQ(shared->self().id, self_node.id);
}

TEST_F(OldCore, ShowsItself)
{
    const node_view &self = core.self();
    EXPECT_EQ(self.id, self_node.id);
    EXPECT_EQ(self.ip, self_node.ip);
    EXPECT_EQ(self.port, self_node.port);
    EXPECT_EQ(self.status, node_status::online);
    EXPECT_EQ(core.find_node(self_node.id)->id, self_node.id);
}

TEST_F(OldCore, KeepsWhatItIsMadeWith)
{
    node_view given = make_node(9);
    given.status = node_status::failed;
    given.heartbeat = 7;
    given.version = 8;
    given.config_epoch = 9;
    given.role = "master";
    given.region = "us-east-1";
    given.seen_time = libgossip::clock::now();
    given.metadata["rack"] = "r1";
    const gossip_core made(given, [](const gossip_message &, const node_view &) {}, nullptr);
    given.status = node_status::online;
    EXPECT_EQ(made.self(), given);
    EXPECT_EQ(made.find_node(given.id), given);
}

TEST_F(OldCore, ReferencesToItselfFollowItsCalls)
{
    const node_view &self = core.self();
    const auto heartbeat = self.heartbeat;
    core.tick();
    EXPECT_EQ(self.heartbeat, heartbeat + 1);
    EXPECT_EQ(self.version, core.self().version);
    core.update_self_metadata({{"key", "value"}});
    EXPECT_EQ(self.metadata.at("key"), "value");
    EXPECT_EQ(&self, &core.self());
}

TEST_F(OldCore, MeetTellsAndSends)
{
    node_view other = make_node(2);
    core.meet(other);
    ASSERT_EQ(events.size(), 1U);
    EXPECT_EQ(events[0].node.id, other.id);
    EXPECT_EQ(events[0].node.status, node_status::joining);
    EXPECT_EQ(events[0].old_status, node_status::unknown);
    ASSERT_EQ(messages.size(), 1U);
    EXPECT_EQ(messages[0].msg.type, message_type::meet);
    EXPECT_EQ(messages[0].msg.sender, self_node.id);
    ASSERT_FALSE(messages[0].msg.entries.empty());
    EXPECT_EQ(messages[0].msg.entries[0].id, self_node.id);
    EXPECT_EQ(messages[0].target.ip, other.ip);
    EXPECT_EQ(messages[0].target.port, other.port);
    EXPECT_EQ(core.size(), 1U);
    const auto nodes = core.get_nodes();
    ASSERT_EQ(nodes.size(), 1U);
    EXPECT_EQ(nodes[0].id, other.id);
    EXPECT_EQ(nodes[0].status, node_status::joining);
}

TEST_F(OldCore, JoinSendsAJoin)
{
    core.join(make_node(2));
    ASSERT_EQ(messages.size(), 1U);
    EXPECT_EQ(messages[0].msg.type, message_type::join);
}

TEST_F(OldCore, MeetingItselfDoesNothing)
{
    core.meet(self_node);
    EXPECT_EQ(core.size(), 0U);
    EXPECT_TRUE(messages.empty());
}

TEST_F(OldCore, AnswersAMeetWithAPong)
{
    node_view other = make_node(3);
    other.heartbeat = 5;
    other.metadata["zone"] = "a";
    const auto before = libgossip::clock::now();
    core.handle_message(message_of(other, message_type::meet), libgossip::clock::now());
    const auto after = libgossip::clock::now();
    ASSERT_EQ(messages.size(), 1U);
    EXPECT_EQ(messages[0].msg.type, message_type::pong);
    EXPECT_EQ(messages[0].target.port, other.port);
    ASSERT_FALSE(events.empty());
    EXPECT_EQ(events[0].node.id, other.id);
    EXPECT_EQ(events[0].old_status, node_status::unknown);
    EXPECT_EQ(events[0].node.metadata.at("zone"), "a");
    EXPECT_GE(events[0].node.seen_time, before);
    EXPECT_LE(events[0].node.seen_time, after);
    const auto found = core.find_node(other.id);
    ASSERT_TRUE(found.has_value());
    EXPECT_EQ(found->status, node_status::online);
    EXPECT_EQ(found->heartbeat, 5U);
    EXPECT_EQ(found->metadata.at("zone"), "a");
    EXPECT_GE(found->seen_time, before);
    EXPECT_LE(found->seen_time, libgossip::clock::now());
    EXPECT_EQ(found->suspicion_count, 0);
}

TEST_F(OldCore, MeetsThatAreAnsweredGoOnline)
{
    node_view other = make_node(2);
    core.meet(other);
    other.heartbeat = 1;
    core.handle_message(message_of(other, message_type::pong), libgossip::clock::now());
    ASSERT_EQ(events.size(), 2U);
    EXPECT_EQ(events[1].old_status, node_status::joining);
    EXPECT_EQ(events[1].node.status, node_status::online);
    core.tick();
    EXPECT_EQ(messages.back().msg.type, message_type::ping);
}

TEST_F(OldCore, TellsOfNewMetadataWithTheStatusUnchanged)
{
    node_view other = make_node(2);
    other.heartbeat = 1;
    other.metadata["load"] = "1";
    core.handle_message(message_of(other, message_type::meet), libgossip::clock::now());
    events.clear();
    other.heartbeat = 2;
    other.metadata["load"] = "2";
    core.handle_message(message_of(other, message_type::ping), libgossip::clock::now());
    ASSERT_EQ(events.size(), 1U);
    EXPECT_EQ(events[0].old_status, node_status::online);
    EXPECT_EQ(events[0].node.status, node_status::online);
    EXPECT_EQ(events[0].node.metadata.at("load"), "2");
    // Who tells of himself knows that he has none.
    other.heartbeat = 3;
    other.metadata.clear();
    core.handle_message(message_of(other, message_type::ping), libgossip::clock::now());
    EXPECT_TRUE(core.find_node(other.id)->metadata.empty());
}

TEST_F(OldCore, HearsayWithoutMetadataErasesNone)
{
    node_view other = make_node(2);
    other.heartbeat = 1;
    core.handle_message(message_of(other, message_type::meet), libgossip::clock::now());
    node_view third = make_node(3);
    third.heartbeat = 1;
    third.metadata["key"] = "value";
    gossip_message msg = message_of(other, message_type::ping);
    msg.entries.push_back(third);
    core.handle_message(msg, libgossip::clock::now());
    msg.entries[0].heartbeat = msg.timestamp = 2;
    msg.entries[1].heartbeat = 2;
    msg.entries[1].metadata.clear();
    core.handle_message(msg, libgossip::clock::now());
    EXPECT_EQ(core.find_node(third.id)->heartbeat, 2U);
    EXPECT_EQ(core.find_node(third.id)->metadata.at("key"), "value");
}

TEST_F(OldCore, TakesNoMessageWithAFlaw)
{
    node_view other = make_node(2);
    other.role = std::string(64, 'x');
    core.handle_message(message_of(other, message_type::meet), libgossip::clock::now());
    other.role = "x";
    gossip_message msg = message_of(other, message_type::meet);
    msg.type = static_cast<message_type>(99);
    core.handle_message(msg, libgossip::clock::now());
    msg = message_of(other, message_type::meet);
    msg.entries[0].status = static_cast<node_status>(99);
    core.handle_message(msg, libgossip::clock::now());
    EXPECT_EQ(core.size(), 0U);
    EXPECT_TRUE(messages.empty());
}

TEST_F(OldCore, ATimeToComeIsNotBelieved)
{
    node_view other = make_node(2);
    other.heartbeat = 1;
    core.handle_message(message_of(other, message_type::meet), libgossip::clock::now() + 24h);
    const auto found = core.find_node(other.id);
    ASSERT_TRUE(found.has_value());
    EXPECT_LE(found->seen_time, libgossip::clock::now());
}

TEST_F(OldCore, RefusesATextThatIsTooLong)
{
    node_view given = make_node(1);
    given.role = std::string(64, 'x');
    EXPECT_THROW(gossip_core(given, [](const gossip_message &, const node_view &) {}, nullptr),
                 std::invalid_argument);
}

TEST_F(OldCore, CountsAndResets)
{
    node_view other = make_node(2);
    other.heartbeat = 1;
    core.meet(other);
    core.handle_message(message_of(other, message_type::pong), libgossip::clock::now());
    core.tick();
    libgossip::gossip_stats stats = core.get_stats();
    EXPECT_EQ(stats.known_nodes, 1U);
    EXPECT_EQ(stats.sent_messages, messages.size());
    EXPECT_EQ(stats.received_messages, 1U);
    EXPECT_GE(stats.last_tick_duration.count(), 0);
    core.update_self_metadata({{"kept", "yes"}});
    core.reset();
    EXPECT_EQ(core.size(), 0U);
    EXPECT_EQ(core.get_stats().sent_messages, 0U);
    EXPECT_EQ(core.self().metadata.at("kept"), "yes");
}

TEST_F(OldCore, LeaveOfAnotherFailsItAndCleanupForgetsIt)
{
    node_view other = make_node(2);
    node_view third = make_node(3);
    other.heartbeat = third.heartbeat = 1;
    core.handle_message(message_of(other, message_type::meet), libgossip::clock::now());
    core.handle_message(message_of(third, message_type::meet), libgossip::clock::now());
    events.clear();
    core.leave(other.id);
    EXPECT_EQ(core.find_node(other.id)->status, node_status::failed);
    ASSERT_EQ(events.size(), 1U);
    EXPECT_EQ(events[0].old_status, node_status::online);
    EXPECT_EQ(events[0].node.status, node_status::failed);
    EXPECT_EQ(events[0].node.id, other.id);
    core.cleanup_expired(1h);
    EXPECT_EQ(core.size(), 2U);
    core.cleanup_expired(0ms);
    EXPECT_EQ(core.size(), 1U);
    EXPECT_FALSE(core.find_node(other.id).has_value());
}

TEST_F(OldCore, MetadataIsMerged)
{
    core.update_self_metadata({{"a", "1"}, {"b", "2"}});
    core.update_self_metadata({{"b", "3"}, {"config_epoch", "12"}});
    const node_view &self = core.self();
    EXPECT_EQ(self.metadata.at("a"), "1");
    EXPECT_EQ(self.metadata.at("b"), "3");
    EXPECT_EQ(self.config_epoch, 12U);
    const auto heartbeat = self.heartbeat;
    core.update_self_metadata({});
    EXPECT_EQ(core.self().heartbeat, heartbeat);
}

TEST(OldNodeView, IsComparedByHeartbeatOrEpoch)
{
    node_view a;
    node_view b;
    a.heartbeat = 10;
    a.config_epoch = 5;
    b.heartbeat = 15;
    b.config_epoch = 3;
    EXPECT_FALSE(a.newer_than(b));
    EXPECT_TRUE(b.newer_than(a));
    EXPECT_TRUE(a.can_replace(b));
    EXPECT_FALSE(b.can_replace(a));
    b = a;
    EXPECT_TRUE(a == b);
    EXPECT_FALSE(a.newer_than(b));
    EXPECT_FALSE(a.can_replace(b));
    b.metadata["x"] = "y";
    EXPECT_TRUE(a != b);
    b = a;
    b.suspicion_count = 1;
    EXPECT_NE(a, b);
    b = a;
    b.last_suspected += 1ns;
    EXPECT_NE(a, b);
}

TEST(OldNodeView, IsAnAggregateInItsOldOrder)
{
    const time_point now = libgossip::clock::now();
    const node_view view{{{1}}, "10.0.0.1", 7946, 1, 2, 3, now, node_status::suspect,
                         "master", "eu", {{"k", "v"}}, 4, now};
    EXPECT_EQ(view.id[0], 1);
    EXPECT_EQ(view.ip, "10.0.0.1");
    EXPECT_EQ(view.port, 7946);
    EXPECT_EQ(view.config_epoch + view.heartbeat * 10 + view.version * 100, 321U);
    EXPECT_EQ(view.seen_time, now);
    EXPECT_EQ(view.status, node_status::suspect);
    EXPECT_EQ(view.role, "master");
    EXPECT_EQ(view.region, "eu");
    EXPECT_EQ(view.metadata.at("k"), "v");
    EXPECT_EQ(view.suspicion_count, 4);
    EXPECT_EQ(view.last_suspected, now);
    const gossip_message msg{view.id, message_type::pong, 9, {view, view}};
    EXPECT_EQ(msg.entries.size(), 2U);
    const gossip_message copy = msg;
    EXPECT_TRUE(copy == msg);
    EXPECT_TRUE((gossip_message{}) != msg);
    const node_view blank;
    EXPECT_EQ(blank.port, 0);
    EXPECT_EQ(blank.status, node_status::unknown);
    EXPECT_TRUE(is_null_node_id(blank.id));
}

/// Cores that hand their messages to each other inside the send callback.
class OldCluster : public ::testing::Test {
protected:
    std::vector<std::shared_ptr<gossip_core>> cores;
    std::vector<int> silent;

    void make(std::size_t count)
    {
        for (std::size_t i = 0; i < count; ++i) {
            node_view self = make_node(static_cast<std::uint8_t>(i + 1));
            self.heartbeat = 1;
            self.metadata["rack"] = "rack" + std::to_string(i / 2);
            silent.push_back(0);
            cores.push_back(std::make_shared<gossip_core>(
                self,
                [this, i](const gossip_message &msg, const node_view &target) {
                    for (std::size_t j = 0; j < cores.size(); ++j) {
                        if (cores[j] && cores[j]->self().port == target.port && !silent[i] &&
                            !silent[j]) {
                            cores[j]->handle_message(msg, libgossip::clock::now());
                        }
                    }
                },
                [](const node_view &, node_status) {}));
        }
    }

    void rounds(int count, std::chrono::milliseconds pause = 0ms)
    {
        for (int round = 0; round < count; ++round) {
            for (const auto &core : cores) {
                core->tick();
            }
            std::this_thread::sleep_for(pause);
        }
    }

    bool all_see(std::size_t index, node_status status) const
    {
        bool all = true;
        for (std::size_t i = 0; i < cores.size(); ++i) {
            const auto view = cores[i]->find_node(cores[index]->self().id);
            all = all && (i == index || silent[i] || (view && view->status == status));
        }
        return all;
    }
};

TEST_F(OldCluster, FormsWithMetadata)
{
    make(8);
    for (std::size_t i = 1; i < cores.size(); ++i) {
        cores[i]->join(cores[0]->self());
    }
    rounds(12);
    for (std::size_t i = 0; i < cores.size(); ++i) {
        EXPECT_EQ(cores[i]->size(), cores.size() - 1);
        EXPECT_TRUE(all_see(i, node_status::online)) << i;
        for (const node_view &node : cores[i]->get_nodes()) {
            const int rack = (node.id[15] - 1) / 2;
            EXPECT_EQ(node.metadata.at("rack"), "rack" + std::to_string(rack));
        }
    }
    cores[2]->update_self_metadata({{"load", "high"}});
    rounds(8);
    for (std::size_t i = 0; i < cores.size(); ++i) {
        EXPECT_EQ(cores[i]->find_node(cores[2]->self().id)->metadata.at("load"), "high");
    }
}

TEST_F(OldCluster, ALeaveIsHeard)
{
    make(5);
    for (std::size_t i = 1; i < cores.size(); ++i) {
        cores[i]->meet(cores[0]->self());
    }
    rounds(10);
    cores[3]->leave(cores[3]->self().id);
    rounds(10);
    EXPECT_TRUE(all_see(3, node_status::failed));
    EXPECT_TRUE(all_see(1, node_status::online));
}

TEST_F(OldCluster, SilenceIsSuspectedAndAReturnForgiven)
{
    make(3);
    cores[1]->join(cores[0]->self());
    cores[2]->join(cores[0]->self());
    rounds(10);
    silent[2] = 1;
    const auto start = libgossip::clock::now();
    while (!all_see(2, node_status::failed) && libgossip::clock::now() - start < 20s) {
        rounds(1, 20ms);
    }
    EXPECT_TRUE(all_see(2, node_status::failed));
    const auto view = cores[0]->find_node(cores[2]->self().id);
    EXPECT_NE(view->last_suspected, time_point{});
    EXPECT_GT(view->last_suspected, view->seen_time);
    EXPECT_LT(libgossip::clock::now() - view->seen_time, 20s);
    silent[2] = 0;
    while (!all_see(2, node_status::online) && libgossip::clock::now() - start < 40s) {
        cores[2]->meet(cores[0]->self());
        rounds(1, 20ms);
    }
    EXPECT_TRUE(all_see(2, node_status::online));
}

} // namespace
