/*
 * transports: how messages travel, and what a transport says when they do not.
 *
 * Over UDP and over TCP: a message sent at once, one sent in the background, one to a port where nobody
 * listens, and a start on a port that is taken. Ends with 0 if all went as it should.
 */
#include <chrono>
#include <future>
#include <iostream>
#include <memory>
#include <thread>

#include "core/gossip_core.hpp"
#include "net/json_serializer.hpp"
#include "net/tcp_transport.hpp"
#include "net/udp_transport.hpp"

using namespace libgossip;
using net::error_code;

namespace {

int failures = 0;

void expect(const char *what, bool holds)
{
    std::cout << (holds ? "ok   " : "FAIL ") << what << '\n';
    failures += holds ? 0 : 1;
}

template <typename Transport>
void show(const char *name, error_code to_nobody)
{
    std::cout << name << '\n';
    Transport sender("127.0.0.1", 0);
    Transport receiver("127.0.0.1", 0);
    for (Transport *each : {&sender, &receiver}) {
        // What this constructor makes has no form for messages yet.
        each->set_serializer(std::make_unique<json_serializer>());
        expect("starts", each->start() == error_code::success);
    }
    Transport second("127.0.0.1", receiver.port());
    expect("a port has one owner", second.start() == error_code::network_error);
    std::cout << "     (" << gossip::last_error() << ")\n";

    node_view here;
    here.id[0] = 1;
    here.ip = "127.0.0.1";
    here.port = receiver.port();
    const auto core = std::make_shared<gossip_core>(
        here, [](const gossip_message &, const node_view &) {}, nullptr);
    receiver.set_gossip_core(core);

    node_view there;
    there.ip = "127.0.0.1";
    there.port = sender.port();
    const auto meet_from = [&there](std::uint8_t number) {
        gossip_message msg;
        there.id[0] = number;
        msg.sender = there.id;
        msg.type = message_type::meet;
        msg.entries.push_back(there);
        return msg;
    };
    expect("sends", sender.send_message(meet_from(2), here) == error_code::success);
    std::promise<error_code> sent;
    sender.send_message_async(meet_from(3), here, [&sent](error_code code) { sent.set_value(code); });
    expect("sends in the background", sent.get_future().get() == error_code::success);
    for (int i = 0; i < 200 && core->size() < 2; ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    expect("both arrive", core->size() == 2);
    Transport gone("127.0.0.1", 0);
    gone.start();
    here.port = gone.port();
    gone.stop();
    expect("nobody listens", sender.send_message(meet_from(4), here) == to_nobody);
    here.ip = "no address";
    expect("no address", sender.send_message(meet_from(5), here) == error_code::invalid_argument);
    std::cout << "     (" << gossip::last_error() << ")\n";
}

} // namespace

int main()
{
    // A datagram is gone when it is sent; a connection tells.
    show<net::udp_transport>("UDP", error_code::success);
    show<net::tcp_transport>("TCP", error_code::network_error);
    return failures;
}
