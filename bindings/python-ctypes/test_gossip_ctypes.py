"""The module over ctypes, against the installed library."""

from __future__ import annotations

import ctypes
import os
import sys
import time
from typing import Iterator

import pytest

sys.path.insert(0, os.path.dirname(__file__))

import gossip_ctypes as gossip  # noqa: E402

if "GOSSIP_LIBRARY" not in os.environ:
    pytest.skip("GOSSIP_LIBRARY does not say where the library is", allow_module_level=True)


@pytest.fixture(scope="module")
def library() -> ctypes.CDLL:
    return gossip.load()


class Member:
    """A core with a transport."""

    def __init__(self, library: ctypes.CDLL, tcp: bool) -> None:
        self.events: list[tuple[gossip.Status, gossip.Status]] = []
        self.transport = gossip.Transport(library, "127.0.0.1", 0, tcp)
        self.transport.start()
        view = gossip.NodeView(
            id=gossip.NodeId.random(), ip=b"127.0.0.1", port=self.transport.port, role=b"cache"
        )
        self.core = gossip.Core(library, view, self.send, self.event)
        self.transport.set_core(self.core)

    def send(self, message: gossip.Message, target: gossip.NodeView) -> None:
        self.transport.send(message, target)

    def event(self, node: gossip.NodeView, old: gossip.Status) -> None:
        self.events.append((old, gossip.Status(node.status)))
        len(self.core)  # Any function may be called here.

    def close(self) -> None:
        self.transport.close()
        self.core.close()


@pytest.fixture(params=[False, True], ids=["udp", "tcp"])
def members(library: ctypes.CDLL, request: pytest.FixtureRequest) -> Iterator[list[Member]]:
    made = [Member(library, request.param) for _ in range(3)]
    yield made
    for member in made:
        member.close()


def run(members: list[Member], seconds: float, done: object) -> None:
    end = time.monotonic() + seconds
    while not done():  # type: ignore[operator]
        assert time.monotonic() < end, [member.core.nodes() for member in members]
        for member in members:
            member.core.tick()
        time.sleep(0.02)


def test_the_structs_have_the_sizes_of_c() -> None:
    assert ctypes.sizeof(gossip.NodeView) == 264
    assert ctypes.sizeof(gossip.Message) == 48


def test_three_nodes_find_each_other_and_one_leaves(members: list[Member]) -> None:
    first = members[0].core.own
    for member in members[1:]:
        member.core.join(first)

    def online() -> bool:
        views = [view for member in members for view in member.core.nodes()]
        return [view.status for view in views] == [gossip.Status.ONLINE] * 6

    run(members, 5, online)
    found = members[1].core.find(first.id)
    assert found is not None and (found.role, found.port) == (b"cache", first.port)
    assert members[1].core.find(gossip.NodeId()) is None and len(members[1].core) == 2
    assert members[0].events[0][0] is gossip.Status.UNKNOWN
    members[0].core.leave(first.id)

    def gone() -> bool:
        views = [member.core.find(first.id) for member in members[1:]]
        return all(view is not None and view.status == gossip.Status.FAILED for view in views)

    run(members, 5, gone)
    assert "failed" in repr(members[1].core.find(first.id))


def test_a_core_works_without_sockets(library: ctypes.CDLL) -> None:
    cores: list[gossip.Core] = []

    def send(message: gossip.Message, target: gossip.NodeView) -> None:
        cores[target.port - 1].handle_message(message)

    for port in (1, 2):
        view = gossip.NodeView(id=gossip.NodeId.random(), ip=b"10.0.0.1", port=port)
        cores.append(gossip.Core(library, view, send))
    cores[0].meet(cores[1].own)
    for core in cores * 3:
        core.tick()
    assert [node.status for core in cores for node in core.nodes()] == [2, 2]
    for core in cores:
        core.close()
        core.close()


def test_errors_have_the_library_s_texts(library: ctypes.CDLL) -> None:
    with pytest.raises(gossip.GossipError, match="no numeric IPv4 or IPv6 address"):
        gossip.Transport(library, "nonsense", 0)
    transport = gossip.Transport(library, "127.0.0.1", 0)
    with pytest.raises(gossip.GossipError, match="start it first"):
        transport.send(gossip.Message(), gossip.NodeView(ip=b"127.0.0.1", port=1))
    transport.start()
    with pytest.raises(gossip.GossipError, match="is started"):
        transport.start()
    transport.close()
    bad = gossip.NodeView(config_epoch=2**63)
    with pytest.raises(gossip.GossipError, match="self_node"):
        gossip.Core(library, bad, print)
    assert library.gossip_version().count(b".") == 2


def test_a_library_that_is_not_there_is_said() -> None:
    with pytest.raises(OSError):
        gossip.load("/no/such/folder/libgossip.so.1")
