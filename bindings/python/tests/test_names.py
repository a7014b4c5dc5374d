"""The names and shapes of version 1.4.2."""

import datetime
import enum
import sys

import pytest

import libgossip

ENUMS = {
    "NodeStatus": "UNKNOWN JOINING ONLINE SUSPECT FAILED",
    "MessageType": "PING PONG MEET JOIN LEAVE UPDATE",
    "ErrorCode": "SUCCESS NETWORK_ERROR SERIALIZATION_ERROR INVALID_ARGUMENT "
    "OPERATION_NOT_PERMITTED",
    "TransportType": "UDP TCP",
    "SerializationError": "SUCCESS INVALID_INPUT SERIALIZATION_FAILED DESERIALIZATION_FAILED "
    "UNSUPPORTED_FORMAT",
}

CLASSES = {
    "NodeId": "generate_random",
    "NodeView": "id ip port config_epoch heartbeat version seen_time status role region metadata "
    "suspicion_count last_suspected newer_than can_replace",
    "GossipMessage": "sender type timestamp entries",
    "GossipStats": "known_nodes sent_messages received_messages last_tick_duration",
    "GossipCore": "tick tick_full_broadcast handle_message meet join leave self get_nodes "
    "find_node size cleanup_expired reset get_stats update_self_metadata",
    "MessageSerializer": "name serialize deserialize",
    "JsonSerializer": "name serialize deserialize",
    "Transport": "start stop send_message send_message_async set_gossip_core set_serializer",
    "UdpTransport": "start stop send_message send_message_async set_gossip_core set_serializer",
    "TcpTransport": "start stop send_message send_message_async set_gossip_core set_serializer",
    "TransportFactory": "create_transport",
    "GossipNode": "id ip port on_message on_event start meet join leave tick get_nodes get_stats "
    "size stop send_message __enter__ __exit__",
    "NetworkCluster": "start stop broadcast_message __enter__ __exit__ __iter__ __len__",
}

FUNCTIONS = (
    "create_node create_cluster error_code_to_string message_handler event_handler "
    "message_type_filter node_status_monitor retry_on_network_error async_network_operation "
    "with_timeout node_lifecycle rate_limit circuit_breaker broadcast_to_cluster measure_latency"
)


@pytest.mark.parametrize("name", ENUMS)
def test_enumerations_have_their_numbers_and_bare_names(name: str) -> None:
    class_ = getattr(libgossip, name)
    assert issubclass(class_, enum.Enum)
    for number, member in enumerate(ENUMS[name].split()):
        value = class_[member]
        assert value.value == number and int(value) == number
        assert str(value) == f"{name}.{member}"
        if (name, member) != ("SerializationError", "SUCCESS"):
            assert getattr(libgossip, member) is value


@pytest.mark.parametrize("name", CLASSES)
def test_classes_have_their_attributes(name: str) -> None:
    class_ = getattr(libgossip, name)
    missing = [attribute for attribute in CLASSES[name].split() if not hasattr(class_, attribute)]
    assert missing == []


def test_the_version_is_that_of_the_library() -> None:
    from importlib.metadata import version
    from pathlib import Path

    assert libgossip.__version__ == version("libgossip")
    manifest = Path(__file__).parents[3] / "Cargo.toml"
    assert f'\nversion = "{libgossip.__version__}"\n' in manifest.read_text(encoding="utf-8")


def test_functions_exist() -> None:
    assert [name for name in FUNCTIONS.split() if not callable(getattr(libgossip, name))] == []


def test_gossip_is_the_same_module() -> None:
    import gossip

    assert gossip is libgossip
    assert sys.modules["gossip"] is libgossip


def test_all_names_exist_and_have_documentation() -> None:
    for name in libgossip.__all__:
        value = getattr(libgossip, name)
        if isinstance(value, type) or callable(value):
            assert value.__doc__, name
            if not isinstance(value, type) or not value.__module__.startswith("libgossip"):
                continue
            for attribute, member in vars(value).items():
                if not attribute.startswith("_") and not isinstance(member, (value, str)):
                    assert getattr(member, "__doc__", None), f"{name}.{attribute}"


def test_an_id_shows_as_before() -> None:
    zero = libgossip.NodeId()
    assert str(zero) == "-".join(["00"] * 16)
    assert repr(zero) == "NodeId(" + ",".join("0" * 16) + ")"
    some = libgossip.NodeId(bytes(range(240, 256)))
    assert str(some).startswith("f0-f1-f2") and repr(some).startswith("NodeId(240,241,")
    assert bytes(some) == bytes(range(240, 256))
    assert libgossip.NodeId(str(some)) == some == libgossip.NodeId(some.hex)
    assert not zero and some and zero < some
    assert len({some, libgossip.NodeId(bytes(some)), zero}) == 2
    assert libgossip.NodeId.generate_random() != libgossip.NodeId.generate_random()


def test_the_fields_of_a_view_can_be_set_and_read() -> None:
    view = libgossip.NodeView()
    assert (view.ip, view.port, view.heartbeat, view.metadata) == ("", 0, 0, {})
    assert view.status is libgossip.UNKNOWN and view.id == libgossip.NodeId()
    second = datetime.timedelta(seconds=1)
    values = {
        "id": libgossip.NodeId.generate_random(),
        "ip": "10.0.0.1",
        "port": 7946,
        "config_epoch": 3,
        "heartbeat": 2**63 - 1,
        "version": 5,
        "seen_time": second,
        "status": libgossip.NodeStatus.SUSPECT,
        "role": "cache",
        "region": "eu",
        "metadata": {"zone": "a", "ключ": "значение"},
        "suspicion_count": 2,
        "last_suspected": 2 * second,
    }
    for name, value in values.items():
        setattr(view, name, value)
    assert {name: getattr(view, name) for name in values} == values
    other = libgossip.NodeView(**values)
    assert {name: getattr(other, name) for name in values} == values
    assert "10.0.0.1:7946" in repr(view) and "suspect" in repr(view)


def test_views_are_compared_by_heartbeat_or_by_epoch() -> None:
    old = libgossip.NodeView(heartbeat=1, config_epoch=9)
    new = libgossip.NodeView(heartbeat=2, config_epoch=1)
    assert new.newer_than(old) and not old.newer_than(new)
    assert old.can_replace(new) and not new.can_replace(old)
    assert not old.newer_than(old) and not old.can_replace(old)


def test_a_message_has_its_fields() -> None:
    message = libgossip.GossipMessage()
    assert message.type is libgossip.PING and message.entries == [] and message.timestamp == 0
    message.type = libgossip.MessageType.LEAVE
    message.timestamp = 7
    message.sender = libgossip.NodeId(b"0123456789abcdef")
    message.entries = [libgossip.NodeView(port=1), libgossip.NodeView(port=2)]
    assert [entry.port for entry in message.entries] == [1, 2]
    assert message.type is libgossip.LEAVE and message.timestamp == 7
    message.type = 6
    assert message.type == 6
    assert "2 entries" in repr(message)


def test_error_codes_have_texts() -> None:
    texts = [libgossip.error_code_to_string(code) for code in libgossip.ErrorCode]
    assert texts == [
        "success",
        "network_error",
        "serialization_error",
        "invalid_argument",
        "operation_not_permitted",
    ]
    assert libgossip.error_code_to_string(9) == "unknown(9)"
