"""A program whose types are checked and that is never run: a promise of the stubs a line."""

from __future__ import annotations

import ipaddress
from datetime import timedelta
from types import MappingProxyType
from typing import Optional, Union

import gossip

import libgossip


async def nodes() -> None:
    async with libgossip.Node("0.0.0.0", 7946, profile="wan", metadata={"a": "b"}) as node:
        result: libgossip.JoinResult = await node.join(["a:1", "b:2"], timeout=timedelta(seconds=1))
        result = await node.join("a:1", required=True)
        answered: int = result.answered
        reasons: list[str] = [failure.reason for failure in result.failures]
        async for event in node.events():
            member: libgossip.Member = event.member
            ip: Union[ipaddress.IPv4Address, ipaddress.IPv6Address, None] = member.ip
            pairs: MappingProxyType[str, str] = member.metadata
            if event.status is libgossip.Status.LEFT:
                break
            print(ip, pairs, answered, reasons)
        node.metadata["k"] = "v"
        peer: Optional[libgossip.Peer] = node.peer(node.id)
        round_trip: Optional[float] = None if peer is None else peer.round_trip
        sent: int = node.stats.messages_sent
        members: list[libgossip.Member] = [*node, *node.members()]
        found: libgossip.Member = node[node.id]
        print(round_trip, sent, members, found)


def blocking() -> None:
    with libgossip.Node(on_event=lambda event: print(event.old_status)) as node:
        node.join_blocking("a:1", 0.5)
        for event in node.events(limit=5):
            print(event.at + 1.0)
        event_or_none: Optional[libgossip.Event] = node.events().get(timeout=1)
        print(event_or_none)


def low_level() -> None:
    view = libgossip.NodeView(ip="127.0.0.1", port=1)

    def send(msg: libgossip.GossipMessage, target: libgossip.NodeView) -> None:
        code: libgossip.ErrorCode = transport.send_message(msg, target)
        kind: Union[libgossip.MessageType, int] = msg.type
        print(code, kind)

    transport = libgossip.UdpTransport("127.0.0.1", 0)
    core = libgossip.GossipCore(view, send, lambda node, old: print(node.ip, old.name))
    transport.set_gossip_core(core)
    found: Optional[libgossip.NodeView] = core.find_node(view.id)
    same: Optional[gossip.NodeView] = found
    code, data = libgossip.JsonSerializer().serialize(libgossip.GossipMessage())
    total: int = sum(data)
    print(same, code is libgossip.SerializationError.SUCCESS, total)


def old_style() -> None:
    node, code = libgossip.create_node("127.0.0.1", 7000).start()

    @node.on_event
    @libgossip.node_status_monitor(libgossip.NodeStatus.FAILED)
    def failed(view: libgossip.NodeView, old: libgossip.NodeStatus) -> str:
        return view.ip

    @libgossip.rate_limit(calls_per_second=2)
    def limited(a: int) -> str:
        return str(a)

    text: str = limited(3)
    print(code, failed, text)
