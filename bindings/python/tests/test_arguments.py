"""Garbage for every argument of every function gives an exception that names the argument."""

from __future__ import annotations

import datetime
from typing import Any, Callable, Iterator

import pytest
from conftest import view

import libgossip
from libgossip import GossipCore, GossipMessage, GossipNode, GossipStats, NodeId, NodeView

# Each list holds what an argument of one kind does not take.
NO_ID: list[object] = [None, 0, "x", b"0" * 16, object()]
NO_VIEW: list[object] = [None, 5, "127.0.0.1:1", NodeId(), object()]
NO_MESSAGE: list[object] = [None, 5, b"{}", NodeView(), object()]
NO_CALLABLE: list[object] = [5, "send", object()]
NO_TEXT: list[object] = [None, 5, b"x", object(), "\udc80", "x" * 600]
NO_PORT: list[object] = [None, "80", 1.5, -1, 65536, 2**80, True, object()]
NO_COUNTER: list[object] = [None, "1", 1.5, -1, 2**63, 2**64, 2**200, False, object()]
NO_TIME: list[object] = [None, "1", -1, float("nan"), float("inf"), 1e300, True, object(),
                         datetime.timedelta(seconds=-1)]
NO_METADATA: list[object] = [None, 5, "x", [("a", "b")], {1: "b"}, {"a": 1}, {"a": None},
                             {"\udc80": "x"}, {"a": "x" * 70_000}, object()]
NO_MEMBER_OF: list[object] = [None, 2, "ONLINE", object(), libgossip.Status.ONLINE]

core = GossipCore(view(1), lambda msg, target: None)
node = GossipNode("127.0.0.1", 0)
base = libgossip.UdpTransport("127.0.0.1", 0)
json = libgossip.JsonSerializer()
runner = libgossip.Node("127.0.0.1")
good = {"self_view": view(1), "send_callback": print}


def setters(target: Any, names: str, values: list[object]) -> Iterator[tuple[Any, str, object]]:
    for name in names.split():
        for value in values:
            yield (lambda v, n=name: setattr(target, n, v)), name, value


def calls(function: Callable[[Any], object], name: str, values: list[object]) -> Iterator[Any]:
    for value in values:
        yield function, name, value


def cases() -> Iterator[tuple[Callable[[Any], object], str, object]]:
    a, message, stats = view(1), GossipMessage(), GossipStats()
    yield from setters(a, "id", NO_ID)
    yield from setters(a, "ip role region", NO_TEXT)
    yield from setters(a, "port", NO_PORT)
    yield from setters(a, "config_epoch heartbeat version", NO_COUNTER)
    yield from setters(a, "seen_time last_suspected", NO_TIME)
    yield from setters(a, "status", NO_MEMBER_OF)
    yield from setters(a, "metadata", NO_METADATA)
    yield from setters(a, "suspicion_count", [*NO_COUNTER, 2**31])
    yield from calls(a.newer_than, "other", NO_VIEW)
    yield from calls(a.can_replace, "other", NO_VIEW)
    yield from setters(message, "sender", NO_ID)
    yield from setters(message, "type", [None, 0, 8, -1, 2**70, "PING", True, object()])
    yield from setters(message, "timestamp", NO_COUNTER)
    yield from setters(message, "entries", [None, 5, [1], [a, None], "x", object(), [a] * 5000])
    yield from setters(stats, "known_nodes sent_messages received_messages", NO_COUNTER)
    yield from setters(stats, "last_tick_duration", NO_TIME)
    yield from calls(NodeId, "value", [5, "x", "0" * 31, "g" * 32, b"", b"1" * 17, [256] * 16,
                                       ["a"] * 16, object(), 1.5])

    for name, values in {
        "self_view": NO_VIEW, "send_callback": [None, *NO_CALLABLE], "event_callback": NO_CALLABLE,
    }.items():
        yield from calls(lambda v, n=name: GossipCore(**{**good, n: v}), name, values)
    yield from calls(core.handle_message, "msg", NO_MESSAGE)
    yield from calls(lambda v: core.handle_message(GossipMessage(), v), "recv_time", ["x", object()])
    yield from calls(core.meet, "node", NO_VIEW)
    yield from calls(core.join, "node", NO_VIEW)
    yield from calls(core.leave, "id", NO_ID)
    yield from calls(core.find_node, "id", NO_ID)
    yield from calls(core.cleanup_expired, "timeout", NO_TIME)
    yield from calls(core.update_self_metadata, "metadata", NO_METADATA)

    yield from calls(json.serialize, "msg", NO_MESSAGE)
    yield from calls(json.deserialize, "data", [None, 5, "{}", [256], ["a"], object()])
    hosts = [value for value in NO_TEXT if value != "x" * 600] + ["no.such.host", "1.2.3", ""]
    for kind in (libgossip.UdpTransport, libgossip.TcpTransport):
        yield from calls(lambda v, k=kind: k(v, 0), "host", hosts)
        yield from calls(lambda v, k=kind: k("127.0.0.1", v), "port", NO_PORT)
    create = libgossip.TransportFactory.create_transport
    yield from calls(lambda v: create(v, "127.0.0.1", 0), "type", [None, 0, "UDP", libgossip.PING])
    yield from calls(lambda v: create(libgossip.TCP, v, 0), "host", hosts)
    yield from calls(lambda v: create(libgossip.UDP, "127.0.0.1", v), "port", NO_PORT)
    yield from calls(lambda v: base.send_message(v, a), "msg", NO_MESSAGE)
    yield from calls(lambda v: base.send_message(GossipMessage(), v), "target", NO_VIEW)
    yield from calls(lambda v: base.send_message_async(v, a, print), "msg", NO_MESSAGE)
    yield from calls(
        lambda v: base.send_message_async(GossipMessage(), v, print), "target", NO_VIEW
    )
    yield from calls(
        lambda v: base.send_message_async(GossipMessage(), a, v), "callback", [None, *NO_CALLABLE]
    )
    yield from calls(base.set_gossip_core, "core", [5, "x", a, object()])
    yield from calls(base.set_serializer, "serializer", [None, "json", 5, object()])

    yield from calls(lambda v: node.send_message(GossipMessage(), v), "node", NO_VIEW)
    yield from calls(node.on_message, "handler", [None, *NO_CALLABLE])
    yield from calls(node.on_event, "handler", [None, *NO_CALLABLE])
    yield from calls(lambda v: GossipNode(v, 0), "ip", NO_TEXT)
    yield from calls(lambda v: GossipNode("127.0.0.1", v), "port", NO_PORT)
    yield from calls(lambda v: GossipNode("127.0.0.1", 0, v), "status", NO_MEMBER_OF)

    # None is the default of every option of a node.
    options: dict[str, list[object]] = {
        "bind_host": [*hosts[1:]],
        "port": NO_PORT[1:],
        "id": NO_ID[1:],
        "role": NO_TEXT[1:],
        "region": NO_TEXT[1:],
        "cluster": NO_TEXT[1:],
        "advertise_host": [*hosts[1:-1], "0.0.0.0"],
        "advertise_port": NO_PORT[1:],
        "metadata": NO_METADATA[1:],
        "profile": [5, "", "LAN", b"lan", object()],
        "protocol": [5, "x", [1], {"no_such": 1}, {5: 1}, {"lambda": "1"}, {"lambda": -1},
                     {"lambda": 0}, {"round_interval_ms": 2**32}, {"round_interval_ms": 5}],
        "serializer": [5, "xml", json, object()],
        "settle": NO_TIME[1:],
        "on_event": NO_CALLABLE,
        "on_changes": NO_CALLABLE,
    }
    for name, values in options.items():
        yield from calls(lambda v, n=name: libgossip.Node(**{n: v}), name, values)
    targets: list[object] = [None, 5, [], [5], [None], ["a:1", b"b:1"], "x" * 600, ["a:1"] * 300]
    yield from calls(runner.join_blocking, "targets", targets)
    yield from calls(lambda v: runner.join_blocking("127.0.0.1:1", v), "timeout", NO_TIME)
    yield from calls(runner.leave_blocking, "timeout", NO_TIME)
    yield from calls(runner.find, "id", NO_ID)
    yield from calls(runner.peer, "id", NO_ID)
    yield from calls(runner.events, "limit", ["1", 0, -1, 2**31, 1.5, object()])
    yield from calls(runner.update_metadata, "pairs", NO_METADATA)
    yield from calls(runner.remove_metadata, "key", NO_TEXT[:-1])
    yield from calls(runner.events().get, "timeout", NO_TIME[1:])
    yield from calls(libgossip.rate_limit, "calls_per_second", [0, -1, float("nan")])
    yield from calls(libgossip.circuit_breaker, "max_failures", [0, -1])
    yield from calls(lambda v: libgossip.circuit_breaker(1, v), "timeout", [-1, float("nan")])
    yield from calls(libgossip.retry_on_network_error, "max_retries", [0])
    yield from calls(lambda v: libgossip.retry_on_network_error(1, v), "delay", [-1])
    yield from calls(libgossip.with_timeout, "timeout", [-1])


def test_garbage_is_refused_by_name() -> None:
    count = 0
    for function, name, value in cases():
        count += 1
        try:
            function(value)
        except libgossip.GossipError as error:
            assert isinstance(error, (ValueError, TypeError)), (name, value, error)
            assert name in str(error), (name, value, error)
        else:
            raise AssertionError(f"{name} = {value!r} was taken")
    assert count > 450


@pytest.mark.parametrize(
    "function, name",
    [
        (core.meet, "node"),
        (core.leave, "id"),
        (core.handle_message, "msg"),
        (base.send_message, "msg"),
        (libgossip.UdpTransport, "host"),
        (GossipCore, "self_view"),
        (runner.find, "id"),
    ],
)
def test_a_missing_argument_is_named(function: Callable[[], object], name: str) -> None:
    with pytest.raises(TypeError, match=name):
        function()


def test_unknown_keywords_are_refused() -> None:
    for function in (
        lambda: NodeView(adress="x"),  # type: ignore[call-arg]
        lambda: libgossip.Node(prot=1),  # type: ignore[call-arg]
        lambda: GossipCore(good["self_view"], print, even_callback=print),  # type: ignore
    ):
        with pytest.raises(TypeError, match="adress|prot|even_callback"):
            function()


def test_an_object_whose_repr_fails_is_refused_too() -> None:
    class Bad:
        def __repr__(self) -> str:
            raise RuntimeError

    with pytest.raises(libgossip.ArgumentTypeError, match="node is an object of type Bad"):
        core.meet(Bad())  # type: ignore[arg-type]


def test_a_long_value_is_shown_in_part() -> None:
    with pytest.raises(libgossip.ArgumentError) as caught:
        NodeView(ip="x" * 10_000)
    assert len(str(caught.value)) < 200


def test_fields_cannot_be_set_where_nothing_would_come_of_it() -> None:
    local = runner.local
    for name in ("id", "host", "status", "metadata", "nonsense"):
        with pytest.raises(AttributeError):
            setattr(local, name, 1)
    with pytest.raises(AttributeError):
        libgossip.NodeView().nonsense = 1  # type: ignore[attr-defined]
    with pytest.raises(TypeError):
        local.metadata["a"] = "b"  # type: ignore[index]
