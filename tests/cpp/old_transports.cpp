/*
 * Transports as a program for libgossip 1.4.2 uses them, with serializers of its own too.
 */
#include "net/json_serializer.hpp"
#include "net/serializer_factory.hpp"
#include "net/tcp_transport.hpp"
#include "net/transport_factory.hpp"
#include "net/udp_transport.hpp"

#include "ports.hpp"
#include "waiting.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>
#include <mutex>

using namespace gossip::net;

namespace {

using libgossip::gossip_core;
using libgossip::gossip_message;
using libgossip::message_type;
using libgossip::node_status;
using libgossip::node_view;

/// A core with a transport, wired as programs did it.
struct member {
    std::shared_ptr<transport> carrier;
    std::shared_ptr<gossip_core> core;
    std::uint16_t port = 0;

    explicit member(transport_type type, std::uint8_t number,
                    std::unique_ptr<libgossip::message_serializer> serializer = nullptr)
    {
        port = free_port(type);
        carrier = transport_factory::create_transport(type, "127.0.0.1", port);
        if (serializer) {
            carrier->set_serializer(std::move(serializer));
        }
        node_view self;
        self.id[15] = number;
        self.ip = "127.0.0.1";
        self.port = port;
        self.heartbeat = 1;
        self.metadata["number"] = std::to_string(number);
        const std::weak_ptr<transport> to = carrier;
        core = std::make_shared<gossip_core>(
            self,
            [to](const gossip_message &msg, const node_view &target) {
                if (const auto out = to.lock()) {
                    out->send_message(msg, target);
                }
            },
            [](const node_view &, node_status) {});
        carrier->set_gossip_core(core);
        EXPECT_EQ(carrier->start(), error_code::success);
    }
    ~member() { carrier->stop(); }
    member(const member &) = delete;
    member &operator=(const member &) = delete;
};

bool sees_online(const member &who, const member &whom)
{
    const auto view = who.core->find_node(whom.core->self().id);
    return view && view->status == node_status::online &&
           view->metadata.count("number") == 1;
}

bool meet(member &a, member &b)
{
    a.core->join(b.core->self());
    return reaches(
        [&] { return sees_online(a, b) && sees_online(b, a); },
        [&] {
            a.core->tick();
            b.core->tick();
        });
}

class OldTransports : public ::testing::TestWithParam<transport_type> {};

TEST_P(OldTransports, StartAndStop)
{
    const auto made = transport_factory::create_transport(GetParam(), "127.0.0.1", 0);
    ASSERT_NE(made, nullptr);
    EXPECT_EQ(made->start(), error_code::success);
    EXPECT_EQ(made->start(), error_code::network_error);
    EXPECT_EQ(made->stop(), error_code::success);
    EXPECT_EQ(made->stop(), error_code::success);
    EXPECT_EQ(made->start(), error_code::success);
}

TEST_P(OldTransports, BringNodesTogether)
{
    member a(GetParam(), 1);
    member b(GetParam(), 2);
    EXPECT_TRUE(meet(a, b));
}

TEST_P(OldTransports, BringNodesTogetherAsJson)
{
    member a(GetParam(), 1, std::make_unique<json_serializer>());
    member b(GetParam(), 2, std::make_unique<json_serializer>());
    EXPECT_TRUE(meet(a, b));
}

TEST_P(OldTransports, SendAsynchronously)
{
    member a(GetParam(), 1);
    member b(GetParam(), 2);
    gossip_message msg;
    msg.sender = a.core->self().id;
    msg.type = message_type::meet;
    msg.timestamp = 1;
    msg.entries.push_back(a.core->self());
    // The callback may take a lock that the caller holds.
    std::mutex held;
    std::promise<error_code> promise;
    {
        const std::lock_guard<std::mutex> lock(held);
        a.carrier->send_message_async(msg, b.core->self(), [&](error_code code) {
            const std::lock_guard<std::mutex> inner(held);
            promise.set_value(code);
        });
    }
    EXPECT_EQ(promise.get_future().get(), error_code::success);
    EXPECT_TRUE(reaches([&] { return b.core->find_node(msg.sender).has_value(); }));
    a.carrier->send_message_async(msg, b.core->self(), nullptr);
}

TEST(OldAsync, ATransportMayBeMovedOrDestroyedMeanwhile)
{
    static_assert(std::is_move_constructible<udp_transport>::value, "it has no address of its own");
    gossip_message msg;
    msg.sender[0] = 1;
    node_view target;
    target.ip = "127.0.0.1";
    target.port = 9;
    std::atomic<int> called{0};
    {
        udp_transport first("127.0.0.1", 0);
        first.set_serializer(std::make_unique<json_serializer>());
        for (int i = 0; i < 100; ++i) {
            first.send_message_async(msg, target, [&called](error_code) { ++called; });
        }
        udp_transport second = std::move(first);
        second.send_message_async(msg, target, [&called](error_code) { ++called; });
    }
    EXPECT_EQ(called, 101) << "the destructor waits for them";
    auto doomed = std::make_unique<tcp_transport>("127.0.0.1", 0);
    tcp_transport &transport = *doomed;
    transport.send_message_async(msg, target, [&](error_code) {
        doomed.reset();
        ++called;
    });
    EXPECT_TRUE(reaches([&called] { return called == 102; }));
}

TEST_P(OldTransports, WantASerializer)
{
    std::unique_ptr<transport> made;
    if (GetParam() == transport_type::udp) {
        made = std::make_unique<udp_transport>("127.0.0.1", 0);
    } else {
        made = std::make_unique<tcp_transport>("127.0.0.1", 0);
    }
    gossip_message msg;
    msg.sender[0] = 1;
    node_view target;
    target.ip = "127.0.0.1";
    target.port = 9;
    EXPECT_EQ(made->send_message(msg, target), error_code::serialization_error);
    ASSERT_EQ(made->start(), error_code::success);
    EXPECT_EQ(made->send_message(msg, target), error_code::serialization_error);
    made->set_serializer(nullptr);
    EXPECT_EQ(made->send_message(msg, target), error_code::serialization_error);
    made->set_serializer(std::make_unique<json_serializer>());
    if (GetParam() == transport_type::udp) {
        EXPECT_EQ(made->send_message(msg, target), error_code::success);
    } else {
        EXPECT_EQ(made->send_message(msg, target), error_code::network_error);
    }
    target.port = 0;
    EXPECT_EQ(made->send_message(msg, target), error_code::invalid_argument);
    target.port = 9;
    target.ip = "no address";
    EXPECT_EQ(made->send_message(msg, target), error_code::invalid_argument);
    EXPECT_NE(gossip::last_error().find("no address"), std::string::npos) << gossip::last_error();
    target.ip = std::string(100, '1');
    EXPECT_EQ(made->send_message(msg, target), error_code::invalid_argument);
}

TEST_P(OldTransports, KeepTheirCoreUntilTheyStop)
{
    const auto made = transport_factory::create_transport(GetParam(), "127.0.0.1", 0);
    node_view self;
    self.id[0] = 1;
    auto core = std::make_shared<gossip_core>(
        self, [](const gossip_message &, const node_view &) {}, nullptr);
    const std::weak_ptr<gossip_core> watched = core;
    made->set_gossip_core(core);
    ASSERT_EQ(made->start(), error_code::success);
    core.reset();
    EXPECT_FALSE(watched.expired());
    made->stop();
    EXPECT_TRUE(watched.expired());
    EXPECT_EQ(made->start(), error_code::success);
    made->set_gossip_core(nullptr);
}

INSTANTIATE_TEST_SUITE_P(UdpAndTcp, OldTransports,
                         ::testing::Values(transport_type::udp, transport_type::tcp));

TEST(OldTransportFactory, KnowsTypesAndNames)
{
    EXPECT_EQ(transport_factory::create_transport(static_cast<transport_type>(999), "127.0.0.1", 1),
              nullptr);
    EXPECT_EQ(transport_factory::create_transport(transport_type::udp, "127.0.0.1", 1, "nothing"),
              nullptr);
    for (const char *name : {"json", "binary", "bincode", "auto"}) {
        EXPECT_NE(transport_factory::create_transport(transport_type::tcp, "127.0.0.1", 1, name),
                  nullptr);
    }
    EXPECT_NE(transport_factory::create_transport(transport_type::udp, "localhost", 1), nullptr);
    EXPECT_THROW(transport_factory::create_transport(transport_type::udp, "no address", 1),
                 std::exception);
    EXPECT_THROW(udp_transport("", 1), std::exception);
}

/// A form of the program's own: a line a node. It counts what it does.
class lines : public libgossip::message_serializer {
public:
    explicit lines(std::atomic<int> &calls, bool works = true) : calls_(calls), works_(works) {}
    ~lines() override { calls_ += 1000000; }

    std::string name() const override { return "lines"; }

    libgossip::serialization_error serialize(const gossip_message &msg,
                                             std::vector<std::uint8_t> &data) const override
    {
        ++calls_;
        if (!works_) {
            throw std::runtime_error("no such form");
        }
        std::string text(msg.sender.begin(), msg.sender.end());
        text += static_cast<char>('0' + static_cast<int>(msg.type));
        text += std::to_string(msg.timestamp) + '\n';
        for (const node_view &entry : msg.entries) {
            text.append(entry.id.begin(), entry.id.end());
            text += entry.ip + ' ' + std::to_string(entry.port) + ' ' +
                    std::to_string(entry.heartbeat) + ' ' +
                    std::to_string(static_cast<int>(entry.status)) + ' ';
            for (const auto &pair : entry.metadata) {
                text += pair.first + ' ' + pair.second + ' ';
            }
            text += '\n';
        }
        data.assign(text.begin(), text.end());
        return libgossip::serialization_error::success;
    }

    libgossip::serialization_error deserialize(const std::vector<std::uint8_t> &data,
                                               gossip_message &msg) const override
    {
        ++calls_;
        std::size_t at = 0;
        const auto id = [&](libgossip::node_id_t &to) {
            for (std::size_t i = 0; i < 16 && at < data.size(); ++i) {
                to[i] = data[at++];
            }
        };
        const auto word = [&] {
            std::string text;
            while (at < data.size() && data[at] != ' ' && data[at] != '\n') {
                text += static_cast<char>(data[at++]);
            }
            ++at;
            return text;
        };
        id(msg.sender);
        msg.type = static_cast<message_type>(data.at(at++) - '0');
        msg.timestamp = std::stoull(word());
        while (at < data.size()) {
            node_view entry;
            id(entry.id);
            entry.ip = word();
            entry.port = std::stoi(word());
            entry.heartbeat = std::stoull(word());
            entry.status = static_cast<node_status>(std::stoi(word()));
            for (std::string key = word(); !key.empty(); key = word()) {
                entry.metadata[key] = word();
            }
            msg.entries.push_back(entry);
        }
        return libgossip::serialization_error::success;
    }

private:
    std::atomic<int> &calls_;
    bool works_;
};

TEST(OldCustomSerializer, CarriesACluster)
{
    for (const transport_type type : {transport_type::udp, transport_type::tcp}) {
        std::atomic<int> calls{0};
        {
            member a(type, 1, std::make_unique<lines>(calls));
            member b(type, 2, std::make_unique<lines>(calls));
            EXPECT_TRUE(meet(a, b));
            EXPECT_EQ(a.core->find_node(b.core->self().id)->metadata.at("number"), "2");
            EXPECT_GT(calls, 4);
        }
        EXPECT_GE(calls, 2000000) << "they were not destroyed";
    }
}

TEST(OldCustomSerializer, MetadataIsSetInsideOfItsCallsOnly)
{
    EXPECT_EQ(gossip_serializer_set_metadata(0, "key", 3, "value", 5),
              GOSSIP_ERR_OPERATION_NOT_PERMITTED);
    EXPECT_NE(gossip::last_error().find("decode"), std::string::npos);
}

TEST(OldCustomSerializer, MayFail)
{
    std::atomic<int> calls{0};
    std::atomic<int> reported{0};
    gossip::set_error_handler([&reported](std::exception_ptr) { ++reported; });
    {
        member a(transport_type::udp, 1, std::make_unique<lines>(calls, false));
        gossip_message msg;
        msg.sender[0] = 1;
        EXPECT_EQ(a.carrier->send_message(msg, a.core->self()), error_code::serialization_error);
        EXPECT_EQ(reported, 1);
    }
    gossip::set_error_handler(nullptr);
}

/// A transport of the program's own: everything goes to a list.
class recorder : public transport {
public:
    error_code start() override { return error_code::success; }
    error_code stop() override { return error_code::success; }
    error_code send_message(const gossip_message &msg, const node_view &) override
    {
        messages.push_back(msg);
        return error_code::success;
    }
    void send_message_async(const gossip_message &msg, const node_view &target,
                            std::function<void(error_code)> callback) override
    {
        callback(send_message(msg, target));
    }
    void set_gossip_core(std::shared_ptr<gossip_core> core) override { core_ = std::move(core); }
    void set_serializer(std::unique_ptr<message_serializer> serializer) override
    {
        serializer_ = std::move(serializer);
    }

    std::vector<gossip_message> messages;

private:
    std::shared_ptr<gossip_core> core_;
    std::unique_ptr<message_serializer> serializer_;
};

TEST(OldTransport, CanBeDerived)
{
    recorder own;
    transport &base = own;
    base.set_serializer(std::make_unique<json_serializer>());
    bool called = false;
    base.send_message_async({}, {}, [&called](error_code code) {
        called = code == error_code::success;
    });
    EXPECT_TRUE(called);
    EXPECT_EQ(own.messages.size(), 1U);
}

} // namespace
