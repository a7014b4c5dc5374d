"""What a call costs: `python bench.py` after `pip install`. Each figure is the least of several runs.

With `--check FACTOR` it ends with an error if one takes more than FACTOR times its bound.
"""

from __future__ import annotations

import argparse
import sys
import time
import timeit
from typing import Callable

import libgossip
from libgossip import GossipCore, GossipMessage, NodeId, NodeStatus, NodeView

RUNS = 7
NODES = 100
"""The nodes that a message tells of, each by an event."""

NANOSECONDS = 1e9


def nothing(*_args: object) -> None:
    """What a call of an empty function of Python is measured with."""


def each(function: Callable[[], object], count: int) -> float:
    """Nanoseconds for each call, with the loop around it."""
    timer = timeit.Timer("function()", globals={"function": function})
    return min(timer.repeat(RUNS, count)) / count * NANOSECONDS


def view(port: int) -> NodeView:
    """A node that nobody is."""
    id = NodeId.generate_random()
    return NodeView(id=id, ip="10.0.0.1", port=port, status=libgossip.ONLINE, role="cache")


def known(core: GossipCore, count: int) -> list[NodeView]:
    """Makes nodes known to a core."""
    nodes = [view(port) for port in range(1, count + 1)]
    message = GossipMessage()
    message.sender, message.type, message.entries = nodes[0].id, libgossip.UPDATE, nodes
    core.handle_message(message)
    return nodes


def message_cost(handler: Callable[[NodeView, NodeStatus], object] | None) -> float:
    """Seconds that a core takes for a message that tells it of `NODES` nodes, callbacks included."""
    core = GossipCore(view(1), nothing, handler)
    nodes = [view(port) for port in range(1, NODES + 1)]
    message = GossipMessage()
    message.sender, message.type, message.entries = nodes[0].id, libgossip.UPDATE, nodes
    start = time.perf_counter()
    core.handle_message(message)
    return time.perf_counter() - start


def two_fields(node: NodeView, old_status: NodeStatus) -> None:
    """An event handler that reads two fields."""
    _ = node.ip
    _ = node.status


def empty_call() -> float:
    """Nanoseconds of a call of a Python function with two arguments."""
    timer = timeit.Timer("f(1, 2)", globals={"f": nothing_of_two})
    bare = timeit.Timer("pass")
    count = 200_000
    called, loop = min(timer.repeat(RUNS, count)), min(bare.repeat(RUNS, count))
    return (called - loop) / count * NANOSECONDS


def nothing_of_two(_a: object, _b: object) -> None:
    """An empty function."""


def events() -> float:
    """Nanoseconds of an event whose handler reads two fields, beyond an empty Python function."""
    told = untold = float("inf")
    for _ in range(RUNS * 10):
        untold = min(untold, message_cost(None))
        told = min(told, message_cost(two_fields))
    return (told - untold) / NODES * NANOSECONDS - empty_call()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", type=float, metavar="FACTOR")
    factor: float | None = parser.parse_args().check
    alone = GossipCore(view(1), nothing, nothing)
    group = GossipCore(view(1), nothing, nothing)
    some = known(group, 1000)[500].id
    node = libgossip.Node("127.0.0.1")
    rows: list[tuple[str, float, float | None]] = [
        ("an empty Python function", each(nothing, 200_000), None),
        ("GossipCore.size()", each(alone.size, 200_000), 150),
        ("GossipCore.tick(), nothing to send", each(alone.tick, 200_000), 150),
        ("GossipCore.find_node(id), 1 000 nodes", each(lambda: group.find_node(some), 100_000), 500),
        ("an event and two of its fields, beyond an empty function", events(), 300),
        ("GossipCore.get_nodes(), 1 000 nodes, each", each(group.get_nodes, 50) / 1000, None),
        ("Node.find(id)", each(lambda: node.find(node.id), 100_000), None),
    ]
    failed = False
    for name, nanoseconds, bound in rows:
        text = "" if bound is None else f"   at most {bound:.0f}"
        print(f"{nanoseconds:8.0f} ns  {name}{text}")
        failed |= factor is not None and bound is not None and nanoseconds > bound * factor
    if failed:
        print("too slow")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
