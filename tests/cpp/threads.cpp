/*
 * Ten threads call one core whose callbacks call it, too. Nothing hangs, and no event is lost: each
 * thread speaks for nodes of its own, and numbers what they tell of themselves.
 *
 *     threads [--seconds N]
 */
#include "core/gossip_core.hpp"

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>
#include <thread>
#include <vector>

using namespace libgossip;

namespace {

constexpr int THREADS = 10;
constexpr int NODES = 8;

node_view make_node(int thread, int number)
{
    node_view node;
    node.id[0] = static_cast<std::uint8_t>(thread + 1);
    node.id[1] = static_cast<std::uint8_t>(number);
    node.ip = "10.0." + std::to_string(thread) + '.' + std::to_string(number + 1);
    node.port = 7946;
    node.status = node_status::online;
    return node;
}

/// What callbacks see. They run one at a time, so it needs no lock.
struct seen {
    std::map<node_id_t, unsigned long> numbers; // The last of each node.
    std::map<node_id_t, unsigned long> told;    // How many events of each node.
    unsigned long events = 0;
    unsigned long sends = 0;
    unsigned long backwards = 0;
};

} // namespace

int main(int argc, char **argv)
{
    const int seconds = argc == 3 && std::strcmp(argv[1], "--seconds") == 0 ? std::atoi(argv[2]) : 3;
    seen all;
    std::atomic<int> inside{0};
    std::atomic<unsigned long> overlaps{0};
    std::unique_ptr<gossip_core> core;
    node_view self = make_node(100, 0);
    const auto enter = [&] { overlaps += inside.fetch_add(1) != 0; };
    // Nobody is to be suspected for pings that were dropped because the callbacks were busy: what he
    // says then is older than the suspicion.
    gossip::core_config config;
    config.c().probe_timeout_min_ms = config.c().probe_timeout_max_ms = 60000;
    core = std::make_unique<gossip_core>(
        config, self,
        [&](const gossip_message &msg, const node_view &target) {
            enter();
            ++all.sends;
            const auto known = core->find_node(target.id);
            if (msg.type == message_type::ping && known) {
                gossip_message pong;
                pong.sender = known->id;
                pong.type = message_type::pong;
                pong.timestamp = known->heartbeat;
                core->handle_message(pong, libgossip::clock::now());
            }
            if (all.sends % 64 == 0) {
                core->tick();
            }
            --inside;
        },
        [&](const node_view &node, node_status) {
            enter();
            ++all.events;
            unsigned long &last = all.numbers[node.id];
            const unsigned long number = std::strtoul(node.role.c_str(), nullptr, 10);
            all.backwards += number < last || node.status == node_status::failed ? 1U : 0U;
            last = number;
            ++all.told[node.id];
            (void)core->size();
            (void)core->self().heartbeat;
            if (all.events % 16 == 0) {
                (void)core->get_nodes();
            }
            if (all.events % 128 == 0) {
                core->update_self_metadata({{"events", std::to_string(all.events)}});
                core->tick();
            }
            --inside;
        });

    std::atomic<bool> running{true};
    std::atomic<unsigned long> calls{0};
    std::atomic<unsigned long> refused{0};
    std::map<node_id_t, unsigned long> told;
    std::vector<std::map<node_id_t, unsigned long>> told_by(THREADS);
    std::vector<std::thread> threads;
    for (int thread = 0; thread < THREADS; ++thread) {
        threads.emplace_back([&, thread] {
            std::vector<node_view> nodes;
            std::vector<unsigned long> numbers(NODES);
            for (int number = 0; number < NODES; ++number) {
                nodes.push_back(make_node(thread, number));
            }
            for (unsigned long turn = 0; running; ++turn) {
                const std::size_t at = turn % NODES;
                node_view &node = nodes[at];
                ++node.heartbeat;
                node.role = std::to_string(numbers[at] + 1);
                gossip_message msg;
                msg.sender = node.id;
                msg.type = turn % 3 == 0 ? message_type::meet : message_type::ping;
                msg.timestamp = node.heartbeat;
                msg.entries.push_back(node);
                core->handle_message(msg, libgossip::clock::now());
                ++calls;
                if (gossip::last_error().empty()) {
                    ++numbers[at];
                } else {
                    ++refused; // Too much waits for the thread that runs the callbacks.
                    std::this_thread::yield();
                }
                switch (turn % 50) {
                case 0:
                    core->tick();
                    break;
                case 10:
                    (void)core->get_nodes();
                    break;
                case 20:
                    (void)core->get_stats();
                    break;
                case 30:
                    (void)core->find_node(node.id);
                    break;
                case 40:
                    (void)core->self().metadata.size();
                    break;
                default:
                    break;
                }
            }
            for (std::size_t at = 0; at < NODES; ++at) {
                told_by[static_cast<std::size_t>(thread)][nodes[at].id] = numbers[at];
            }
        });
    }
    std::this_thread::sleep_for(std::chrono::seconds(seconds));
    running = false;
    for (std::thread &thread : threads) {
        thread.join();
    }
    for (const auto &part : told_by) {
        told.insert(part.begin(), part.end());
    }
    unsigned long lost = 0;
    unsigned long known = 0;
    for (const auto &node : told) {
        // Each change has its event. It shows the node as it is when it is told, so a late one may
        // show a later number, but the last number is told in any case.
        const bool whole = all.numbers[node.first] == node.second &&
                           all.told[node.first] >= node.second;
        lost += whole ? 0U : 1U;
        known += node.second > 0 ? 1U : 0U;
    }
    const unsigned long nodes = core->size();
    core.reset();
    std::printf("calls=%lu refused=%lu events=%lu sends=%lu nodes=%lu | backwards=%lu lost=%lu overlaps=%lu\n",
                calls.load(), refused.load(), all.events, all.sends, nodes, all.backwards, lost,
                overlaps.load());
    const bool good = all.backwards == 0 && lost == 0 && overlaps == 0 && all.events > 1000 &&
                      nodes == known;
    return good ? 0 : 1;
}
