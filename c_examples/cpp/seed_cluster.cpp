/*
 * seed_cluster: newcomers that know nothing but the address of a seed, and a seed that is not there
 * yet when the first of them joins.
 *
 * Each node is a core with a UDP transport, wired as programs for libgossip 1.4.2 did it. Ends with 0
 * when all have found each other.
 */
#include <chrono>
#include <iostream>
#include <memory>
#include <thread>
#include <vector>

#include "core/gossip_core.hpp"
#include "core/node_id_utils.hpp"
#include "net/transport_factory.hpp"
#include "net/udp_transport.hpp"

using namespace libgossip;

namespace {

/// A core with its transport.
struct member {
    std::shared_ptr<net::transport> carrier;
    std::shared_ptr<gossip_core> core;

    explicit member(int port)
        : carrier(net::transport_factory::create_transport(
              net::transport_type::udp, "127.0.0.1", static_cast<std::uint16_t>(port)))
    {
        node_view self;
        self.id = generate_node_id();
        self.ip = "127.0.0.1";
        self.port = port;
        // The transport has the core, so the core has the transport weakly.
        const std::weak_ptr<net::transport> to = carrier;
        core = std::make_shared<gossip_core>(
            self,
            [to](const gossip_message &msg, const node_view &target) {
                if (const auto out = to.lock()) {
                    out->send_message(msg, target);
                }
            },
            nullptr);
        carrier->set_gossip_core(core);
    }

    std::size_t online() const
    {
        std::size_t count = 0;
        for (const node_view &node : core->get_nodes()) {
            count += node.status == node_status::online ? 1 : 0;
        }
        return count;
    }
};

/// A port that was free a moment ago.
int free_port()
{
    net::udp_transport any("127.0.0.1", 0);
    return any.start() == net::error_code::success ? any.port() : 0;
}

} // namespace

int main()
{
    constexpr std::size_t NODES = 4;
    node_view seed;
    seed.ip = "127.0.0.1";
    seed.port = free_port();

    std::vector<std::unique_ptr<member>> members;
    for (std::size_t i = 1; i < NODES; ++i) {
        members.push_back(std::make_unique<member>(free_port()));
        if (members.back()->carrier->start() != net::error_code::success) {
            std::cerr << gossip::last_error() << '\n';
            return 1;
        }
        // It is asked again in each round until it answers. Its id is made up until then.
        seed.id = generate_node_id();
        members.back()->core->join(seed);
    }

    const auto start = std::chrono::steady_clock::now();
    std::size_t complete = 0;
    for (int round = 0; round < 200 && complete < NODES; ++round) {
        if (round == 10) {
            members.push_back(std::make_unique<member>(seed.port));
            if (members.back()->carrier->start() != net::error_code::success) {
                std::cerr << gossip::last_error() << '\n';
                return 1;
            }
            std::cout << "the seed is there\n";
        }
        complete = 0;
        for (const auto &one : members) {
            one->core->tick();
            complete += one->online() == NODES - 1 ? 1 : 0;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
    std::cout << complete << " of " << NODES << " nodes see all others after " << time.count()
              << " s\n";
    for (const auto &one : members) {
        one->carrier->stop();
    }
    return complete == NODES ? 0 : 1;
}
