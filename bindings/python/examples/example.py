"""One core with two callbacks: whom it meets, what it sends, and what it knows.

Nobody is at the other address, so the node there stays what it is: joining.
"""

import time

import gossip


def on_send(msg: gossip.GossipMessage, target: gossip.NodeView) -> None:
    print(f"sends {msg.type} with {len(msg.entries)} entries to {target.ip}:{target.port}")


def on_event(node: gossip.NodeView, old_status: gossip.NodeStatus) -> None:
    print(f"{node.ip}:{node.port} was {old_status.name}, is {node.status.name}")


def main() -> None:
    me = gossip.NodeView()
    me.id = gossip.NodeId.generate_random()
    me.ip = "127.0.0.1"
    me.port = 7000
    me.role = "example"
    core = gossip.GossipCore(me, on_send, on_event)
    print(f"this is {core.self()}")

    other = gossip.NodeView(ip="127.0.0.1", port=7001)
    core.meet(other)
    for _ in range(5):
        core.tick()
        time.sleep(0.1)

    for node in core.get_nodes():
        print(f"knows {node}")
    print(core.get_stats())


if __name__ == "__main__":
    main()
