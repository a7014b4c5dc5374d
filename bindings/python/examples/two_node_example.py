"""Two cores in one program that hand their messages to each other, as a transport of one's own does."""

from __future__ import annotations

import time

import gossip


class Member:
    """A core, and where its messages go."""

    def __init__(self, name: str, port: int, network: dict[int, Member]) -> None:
        self.name = name
        self.network = network
        view = gossip.NodeView(ip="127.0.0.1", port=port, role=name)
        self.core = gossip.GossipCore(view, self.send, self.event)
        network[port] = self

    def send(self, msg: gossip.GossipMessage, target: gossip.NodeView) -> None:
        receiver = self.network.get(target.port)
        if receiver is not None:
            receiver.core.handle_message(msg)

    def event(self, node: gossip.NodeView, old_status: gossip.NodeStatus) -> None:
        who = node.role or f"{node.ip}:{node.port}"
        print(f"{self.name}: {who} was {old_status.name}, is {node.status.name}")


def main() -> None:
    network: dict[int, Member] = {}
    first, second = Member("first", 7000, network), Member("second", 7001, network)
    first.core.update_self_metadata({"colour": "green"})
    second.core.join(gossip.NodeView(ip="127.0.0.1", port=7000))
    for _ in range(5):
        first.core.tick()
        second.core.tick()
        time.sleep(0.05)
    for node in second.core.get_nodes():
        print(f"second knows {node.role} with {node.metadata}")
    first.core.leave(first.core.self().id)
    for node in second.core.get_nodes():
        print(f"second knows {node.role} as {node.status.name}")


if __name__ == "__main__":
    main()
