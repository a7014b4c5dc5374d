/*
 * simple_cluster: five members of a cluster inside one program, without any network.
 *
 * A core calls a function to send a message; here that function hands it to the core it is for.
 * Written for libgossip 1.4.2: it uses no name that was not there then. Ends with 0 when every node
 * sees all others online.
 */
#include <cstdint>
#include <iostream>
#include <memory>
#include <vector>

#include "core/gossip_core.hpp"

using namespace libgossip;

int main()
{
    std::vector<std::shared_ptr<gossip_core>> cluster;
    const send_callback deliver = [&cluster](const gossip_message &msg, const node_view &target) {
        for (const auto &core : cluster) {
            if (core->self().port == target.port) {
                core->handle_message(msg, libgossip::clock::now());
            }
        }
    };
    for (std::uint8_t number = 1; number <= 5; ++number) {
        node_view self;
        self.id = {{number}};
        self.ip = "127.0.0.1";
        self.port = 8000 + number;
        cluster.push_back(std::make_shared<gossip_core>(
            self, deliver, [number](const node_view &node, node_status old_status) {
                std::cout << "node " << int(number) << ": node " << int(node.id[0]) << " was "
                          << to_string(old_status) << ", is " << to_string(node.status) << '\n';
            }));
    }

    // Knowing one member is enough to know them all.
    for (std::size_t i = 1; i < cluster.size(); ++i) {
        cluster[i]->join(cluster[0]->self());
    }
    for (int round = 0; round < 10; ++round) {
        for (const auto &core : cluster) {
            core->tick();
        }
    }

    int failures = 0;
    for (const auto &core : cluster) {
        std::size_t online = 0;
        for (const node_view &node : core->get_nodes()) {
            online += node.status == node_status::online ? 1 : 0;
        }
        std::cout << "node " << int(core->self().id[0]) << " sees " << online << " others online\n";
        failures += online == cluster.size() - 1 ? 0 : 1;
    }
    return failures;
}
