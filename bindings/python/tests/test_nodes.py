"""The high-level classes of version 1.4.2 and the decorators."""

import asyncio
import socket
import threading
import time

import pytest
from conftest import until

import libgossip
from libgossip import (
    ErrorCode,
    GossipMessage,
    GossipNode,
    MessageType,
    NetworkCluster,
    NodeStatus,
    NodeView,
    TransportType,
)


def free_ports(count: int) -> list[int]:
    made = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(count)]
    for one in made:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in made]
    for one in made:
        one.close()
    return ports


@pytest.mark.parametrize("kind", list(TransportType))
def test_a_cluster_of_nodes_converges(kind: TransportType) -> None:
    places = [("127.0.0.1", port) for port in free_ports(3)]
    with NetworkCluster(places, kind) as cluster:
        assert len(cluster) == 3 and list(cluster) == cluster.nodes

        def online() -> bool:
            for node in cluster:
                assert node.tick() is node
            views = [view.status for node in cluster for view in node.get_nodes()]
            return views == [NodeStatus.ONLINE] * 6

        until(online, 5)
        message = GossipMessage()
        message.type, message.sender = libgossip.UPDATE, cluster.nodes[0].id
        cluster.broadcast_message(message)
        assert cluster.nodes[0].get_stats().received_messages > 0


def test_handlers_are_called() -> None:
    node = libgossip.create_node("127.0.0.1", 0)
    assert isinstance(node, GossipNode) and node.node_view.status is NodeStatus.ONLINE
    messages: list[MessageType] = []
    events: list[tuple[NodeStatus, NodeStatus]] = []

    @node.on_message
    def on_message(msg: GossipMessage, target: NodeView) -> None:
        assert isinstance(msg.type, MessageType)
        messages.append(msg.type)

    @node.on_event
    def on_event(seen: NodeView, old: NodeStatus) -> None:
        events.append((old, seen.status))

    assert node.start() == (node, ErrorCode.SUCCESS) and node.port > 0
    other = GossipNode("127.0.0.1", 0)
    with other:
        assert node.meet(other) is node
        until(lambda: node.tick().get_nodes()[0].status is NodeStatus.ONLINE, 5)
        assert node.send_message(GossipMessage(), other) is ErrorCode.SUCCESS
        node.leave()
    assert messages[0] is libgossip.MEET
    assert events[0] == (NodeStatus.UNKNOWN, NodeStatus.JOINING)
    assert node.stop() is ErrorCode.SUCCESS and f":{node.port}" in repr(node)


def test_a_node_that_was_not_started_says_so() -> None:
    node = GossipNode("127.0.0.1", 0)
    assert (node.size(), node.get_nodes(), node.stop()) == (0, [], ErrorCode.SUCCESS)
    assert node.send_message(GossipMessage(), node) is ErrorCode.NETWORK_ERROR
    with pytest.raises(libgossip.StateError, match="tick.*start it first"):
        node.tick()


def test_a_port_in_use_is_an_error() -> None:
    with GossipNode("127.0.0.1", 0) as node:
        taken = GossipNode("127.0.0.1", node.port)
        assert taken.start()[1] is ErrorCode.NETWORK_ERROR
        with pytest.raises(libgossip.NetworkError, match="in use"):
            taken.__enter__()
        with pytest.raises(libgossip.NetworkError, match="cannot listen"):
            libgossip.create_cluster([("127.0.0.1", 0), ("127.0.0.1", node.port)])


def test_filters_mark_and_filter() -> None:
    @libgossip.message_type_filter(MessageType.PING, MessageType.PONG)
    def pings(msg: GossipMessage, target: NodeView) -> str:
        return "ping"

    @libgossip.node_status_monitor(NodeStatus.FAILED)
    def failed(node: NodeView, old: NodeStatus) -> str:
        return "failed"

    @libgossip.message_handler
    def message(msg: GossipMessage, target: NodeView) -> None: ...

    @libgossip.event_handler
    def event(node: NodeView, old: NodeStatus) -> None: ...

    msg = GossipMessage()
    assert pings(msg, NodeView()) == "ping"
    msg.type = libgossip.LEAVE
    assert pings(msg, NodeView()) is None
    assert failed(NodeView(status=NodeStatus.FAILED), NodeStatus.ONLINE) == "failed"
    assert failed(NodeView(), NodeStatus.ONLINE) is None
    assert getattr(pings, "_filtered_message_types") == (MessageType.PING, MessageType.PONG)
    assert getattr(failed, "_monitored_statuses") == (NodeStatus.FAILED,)
    assert getattr(pings, "_is_message_handler") and getattr(message, "_is_message_handler")
    assert getattr(failed, "_is_event_handler") and getattr(event, "_is_event_handler")


def test_retries_end_with_success_or_the_last_error() -> None:
    results: list[object] = []

    @libgossip.retry_on_network_error(max_retries=3, delay=0.001)
    def call() -> object:
        result = results.pop(0)
        if isinstance(result, Exception):
            raise result
        return result

    results[:] = [ErrorCode.NETWORK_ERROR, OSError("no"), "done"]
    assert call() == "done"
    results[:] = [OSError("1"), OSError("2"), OSError("3")]
    with pytest.raises(OSError, match="3"):
        call()
    results[:] = [ErrorCode.NETWORK_ERROR] * 3
    with pytest.raises(libgossip.GossipError, match="network_error after 3"):
        call()
    results[:] = [ErrorCode.INVALID_ARGUMENT]
    assert call() is ErrorCode.INVALID_ARGUMENT


def test_the_decorators_that_have_nothing_to_do_with_gossip() -> None:
    @libgossip.rate_limit(calls_per_second=50)
    def limited() -> float:
        return time.monotonic()

    start = time.monotonic()
    assert limited() - start < 0.015
    assert limited() - start >= 0.019 and limited() - start >= 0.039

    @libgossip.circuit_breaker(max_failures=2, timeout=0.05)
    def broken(works: bool) -> bool:
        if not works:
            raise OSError("no")
        return True

    for _ in range(2):
        with pytest.raises(OSError, match="no"):
            broken(False)
    with pytest.raises(libgossip.StateError, match="failed 2 times"):
        broken(True)
    time.sleep(0.06)
    assert broken(True) and broken(True)

    release = threading.Event()

    @libgossip.with_timeout(0.05)
    def slow(wait: bool) -> str:
        if wait:
            release.wait(5)
        return "done"

    assert slow(False) == "done"
    with pytest.raises(TimeoutError, match="slow.* longer than 0.05 s"):
        slow(True)
    release.set()

    @libgossip.measure_latency
    def measured() -> str:
        time.sleep(0.01)
        return "result"

    assert measured() == "result"
    assert 0.01 <= getattr(measured, "last_seconds") < 1

    @libgossip.async_network_operation
    def thread() -> str:
        return threading.current_thread().name

    async def main() -> str:
        return await thread()

    assert asyncio.run(main()) != threading.current_thread().name


def test_a_cluster_broadcast_gives_both_results() -> None:
    @libgossip.broadcast_to_cluster(exclude_self=True)
    def send(cluster: NetworkCluster, msg: GossipMessage) -> str:
        return "sent"

    with NetworkCluster([("127.0.0.1", 0), ("127.0.0.1", 0)]) as cluster:
        first, second = cluster.nodes
        result = send(cluster, GossipMessage())
        way = f"127.0.0.1:{second.port}->127.0.0.1:{first.port}"
        assert result == {
            "broadcast_results": {way: ErrorCode.SUCCESS},
            "function_result": "sent",
        }


def test_a_node_is_started_by_its_decorator(monkeypatch: pytest.MonkeyPatch) -> None:
    stops: list[object] = []
    monkeypatch.setattr("atexit.register", stops.append)

    @libgossip.node_lifecycle()
    def make() -> GossipNode:
        return GossipNode("127.0.0.1", 0)

    node = make()
    assert node.is_started and stops == [node.stop]
    node.stop()
