"""Nodes that run by themselves."""

import copy
import gc
import ipaddress
import logging
import pickle
import threading
import time
import weakref

import pytest
from conftest import Unraisable, until

import libgossip
from libgossip import Event, Member, Node, Status


def pair() -> tuple[Node, Node]:
    return Node("127.0.0.1", role="a", profile="local"), Node("127.0.0.1", profile="local")


def seed(node: Node) -> str:
    return f"127.0.0.1:{node.port}"


@pytest.mark.parametrize("profile", ["lan", "wan", "local", "quiet", "loop"])
def test_every_profile_runs(profile: str) -> None:
    with Node("127.0.0.1", profile=profile) as node:  # type: ignore[arg-type]
        assert node.local.address[1] == node.port


def test_two_nodes_join_and_see_each_other_leave() -> None:
    first, second = pair()
    with first, second:
        result = second.join_blocking([seed(first)])
        assert result == libgossip.JoinResult(1, ())
        assert [member.id for member in second] == [first.id]
        until(lambda: len(first) == 1 and first[second.id].is_online, 3)
        assert first.id in second and libgossip.NodeId() not in second and "x" not in second
        assert first.find(libgossip.NodeId()) is None
        with pytest.raises(KeyError):
            first[libgossip.NodeId()]
        second.leave_blocking()
        until(lambda: first[second.id].status is Status.LEFT, 3)
        second.join_blocking(seed(first))
        until(lambda: first[second.id].is_online, 3)
    assert not first.is_running and not second.is_running
    assert first[second.id].status is Status.LEFT, "what was known can still be read"


def test_a_member_is_a_frozen_value() -> None:
    first, second = pair()
    with first, second:
        second.metadata["k"] = "v"
        second.join_blocking(seed(first))
        until(lambda: len(first) == 1 and first.members()[0].metadata, 3)
        member = second.members()[0]
        assert (member.id, member.host, member.port) == (first.id, "127.0.0.1", first.port)
        assert member.ip == ipaddress.ip_address("127.0.0.1")
        assert member.address == ("127.0.0.1", first.port)
        assert (member.role, member.region, member.status) == ("a", "", Status.ONLINE)
        assert dict(first.members()[0].metadata) == {"k": "v"}
        assert member.heartbeat > 1_700_000_000_000 and member.config_epoch == 0
        match = (member.id, member.host, member.port, member.status)
        assert tuple(getattr(member, name) for name in Member.__match_args__) == match
        assert member.as_dict()["role"] == "a" and len(member.as_dict()) == 10
        assert copy.copy(member) is copy.deepcopy(member) is member
        same = second.find(first.id)
        assert same is not None and (same == member) is (same.heartbeat == member.heartbeat)
        assert member != first.local or member == first.local
        assert len({member, member}) == 1 and member != 1
        assert member.id.hex in repr(member) and '"a" online' in repr(member)
        assert pickle.loads(pickle.dumps(member.id)) == member.id
        local = first.local
        assert local.id == first.id and local.address == first.address
        assert first.host == "127.0.0.1"


def test_an_address_that_is_no_number_is_none() -> None:
    node = Node("::1", 0, advertise_host="2001:db8::1", advertise_port=80)
    assert node.local.ip == ipaddress.ip_address("2001:db8::1")
    assert node.local.address == ("2001:db8::1", 80) and "[2001:db8::1]:80" in repr(node)
    assert Node().local.ip is None and Node().host == ""


def test_metadata_writes_through() -> None:
    first = Node("127.0.0.1", metadata={"a": "1"}, profile="local")
    second = Node("127.0.0.1", profile="local")
    first.metadata["b"] = "2"
    assert dict(first.metadata) == {"a": "1", "b": "2"}, "before the start, too"
    with first, second:
        second.join_blocking(seed(first))
        mine = first.metadata

        def seen() -> dict[str, str]:
            return dict(second[first.id].metadata)

        until(lambda: seen() == {"a": "1", "b": "2"}, 3)
        mine["c"] = "3"
        del mine["a"]
        mine.update({"d": "4"}, e="5")
        mine.update([("f", "6")])
        assert mine.pop("b") == "2"
        assert mine.setdefault("c", "x") == "3"
        expected = {"c": "3", "d": "4", "e": "5", "f": "6"}
        assert dict(mine) == expected and len(mine) == 4 and sorted(mine) == sorted(expected)
        assert mine == expected and "c" in mine and mine.get("zz") is None
        until(lambda: seen() == expected, 3)
        with pytest.raises(KeyError):
            del mine["nothing"]
        with pytest.raises(libgossip.ArgumentTypeError):
            mine["x"] = 5  # type: ignore[assignment]
        with pytest.raises(libgossip.CommandError, match="65536"):
            mine["x"] = "x" * 65_536
        mine.clear()
        assert not mine and repr(mine) == "<Metadata {}>"
        until(lambda: seen() == {}, 3)


def test_events_are_told_in_order_to_everybody() -> None:
    called: list[Event] = []
    batches: list[list[Event]] = []
    first = Node("127.0.0.1", profile="local", on_event=called.append, on_changes=batches.append)
    second = Node("127.0.0.1", profile="local")
    stream, other = first.events(), first.events()
    with first, second:
        second.join_blocking(seed(first))
        until(lambda: called and called[-1].status is Status.ONLINE, 3)
        second.metadata["k"] = "v"
        until(lambda: called[-1].configuration, 3)
        second.leave_blocking()
        until(lambda: called[-1].status is Status.LEFT, 3)
    events = list(stream)
    assert [event.member.id for event in events] == [second.id] * len(events)
    words = [(str(event.old_status), str(event.status)) for event in events]
    assert words[0][0] == "unknown" and words[-1] == ("online", "left")
    assert [e.at for e in events] == [e.at for e in called] == [e.at for e in other]
    assert [e.at for batch in batches for e in batch] == [e.at for e in events]
    assert all(event.merged == 1 for event in events)
    assert 0 < time.monotonic() - events[0].at < 20
    assert second.id.hex in repr(events[-1]) and "is left, was online" in repr(events[-1])
    assert "closed, 0 waiting" in repr(stream)
    assert Event.__match_args__ == ("member", "old_status", "status")


def test_an_iterator_waits_with_and_without_a_limit_of_time() -> None:
    first, second = pair()
    with first, second:
        with first.events() as stream:
            start = time.monotonic()
            assert stream.get(0) is None and stream.get(timeout=0.05) is None
            assert 0.05 <= time.monotonic() - start < 1
            joining = threading.Timer(0.05, lambda: second.join_blocking(seed(first)))
            joining.start()
            event = next(stream)
            assert event.member.id == second.id
            joining.join()
        list(stream)
        assert stream.get() is None, "it is closed"


def test_a_slow_reader_gets_the_last_state_of_each_member() -> None:
    first, second = pair()
    stream = first.events(limit=2)
    with first, second:
        second.join_blocking(seed(first))
        for count in range(20):
            second.metadata["n"] = str(count)
            until(lambda n=str(count): first[second.id].metadata.get("n") == n, 3)
        second.leave_blocking()
        until(lambda: first[second.id].status is Status.LEFT, 3)
    events = list(stream)
    assert len(events) == 2 and events[-1].status is Status.LEFT
    assert events[-1].merged > 15 and events[-1].configuration


def test_changes_can_be_held_back_and_told_together() -> None:
    batches: list[list[Event]] = []
    called: list[Event] = []
    first = Node(
        "127.0.0.1", profile="local", settle=0.2, on_changes=batches.append, on_event=called.append
    )
    second = Node("127.0.0.1", profile="local")
    with first, second:
        second.join_blocking(seed(first))
        until(lambda: batches, 3)
        told = len(called)
    assert len(batches[0]) == 1
    assert batches[0][0].status is Status.ONLINE and batches[0][0].merged == told


def test_an_exception_in_a_callback_is_reported_and_harms_nobody(
    unraisable: Unraisable, caplog: pytest.LogCaptureFixture
) -> None:
    names: list[str] = []

    def fail(event: Event) -> None:
        names.append(threading.current_thread().name)
        raise ValueError(f"{event.status} is bad")

    first = Node("127.0.0.1", profile="local", on_event=fail)
    second = Node("127.0.0.1", profile="local")
    with first, second:
        second.join_blocking(seed(first))
        until(lambda: first[second.id].is_online and unraisable.errors, 3)
        second.leave_blocking()
        until(lambda: str(unraisable.errors[-1]) == "left is bad", 3)
    assert threading.main_thread().name not in names
    trace = unraisable.errors[-1].__traceback__
    assert trace is not None and trace.tb_frame.f_code is fail.__code__
    errors = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert len(errors) == len(unraisable.errors)


def test_a_callback_may_call_everything_and_end_its_node() -> None:
    done = threading.Event()

    def event(event: Event) -> None:
        _ = (first.members(), first.stats, first.local, len(first), first.find(first.id))
        first.metadata["seen"] = str(event.status)
        first.leave_blocking(0)
        first.close()
        done.set()

    first = Node("127.0.0.1", profile="local", on_event=event)
    second = Node("127.0.0.1", profile="local")
    first.start()
    with second:
        second.join_blocking(seed(first))
        assert done.wait(5)
    until(lambda: not first.is_running, 2)
    first.close()


def test_exceptions_say_what_is_wrong() -> None:
    node = Node("127.0.0.1")
    with pytest.raises(libgossip.StateError, match="not started; start it first"):
        node.join_blocking(["127.0.0.1:1"])
    node.start()
    with pytest.raises(libgossip.StateError, match="is started; stop it first"):
        node.start()
    with pytest.raises(libgossip.NetworkError, match="in use"):
        Node("127.0.0.1", node.port).start()
    with pytest.raises(libgossip.JoinError, match="nobody answered") as caught:
        node.join_blocking(["127.0.0.1:9", "nonsense", seed(node)], 0.3, required=True)
    reasons = {failure.target: failure.reason for failure in caught.value.failures}
    assert "no port" in reasons["nonsense"] and "itself" in reasons[seed(node)]
    assert "no answer" in reasons["127.0.0.1:9"]
    assert isinstance(caught.value, ConnectionError)
    again = pickle.loads(pickle.dumps(caught.value))
    assert again.failures == caught.value.failures and str(again) == str(caught.value)
    for error in (libgossip.ArgumentError, libgossip.StateError, libgossip.NetworkError):
        assert issubclass(error, libgossip.GossipError)
    node.close()


def test_silence_is_no_error_unless_an_answer_is_required(caplog: pytest.LogCaptureFixture) -> None:
    with Node("127.0.0.1") as node:
        result = node.join_blocking(["127.0.0.1:9", "nonsense"], 0.3)
        assert result.answered == 0
        assert [failure.target for failure in result.failures] == ["127.0.0.1:9", "nonsense"]
        assert any("a join goes on in the background" in line for line in caplog.messages)
        (own,) = node.join_blocking(seed(node)).failures
        assert own.reason == "it is this node itself"
        assert node.join_blocking("127.0.0.1:9", 0).answered == 0
        for timeout in (0, 0.3):
            with pytest.raises(libgossip.JoinError, match="nobody answered"):
                node.join_blocking("127.0.0.1:9", timeout, required=True)
        for targets in ("nonsense", ["nonsense", "no-such-host.invalid:7946", "[::1]:7946"]):
            with pytest.raises(libgossip.JoinError, match="it has no port"):
                node.join_blocking(targets)


def test_a_node_that_nobody_answered_goes_on_asking() -> None:
    seeds = Node("127.0.0.1", id=libgossip.NodeId.generate_random())
    seeds.start()
    seeds.close()
    protocol = {"join_timeout_ms": 1000, "heal_interval_ms": 500}
    with Node("127.0.0.1", protocol=protocol) as node:
        assert node.join_blocking(seed(seeds), 0.1).answered == 0
        seeds.start()
        until(lambda: seeds.id in node, 10)
        seeds.close()


def test_events_taken_before_the_start_have_the_first_change() -> None:
    first, second = pair()
    events = second.events()
    with first, second:
        second.join_blocking(seed(first), required=True)
        event = events.get(5)
        assert event is not None and event.member.id == first.id
        assert event.old_status is libgossip.Status.UNKNOWN


def test_a_node_can_be_started_again() -> None:
    first, second = pair()
    with second:
        first.start()
        port = first.port
        second.join_blocking(seed(first))
        first.close()
        first.close()
        first.start()
        assert first.port == port and len(first) == 0
        first.join_blocking(seed(second))
        until(lambda: second[first.id].is_online, 5)
        first.close()


def test_clusters_with_names_keep_apart() -> None:
    first = Node("127.0.0.1", cluster="a", serializer="binary")
    second = Node("127.0.0.1", cluster="b", serializer="binary")
    with first, second:
        result = second.join_blocking(seed(first), 0.3)
        assert result.answered == 0 and "another cluster" in result.failures[0].reason
        assert first.stats.messages_of_other_clusters > 0


def test_stats_and_the_way_to_a_member() -> None:
    first, second = pair()
    with first, second:
        second.join_blocking(seed(first))
        until(lambda: second.stats.probes_answered > 2, 3)
        stats = second.stats
        assert stats.messages_sent > 0 and stats.bytes_sent > 0 and stats.listens_on_tcp
        peer = second.peer(first.id)
        assert peer is not None and peer.round_trip is not None and 0 < peer.round_trip < 1
        assert peer.reads_packets and peer.loss < 1 and peer.seen <= time.monotonic()
        assert second.peer(second.id) is None


def test_lines_go_to_logging(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="libgossip")
    first, second = pair()
    with first, second:
        second.join_blocking(seed(first))
        until(lambda: any("is online" in line for line in caplog.messages), 3)
    lines = [(r.name, r.levelname, r.getMessage()) for r in caplog.records]
    listens = f"node {first.id.hex} listens on port {first.port}"
    assert ("libgossip.node", "INFO", listens) in lines
    assert ("libgossip.node", "INFO", f"node {first.id.hex} stopped") in lines


def test_options_reach_the_protocol() -> None:
    node = Node(
        "127.0.0.1",
        0,
        id=libgossip.NodeId(b"0123456789abcdef"),
        role="cache",
        region="eu",
        advertise_host="10.0.0.1",
        advertise_port=99,
        protocol={"round_interval_ms": 20, "lambda": 4},
        serializer="bincode",
    )
    assert bytes(node.id) == b"0123456789abcdef"
    local = node.local
    assert (local.role, local.region, local.address) == ("cache", "eu", ("10.0.0.1", 99))
    with node:
        time.sleep(0.3)
        beats = node.local.heartbeat
        time.sleep(0.5)
        assert 8 <= node.local.heartbeat - beats <= 26


def test_a_node_that_is_forgotten_is_closed_with_a_warning() -> None:
    node = Node("127.0.0.1")
    node.start()
    with pytest.warns(ResourceWarning, match="unclosed <Node"):
        del node
        gc.collect()


def test_a_node_in_a_cycle_is_collected() -> None:
    class Owner:
        def __init__(self) -> None:
            self.node = Node("127.0.0.1", on_event=self.event)

        def event(self, event: Event) -> None: ...

    owner = Owner()
    with owner.node:
        pass
    gone = weakref.ref(owner)
    del owner
    gc.collect()
    assert gone() is None
