/*
 * node: a member of a cluster that runs itself.
 *
 *   terminal 1:  ./node 127.0.0.1:7001
 *   terminal 2:  ./node 127.0.0.1:7002 127.0.0.1:7001
 *
 * It prints each change until Enter is pressed, and leaves. Without arguments it starts three nodes in
 * this process and ends with 0 when they saw each other come and go.
 */
#include <atomic>
#include <chrono>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

#include "net/gossip_node.hpp"

namespace {

void print(gossip::node_ref node, gossip::node_status old_status)
{
    std::cout << node.ip() << ':' << node.port() << " was " << libgossip::to_string(old_status)
              << ", is " << libgossip::to_string(node.status()) << std::endl;
}

int serve(const std::string &address, const std::vector<std::string> &others)
{
    const std::size_t colon = address.rfind(':');
    gossip::node_config config;
    config.bind_host = address.substr(0, colon);
    config.port = static_cast<std::uint16_t>(std::stoi(address.substr(colon + 1)));
    config.on_event = &print;
    gossip::node node(config);
    node.start();
    if (!others.empty() && node.join(others) == 0) {
        std::cout << gossip::last_error() << "; it goes on asking" << std::endl;
    }
    std::cin.get();
    node.leave();
    return 0;
}

int demonstrate()
{
    std::atomic<int> left{0};
    std::vector<gossip::node> nodes;
    for (int number = 0; number < 3; ++number) {
        gossip::node_config config;
        config.bind_host = "127.0.0.1";
        config.cluster = "example";
        config.metadata["number"] = std::to_string(number);
        config.on_event = &print;
        config.on_changes = [&left](gossip::change_list changes) {
            for (const gossip::change_ref change : changes) {
                left += change.left() ? 1 : 0;
            }
        };
        nodes.emplace_back(config);
        nodes.back().start();
    }
    const std::string seed = "localhost:" + std::to_string(nodes[0].port());
    for (std::size_t i = 1; i < nodes.size(); ++i) {
        nodes[i].join({seed, "127.0.0.1:1"});
    }
    const auto until = [](auto done) {
        for (int i = 0; i < 500 && !done(); ++i) {
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        }
        return done();
    };
    const bool formed = until([&nodes] {
        std::size_t seen = 0;
        for (const gossip::node &node : nodes) {
            for (const gossip::member &other : node.members()) {
                seen += other.status() == gossip::node_status::online &&
                                node.metadata(other.id(), "number").has_value()
                            ? 1
                            : 0;
            }
        }
        return seen == nodes.size() * (nodes.size() - 1);
    });
    nodes[2].leave();
    const bool noticed = until([&left] { return left == 2; });
    std::cout << "formed: " << formed << ", leave noticed: " << noticed << '\n';
    return formed && noticed ? 0 : 1;
}

} // namespace

int main(int argc, char **argv)
{
    try {
        const std::vector<std::string> words(argv + 1, argv + argc);
        return words.empty() ? demonstrate()
                             : serve(words[0], {words.begin() + 1, words.end()});
    } catch (const std::exception &error) {
        std::cerr << error.what() << '\n';
        return 1;
    }
}
