/*
 * manager: gossip_manager has a core and its transport in one, for programs that have a loop and call
 * tick() in it. Written for libgossip 1.4.2, but for port 0.
 *
 * Three of them find each other over TCP; one leaves. Ends with 0 if the others notice.
 */
#include <atomic>
#include <chrono>
#include <iostream>
#include <thread>

#include "core/gossip_manager.hpp"

using namespace libgossip;

int main()
{
    gossip_manager managers[3];
    std::atomic<int> failed{0};
    for (gossip_manager &manager : managers) {
        libgossip::gossip_config config;
        config.bind_ip = "127.0.0.1";
        config.gossip_port = 0; // Any that is free.
        config.use_tcp = true;
        config.role = &manager == managers ? "primary" : "replica";
        manager.set_event_callback(
            [&failed](const node_view &node, node_status old_status, node_status new_status) {
                std::cout << node.role << " at port " << node.port << ": " << to_string(old_status)
                          << " -> " << to_string(new_status) << '\n';
                failed += new_status == node_status::failed ? 1 : 0;
            });
        if (!manager.init(config) || !manager.start()) {
            std::cerr << gossip::last_error() << '\n';
            return 1;
        }
        if (&manager != managers) {
            manager.join_cluster("127.0.0.1", managers[0].port());
        }
    }
    managers[0].update_metadata({{"shards", "1,2,3"}});

    const auto until = [&managers](auto done) {
        for (int round = 0; round < 200 && !done(); ++round) {
            for (gossip_manager &manager : managers) {
                manager.tick();
            }
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
        }
        return done();
    };
    const bool formed = until([&managers] {
        int complete = 0;
        for (const gossip_manager &manager : managers) {
            std::size_t online = 0;
            for (const node_view &node : manager.get_nodes()) {
                online += node.status == node_status::online ? 1 : 0;
            }
            const auto primary = manager.find_node(managers[0].get_self().id);
            complete += online == 2 && primary && primary->metadata.count("shards") ? 1 : 0;
        }
        return complete == 3;
    });
    managers[2].leave_cluster();
    managers[2].stop();
    const bool noticed = until([&failed] { return failed == 2; });
    const gossip_manager::stats stats = managers[0].get_stats();
    std::cout << "formed: " << formed << ", leave noticed: " << noticed << ", sent "
              << stats.sent_messages << ", received " << stats.received_messages << '\n';
    return formed && noticed ? 0 : 1;
}
