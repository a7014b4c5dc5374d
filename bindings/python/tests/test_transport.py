"""Transports with cores, over real sockets."""

import gc
import threading
import time
from typing import Union

import pytest
from conftest import Unraisable, until, view

import libgossip
from libgossip import (
    ErrorCode,
    GossipCore,
    GossipMessage,
    JsonSerializer,
    MessageSerializer,
    NodeStatus,
    NodeView,
    SerializationError,
    TransportType,
)

KINDS = [TransportType.UDP, TransportType.TCP]


class Wired:
    """A core whose send callback hands messages to its transport: the natural wiring."""

    def __init__(self, kind: TransportType) -> None:
        create = libgossip.TransportFactory.create_transport
        self.transport = create(kind, "127.0.0.1", 0)
        assert self.transport.start() is ErrorCode.SUCCESS
        self.told: list[NodeStatus] = []
        self.core = GossipCore(view(self.transport.port), self.send, self.event)
        self.transport.set_gossip_core(self.core)

    def send(self, msg: GossipMessage, target: NodeView) -> None:
        self.transport.send_message(msg, target)

    def event(self, node: NodeView, old: NodeStatus) -> None:
        self.told.append(node.status)


@pytest.mark.parametrize("kind", KINDS)
def test_two_wired_nodes_do_not_lock_each_other_out(kind: TransportType) -> None:
    """Each message makes the other's thread call back into Python while the first one ticks."""
    a, b = Wired(kind), Wired(kind)
    b.core.join(a.core.self())
    start = time.monotonic()
    ticks = 0
    while time.monotonic() - start < 1:
        a.core.tick()
        b.core.tick()
        ticks += 1
        time.sleep(0.0005)
    assert ticks > 100
    assert a.told[-1] is b.told[-1] is NodeStatus.ONLINE
    assert a.core.size() == b.core.size() == 1
    assert a.transport.stop() is b.transport.stop() is ErrorCode.SUCCESS


@pytest.mark.parametrize("kind", KINDS)
def test_metadata_and_a_leave_travel(kind: TransportType) -> None:
    a, b = Wired(kind), Wired(kind)
    a.core.update_self_metadata({"zone": "a"})
    b.core.meet(a.core.self())

    def metadata() -> dict[str, str]:
        a.core.tick()
        b.core.tick()
        found = b.core.find_node(a.core.self().id)
        return {} if found is None else found.metadata

    until(lambda: metadata() == {"zone": "a"}, 5)
    a.core.leave(a.core.self().id)
    until(lambda: b.told and b.told[-1] is NodeStatus.FAILED, 5)
    a.transport.stop()
    b.transport.stop()


def test_errors_are_codes_with_a_text() -> None:
    transport = libgossip.TcpTransport("127.0.0.1", 0)
    assert transport.last_error == ""
    message = GossipMessage()
    assert transport.send_message(message, view(1)) is ErrorCode.NETWORK_ERROR
    assert "start it first" in transport.last_error
    assert transport.start() is ErrorCode.SUCCESS
    assert transport.start() is ErrorCode.NETWORK_ERROR
    assert "is started" in transport.last_error
    assert transport.send_message(message, NodeView(port=1, ip="x")) is ErrorCode.INVALID_ARGUMENT
    assert transport.send_message(message, view(0)) is ErrorCode.INVALID_ARGUMENT
    assert transport.send_message(message, view(1)) is ErrorCode.NETWORK_ERROR
    assert "is a node listening there" in transport.last_error
    other = libgossip.TcpTransport("127.0.0.1", transport.port)
    assert other.start() is ErrorCode.NETWORK_ERROR and "in use" in other.last_error
    assert transport.stop() is transport.stop() is ErrorCode.SUCCESS
    assert "TcpTransport on port" in repr(transport)


def test_an_asynchronous_send_calls_back_once(unraisable: Unraisable) -> None:
    transport = libgossip.UdpTransport("127.0.0.1", 0)
    codes: list[ErrorCode] = []
    transport.send_message_async(GossipMessage(), view(1), codes.append)
    assert codes == [ErrorCode.NETWORK_ERROR]
    transport.start()
    transport.send_message_async(GossipMessage(), view(9), codes.append)
    assert codes[1:] == [ErrorCode.SUCCESS]
    transport.send_message_async(GossipMessage(), view(9), lambda code: 1 / 0)
    assert isinstance(unraisable.errors[0], ZeroDivisionError)
    transport.stop()


def test_json_is_written_and_read() -> None:
    serializer = JsonSerializer()
    assert serializer.name() == "json" and isinstance(serializer, MessageSerializer)
    message = GossipMessage()
    message.type, message.timestamp = libgossip.UPDATE, 5
    message.entries = [view(7, role="cache", metadata={"a": "b"}, status=libgossip.ONLINE)]
    code, data = serializer.serialize(message)
    assert code is SerializationError.SUCCESS
    assert isinstance(data, list) and all(isinstance(byte, int) for byte in data)
    assert bytes(data).startswith(b'{"entries":[{"config_epoch":0')
    for form in (data, bytes(data), bytearray(data), memoryview(bytes(data))):
        code, read = serializer.deserialize(form)
        assert code is SerializationError.SUCCESS
        assert (read.type, read.timestamp) == (libgossip.UPDATE, 5)
        assert [entry.metadata for entry in read.entries] == [{"a": "b"}]
    assert serializer.deserialize(b"")[0] is SerializationError.SUCCESS
    code, read = serializer.deserialize(b"{")
    assert code is SerializationError.DESERIALIZATION_FAILED and read.entries == []


class Rot(MessageSerializer):
    """JSON with every byte changed."""

    def __init__(self) -> None:
        self.json = JsonSerializer()
        self.count = 0
        self.threads: set[str] = set()

    def name(self) -> str:
        return "rot"

    def serialize(
        self, msg: GossipMessage
    ) -> tuple[SerializationError, Union[list[int], bytes]]:
        self.count += 1
        code, data = self.json.serialize(msg)
        return code, bytes(byte ^ 0x55 for byte in data)

    def deserialize(self, data: bytes) -> tuple[SerializationError, GossipMessage]:  # type: ignore
        self.threads.add(threading.current_thread().name)
        return self.json.deserialize(bytes(byte ^ 0x55 for byte in data))


@pytest.mark.parametrize("kind", KINDS)
def test_a_serializer_of_the_program_is_used(kind: TransportType) -> None:
    a, b = Wired(kind), Wired(kind)
    serializers = [Rot(), Rot()]
    for wired, serializer in zip((a, b), serializers):
        wired.transport.set_serializer(serializer)
    b.core.join(a.core.self())

    def online() -> bool:
        a.core.tick()
        b.core.tick()
        return [wired.told[-1:] for wired in (a, b)] == [[NodeStatus.ONLINE]] * 2

    until(online, 5)
    assert all(serializer.count for serializer in serializers)
    assert all(serializer.threads for serializer in serializers)
    a.transport.stop()
    b.transport.stop()


def test_a_serializer_that_fails_is_reported(unraisable: Unraisable) -> None:
    class Bad(MessageSerializer):
        def serialize(self, msg: GossipMessage) -> tuple[SerializationError, bytes]:
            raise ValueError("cannot")

    transport = libgossip.UdpTransport("127.0.0.1", 0)
    transport.start()
    transport.set_serializer(Bad())
    assert transport.send_message(GossipMessage(), view(9)) is ErrorCode.SERIALIZATION_ERROR
    assert [str(error) for error in unraisable.errors] == ["cannot"]
    transport.set_serializer(MessageSerializer())
    assert transport.send_message(GossipMessage(), view(9)) is ErrorCode.SERIALIZATION_ERROR
    assert isinstance(unraisable.errors[1], NotImplementedError)
    transport.stop()


def test_a_transport_of_the_program_can_be_derived() -> None:
    class Memory(libgossip.Transport):
        def __init__(self, name: str) -> None:
            self.name = name

        def start(self) -> ErrorCode:
            return ErrorCode.SUCCESS

    transport = Memory("x")
    assert transport.start() is ErrorCode.SUCCESS
    with pytest.raises(NotImplementedError, match=r"Transport.stop\(\)"):
        transport.stop()


def test_a_transport_that_is_dropped_ends_while_callbacks_run() -> None:
    for _ in range(10):
        a, b = Wired(TransportType.UDP), Wired(TransportType.UDP)
        b.core.join(a.core.self())
        for _ in range(20):
            a.core.tick()
            b.core.tick()
        del a, b
        gc.collect()
