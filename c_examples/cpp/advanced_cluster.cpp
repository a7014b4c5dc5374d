/*
 * advanced_cluster: metadata that everybody knows, and a node that leaves.
 *
 * Four cores in one program, with what the newer callbacks offer: they are handed views that copy
 * nothing, and all changes of a call at once. Ends with 0 when all know what they should.
 */
#include <cstdint>
#include <iostream>
#include <memory>
#include <vector>

#include "core/gossip_core.hpp"

using libgossip::gossip_core;
using libgossip::node_id_t;
using libgossip::node_view;

int main()
{
    std::vector<std::unique_ptr<gossip_core>> cluster;
    std::vector<int> left(4);
    for (std::uint8_t number = 0; number < 4; ++number) {
        node_view self;
        self.id[0] = static_cast<std::uint8_t>(100 + number);
        self.ip = "127.0.0.1";
        self.port = 8000 + number;
        self.role = number == 0 ? "primary" : "replica";
        self.region = "eu-west-1";
        self.metadata = {{"rack", "rack" + std::to_string(number / 2)}};
        gossip::core_callbacks callbacks;
        callbacks.send = [&cluster](gossip::message_ref msg, gossip::node_ref target) {
            const auto to = static_cast<std::size_t>(target.port() - 8000);
            cluster.at(to)->handle_message(msg.to_message(), libgossip::clock::now());
        };
        callbacks.changes = [number, &left](gossip::change_list changes) {
            for (const gossip::change_ref change : changes) {
                const gossip::node_ref node = change.node();
                std::cout << "node " << 100 + number << ": " << int(node.id()[0]) << " is "
                          << (change.left() ? "gone by its own will"
                                            : libgossip::to_string(change.new_status()))
                          << ", load " << node.metadata("load").value_or("unknown") << '\n';
                left[number] += change.left() ? 1 : 0;
            }
        };
        cluster.push_back(std::make_unique<gossip_core>(gossip::core_config(), self, callbacks));
    }
    const auto rounds = [&cluster](int count) {
        for (int round = 0; round < count; ++round) {
            for (const auto &core : cluster) {
                core->tick();
            }
        }
    };
    for (std::size_t i = 1; i < cluster.size(); ++i) {
        cluster[i]->join(cluster[0]->self());
    }
    rounds(10);

    // What a node tells of itself reaches all, and what it takes back, too.
    const node_id_t primary = cluster[0]->self().id;
    cluster[0]->set_metadata("load", "0.7");
    rounds(8);
    int failures = 0;
    for (const auto &core : cluster) {
        const auto all = core->metadata(primary);
        failures += all.at("load") == "0.7" && all.at("rack") == "rack0" ? 0 : 1;
    }
    cluster[0]->remove_metadata("load");
    rounds(8);
    for (const auto &core : cluster) {
        failures += core->metadata(primary, "load").has_value() ? 1 : 0;
    }

    // A leave is no failure: gossip::member and change_ref tell them apart, node_view does not.
    const node_id_t leaving = cluster[3]->self().id;
    cluster[3]->leave(leaving);
    rounds(10);
    for (std::size_t i = 0; i < 3; ++i) {
        failures += cluster[i]->find_member(leaving)->left() && left[i] == 1 ? 0 : 1;
    }
    std::cout << failures << " failures\n";
    return failures;
}
