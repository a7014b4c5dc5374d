/*
 * custom_serializer: messages in a form of the program's own, here lines of text.
 *
 * A class derived from message_serializer is registered by name, and two managers talk in it. What a
 * form leaves out, no other node learns: this one has no region. Ends with 0 when they see each other.
 */
#include <atomic>
#include <chrono>
#include <iostream>
#include <memory>
#include <sstream>
#include <thread>

#include "core/gossip_manager.hpp"
#include "core/message_serializer.hpp"
#include "net/serializer_factory.hpp"

using namespace libgossip;

namespace {

/// One line for the message, and one for each entry. Words have no blanks in this program.
class lines_serializer : public message_serializer {
public:
    explicit lines_serializer(std::atomic<int> &written) : written_(written) {}

    std::string name() const override { return "lines"; }

    serialization_error serialize(const gossip_message &msg,
                                  std::vector<std::uint8_t> &data) const override
    {
        std::ostringstream text;
        text << node_id_to_string(msg.sender) << ' ' << static_cast<int>(msg.type) << ' '
             << msg.timestamp << '\n';
        for (const node_view &node : msg.entries) {
            text << node_id_to_string(node.id) << ' ' << node.ip << ' ' << node.port << ' '
                 << node.config_epoch << ' ' << node.heartbeat << ' '
                 << static_cast<int>(node.status) << ' ' << (node.role.empty() ? "-" : node.role)
                 << '\n';
        }
        const std::string all = text.str();
        data.assign(all.begin(), all.end());
        ++written_;
        return serialization_error::success;
    }

    serialization_error deserialize(const std::vector<std::uint8_t> &data,
                                    gossip_message &msg) const override
    {
        std::istringstream text(std::string(data.begin(), data.end()));
        std::string id;
        int type = 0;
        int status = 0;
        msg = gossip_message{};
        if (!(text >> id >> type >> msg.timestamp) || !parse_node_id(id)) {
            return serialization_error::deserialization_failed;
        }
        msg.sender = *parse_node_id(id);
        msg.type = static_cast<message_type>(type);
        node_view node;
        while (text >> id >> node.ip >> node.port >> node.config_epoch >> node.heartbeat >> status >>
               node.role) {
            if (!parse_node_id(id)) {
                return serialization_error::deserialization_failed;
            }
            node.id = *parse_node_id(id);
            node.status = static_cast<node_status>(status);
            node.role = node.role == "-" ? "" : node.role;
            msg.entries.push_back(node);
        }
        return serialization_error::success;
    }

private:
    std::atomic<int> &written_;
};

} // namespace

int main()
{
    std::atomic<int> written{0};
    serializer_factory::register_serializer(
        "lines", [&written] { return std::make_unique<lines_serializer>(written); });

    gossip_manager managers[2];
    for (gossip_manager &manager : managers) {
        libgossip::gossip_config config;
        config.bind_ip = "127.0.0.1";
        config.gossip_port = 0;
        config.serializer = "lines";
        config.role = &manager == managers ? "first" : "second";
        config.region = "left-out";
        if (!manager.init(config) || !manager.start()) {
            std::cerr << gossip::last_error() << '\n';
            return 1;
        }
    }
    managers[1].join_cluster("127.0.0.1", managers[0].port());
    int seen = 0;
    for (int round = 0; round < 200 && seen < 2; ++round) {
        seen = 0;
        for (gossip_manager &manager : managers) {
            manager.tick();
            for (const node_view &node : manager.get_nodes()) {
                seen += node.status == node_status::online && !node.role.empty() &&
                                node.region.empty()
                            ? 1
                            : 0;
            }
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    std::cout << seen << " of 2 see the other online, by " << written << " messages as lines\n";
    return seen == 2 && written > 0 ? 0 : 1;
}
