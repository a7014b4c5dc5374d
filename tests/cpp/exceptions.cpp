/*
 * Exceptions out of callbacks: thrown again by the call that led to them, never through C; on library
 * threads given to the handler of the process.
 */
#include "core/gossip_core.hpp"
#include "core/gossip_manager.hpp"
#include "net/gossip_node.hpp"

#include "waiting.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <vector>

namespace {

using libgossip::gossip_core;
using libgossip::gossip_message;
using libgossip::message_type;
using libgossip::node_status;
using libgossip::node_view;

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

/// Notes what the handler of the process is given.
class Exceptions : public ::testing::Test {
protected:
    std::atomic<int> reported{0};

    void SetUp() override
    {
        gossip::set_error_handler([this](std::exception_ptr error) {
            try {
                std::rethrow_exception(error);
            } catch (const std::runtime_error &) {
                ++reported;
            }
            throw std::runtime_error("a handler may throw, too");
        });
    }
    void TearDown() override { gossip::set_error_handler(nullptr); }
};

[[noreturn]] void fail(const std::string &text) { throw std::runtime_error(text); }

std::string text_of(const std::function<void()> &call)
{
    try {
        call();
    } catch (const std::runtime_error &error) {
        return error.what();
    }
    return "";
}

TEST_F(Exceptions, LeaveTheCallThatLedToThem)
{
    bool send_fails = true;
    bool event_fails = false;
    int sends = 0;
    gossip_core core(
        make_node(1),
        [&](const gossip_message &, const node_view &) {
            ++sends;
            if (send_fails) {
                fail("send");
            }
        },
        [&](const node_view &, node_status) {
            if (event_fails) {
                fail("event");
            }
        });
    EXPECT_EQ(text_of([&] { core.meet(make_node(2)); }), "send");
    EXPECT_EQ(text_of([&] { core.join(make_node(3)); }), "send");
    EXPECT_EQ(core.size(), 2U) << "the core is whole";
    EXPECT_EQ(reported, 0);
    EXPECT_EQ(text_of([&] { core.tick(); }), "send");
    send_fails = false;
    event_fails = true;
    EXPECT_EQ(text_of([&] { core.meet(make_node(4)); }), "event");
    gossip_message msg;
    msg.sender = make_node(5).id;
    msg.type = message_type::meet;
    msg.timestamp = 1;
    msg.entries.push_back(make_node(5));
    const int before = sends;
    EXPECT_EQ(text_of([&] { core.handle_message(msg, libgossip::clock::now()); }), "event");
    EXPECT_EQ(sends, before + 1) << "the callbacks after it ran too";
    EXPECT_EQ(text_of([&] { core.leave(make_node(5).id); }), "event");
    event_fails = false;
    EXPECT_EQ(text_of([&] { core.tick(); }), "");
}

TEST_F(Exceptions, FurtherOnesOfOneCallGoToTheHandler)
{
    gossip_core core(
        make_node(1), [](const gossip_message &, const node_view &) { fail("send"); },
        [](const node_view &, node_status) { fail("event"); });
    EXPECT_EQ(text_of([&] { core.meet(make_node(2)); }), "event");
    EXPECT_EQ(reported, 1);
}

TEST_F(Exceptions, PassThroughNestedCalls)
{
    std::unique_ptr<gossip_core> inner;
    gossip_core outer(
        make_node(1),
        [&](const gossip_message &msg, const node_view &) {
            inner->handle_message(msg, libgossip::clock::now());
        },
        nullptr);
    inner = std::make_unique<gossip_core>(
        make_node(2), [](const gossip_message &, const node_view &) { fail("deep"); }, nullptr);
    EXPECT_EQ(text_of([&] { outer.meet(make_node(2)); }), "deep");
    EXPECT_EQ(reported, 0);
}

TEST_F(Exceptions, OfANestedCallLeaveTheOneThatRunsThem)
{
    std::unique_ptr<gossip_core> core;
    std::string inside;
    core = std::make_unique<gossip_core>(
        make_node(1), [](const gossip_message &, const node_view &) {},
        [&](const node_view &node, node_status) {
            if (node.id[15] == 3) {
                fail("event of 3");
            }
            // What this leads to runs after this callback, in the call outside.
            inside = text_of([&] { core->meet(make_node(3)); });
        });
    EXPECT_EQ(text_of([&] { core->meet(make_node(2)); }), "event of 3");
    EXPECT_EQ(inside, "");
}

TEST_F(Exceptions, OfTheNewerCallbacksLeaveTheSameWay)
{
    gossip::core_callbacks callbacks;
    callbacks.send = [](gossip::message_ref, gossip::node_ref) { fail("send"); };
    gossip_core core(gossip::core_config(), make_node(1), callbacks);
    EXPECT_EQ(text_of([&] { core.meet(make_node(2)); }), "send");
    callbacks = {};
    callbacks.packet = [](const std::uint8_t *, std::size_t, std::string_view, std::uint16_t) {
        fail("packet");
    };
    callbacks.changes = [](gossip::change_list) { fail("changes"); };
    gossip_core second(gossip::core_config(), make_node(1), callbacks);
    EXPECT_EQ(text_of([&] { second.meet(make_node(2)); }), "packet");
    EXPECT_EQ(reported, 1) << "the changes come after the packets";
}

TEST_F(Exceptions, DoNotLeaveWhatIsNoexcept)
{
    const auto failing = [](const node_view &, node_status, node_status) { fail("event"); };
    libgossip::gossip_config config;
    config.bind_ip = "127.0.0.1";
    config.gossip_port = 0;
    libgossip::gossip_manager manager;
    manager.set_event_callback(failing);
    ASSERT_TRUE(manager.init(config));
    ASSERT_TRUE(manager.start());
    EXPECT_FALSE(manager.meet_node("127.0.0.1", 9)) << "it could not do all of it";
    EXPECT_EQ(reported, 1);
}

TEST_F(Exceptions, OnLibraryThreadsGoToTheHandler)
{
    gossip::node_config config;
    config.bind_host = "127.0.0.1";
    config.on_event = [](gossip::node_ref, node_status) { fail("event"); };
    gossip::node first(config);
    config.on_event = nullptr;
    gossip::node second(config);
    first.start();
    second.start();
    EXPECT_GE(second.join({"127.0.0.1:" + std::to_string(first.port())}), 1U);
    EXPECT_TRUE(reaches([this] { return reported > 0; }));
    EXPECT_EQ(first.members().size(), 1U);
}

TEST_F(Exceptions, OnATransportsThreadGoToTheHandler)
{
    const auto make = [](std::uint8_t number, std::uint16_t port, libgossip::event_callback event,
                         libgossip::net::transport &to) {
        node_view self = make_node(number);
        self.port = port;
        return std::make_shared<gossip_core>(
            self,
            [&to](const gossip_message &msg, const node_view &target) {
                to.send_message(msg, target);
            },
            std::move(event));
    };
    libgossip::net::udp_transport a("127.0.0.1", 0);
    libgossip::net::udp_transport b("127.0.0.1", 0);
    ASSERT_EQ(a.start(), libgossip::net::error_code::success);
    ASSERT_EQ(b.start(), libgossip::net::error_code::success);
    a.set_serializer(std::make_unique<libgossip::json_serializer>());
    b.set_serializer(std::make_unique<libgossip::json_serializer>());
    const auto core_a =
        make(1, a.port(), [](const node_view &, node_status) { fail("event"); }, a);
    const auto core_b = make(2, b.port(), nullptr, b);
    a.set_gossip_core(core_a);
    b.set_gossip_core(core_b);
    core_b->meet(core_a->self());
    EXPECT_TRUE(reaches([this] { return reported > 0; }));
    EXPECT_TRUE(reaches([&] { return core_b->find_node(core_a->self().id).has_value() &&
                                     core_b->find_node(core_a->self().id)->status ==
                                         node_status::online; }))
        << "the answer was sent all the same";
    a.stop();
    b.stop();
}

TEST_F(Exceptions, ACoreMayBeDestroyedInItsOwnCallback)
{
    auto core = std::unique_ptr<gossip_core>();
    int events = 0;
    core = std::make_unique<gossip_core>(
        make_node(1), [](const gossip_message &, const node_view &) {},
        [&](const node_view &, node_status) {
            ++events;
            core.reset();
            fail("last words");
        });
    (void)core->self();
    gossip_core &reference = *core;
    EXPECT_EQ(text_of([&] { reference.meet(make_node(2)); }), "last words");
    EXPECT_EQ(events, 1);
    EXPECT_EQ(core, nullptr);
}

TEST_F(Exceptions, OfNewClassesSayWhatIsWrong)
{
    gossip::node_config config;
    config.bind_host = "nowhere";
    try {
        const gossip::node node(config);
        FAIL() << "it took a name to bind to";
    } catch (const gossip::error &error) {
        EXPECT_EQ(error.code(), GOSSIP_ERR_INVALID_ARGUMENT);
        EXPECT_NE(std::string(error.what()).find("nowhere"), std::string::npos) << error.what();
    }
    EXPECT_THROW(gossip_core(gossip::core_config().gossip_nodes(1000), make_node(1), {}),
                 std::invalid_argument);
    EXPECT_THROW(
        gossip_core(gossip::core_config().round_interval(std::chrono::hours(2000)), make_node(1), {}),
        std::invalid_argument);
    EXPECT_THROW(gossip_core(gossip::core_config().round_interval(libgossip::duration_ms(-1)),
                             make_node(1), {}),
                 std::invalid_argument);
    EXPECT_THROW(gossip::native_serializer("nothing"), gossip::error);
}

} // namespace
