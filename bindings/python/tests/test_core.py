"""A core that the program ticks and carries messages for."""

import datetime
import gc
import logging
import sys
import threading
import time
import weakref

import pytest
from conftest import Net, Unraisable, run, until, view

import libgossip
from libgossip import GossipCore, GossipMessage, NodeId, NodeStatus, NodeView

SNIPPET = '''
import time

import gossip

me = gossip.NodeView()
me.ip = "127.0.0.1"
me.port = 7000
me.status = gossip.NodeStatus.ONLINE

def on_send(msg, target):
    print(f"message {msg.type} for {target.ip}:{target.port}")

def on_event(node, old_status):
    print(f"node {node.ip}:{node.port}: {old_status}, now {node.status}")

core = gossip.GossipCore(me, on_send, on_event)

other = gossip.NodeView()
other.ip = "127.0.0.1"
other.port = 7001
other.status = gossip.NodeStatus.JOINING
core.meet(other)

for _ in range(5):
    core.tick()
    time.sleep(0.1)
'''


def test_the_program_of_the_old_readme_runs_and_prints_its_events() -> None:
    """Two views without an id, two callbacks, meet, and ticks in a loop, imported as `gossip`."""
    done = run(SNIPPET)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0] == "node 127.0.0.1:7001: NodeStatus.UNKNOWN, now NodeStatus.JOINING"
    assert lines[1] == "message MessageType.MEET for 127.0.0.1:7001"
    assert "message MessageType.PING for 127.0.0.1:7001" in lines[2:]


def test_an_own_view_without_an_id_gets_one() -> None:
    own = NodeView(ip="127.0.0.1", port=1)
    core = GossipCore(own, lambda msg, target: None)
    assert own.id and core.self().id == own.id


def test_cores_find_each_other_fail_and_come_back() -> None:
    net = Net()
    cores = [net.add(port) for port in range(1, 6)]
    for core in cores[1:]:
        core.join(view(1))
    deadline = time.monotonic() + 10
    while any(core.size() < 4 for core in cores) and time.monotonic() < deadline:
        for core in cores:
            core.tick()
    assert [len(core) for core in cores] == [4] * 5
    net.silent = {5}
    start = time.monotonic()
    last = cores[4].self().id

    def status(core: GossipCore) -> NodeStatus:
        found = core.find_node(last)
        assert found is not None
        return found.status

    def rounds(wanted: NodeStatus) -> bool:
        for core in cores:
            core.tick()
        time.sleep(0.02)
        return all(status(core) is wanted for core in cores[:4])

    until(lambda: rounds(NodeStatus.FAILED), 8, "the failure")
    assert time.monotonic() - start > 0.5
    assert (5, NodeStatus.SUSPECT) in net.events[1] + net.events[2] + net.events[3]
    found = cores[0].find_node(last)
    assert found is not None and found.seen_time <= datetime.timedelta(seconds=time.monotonic())
    net.silent = set()
    cores[4].join(view(1))
    until(lambda: rounds(NodeStatus.ONLINE), 8, "the return")


def test_metadata_reaches_others_and_leave_is_told() -> None:
    net = Net()
    first, second = net.add(1), net.add(2)
    first.update_self_metadata({"zone": "a"})
    first.update_self_metadata(metadata={"rack": "7"})
    second.meet(first.self())
    for _ in range(3):
        first.tick()
        second.tick()
    found = second.find_node(first.self().id)
    assert found is not None and found.metadata == {"zone": "a", "rack": "7"}
    first.leave(first.self().id)
    found = second.find_node(first.self().id)
    assert found is not None and found.status is NodeStatus.FAILED
    second.cleanup_expired(datetime.timedelta(0))
    assert second.size() == 0
    assert second.find_node(first.self().id) is None


def test_stats_count_and_reset_forgets() -> None:
    net = Net()
    first, second = net.add(1), net.add(2)
    first.meet(second.self())
    first.tick_full_broadcast()
    first.tick()
    stats = first.get_stats()
    assert stats.known_nodes == 1 and stats.sent_messages >= 2 and stats.received_messages >= 1
    assert datetime.timedelta(0) <= stats.last_tick_duration < datetime.timedelta(seconds=1)
    first.reset()
    assert first.size() == 0 and first.get_stats().sent_messages == 0
    assert first.get_nodes() == []


def test_a_callback_may_call_everything() -> None:
    calls: list[str] = []

    def send(msg: GossipMessage, target: NodeView) -> None:
        calls.append("begin")
        if len(calls) < 60:
            core.tick()  # Its messages come here, too.
        _ = core.size(), core.self(), core.get_nodes(), core.get_stats()
        core.find_node(target.id)
        core.update_self_metadata({"n": str(len(calls))})
        if len(calls) < 20:
            core.meet(view(len(calls) + 100))
        calls.append("end")

    core = GossipCore(view(1), send, lambda node, old: core.tick())
    core.meet(view(2))
    assert calls[:4] == ["begin", "end", "begin", "end"], "one at a time"
    assert len(calls) > 20


def test_an_exception_in_a_callback_is_reported_and_harms_nobody(
    unraisable: Unraisable, caplog: pytest.LogCaptureFixture
) -> None:
    told: list[int] = []

    def event(node: NodeView, old: NodeStatus) -> None:
        told.append(node.port)
        raise ValueError(f"about {node.port}")

    core = GossipCore(view(1), lambda msg, target: 1 / 0, event)
    for port in (2, 3):
        core.meet(view(port))
    core.tick()
    assert told == [2, 3]
    texts = [str(error) for error in unraisable.errors]
    assert texts[:2] == ["about 2", "division by zero"] and "about 3" in texts
    trace = unraisable.errors[0].__traceback__
    assert trace is not None and trace.tb_frame.f_code is event.__code__
    record = caplog.records[0]
    assert record.name == "libgossip.core" and record.levelno == logging.ERROR
    assert record.exc_info is not None and record.exc_info[0] is ValueError
    assert core.size() == 2


def test_keyboard_interrupt_leaves_by_the_call_and_the_rest_is_called_later() -> None:
    sent: list[int] = []

    def send(msg: GossipMessage, target: NodeView) -> None:
        sent.append(target.port)
        if len(sent) == 2:
            raise KeyboardInterrupt

    core = GossipCore(view(1), send)
    for port in range(2, 8):
        try:
            core.meet(view(port))
        except KeyboardInterrupt:
            assert port == 3
    assert sent == [2, 3, 4, 5, 6, 7]

    def many(node: NodeView, old: NodeStatus) -> None:
        seen.append(node.port)
        if len(seen) == 1:
            raise SystemExit

    seen: list[int] = []
    core = GossipCore(view(1), lambda msg, target: None, many)
    message = GossipMessage()
    message.sender, message.type = NodeId.generate_random(), libgossip.PONG
    message.entries = [
        NodeView(id=message.sender, ip="127.0.0.1", port=9, status=libgossip.ONLINE),
        view(10, status=libgossip.ONLINE),
    ]
    with pytest.raises(SystemExit):
        core.handle_message(message)
    assert len(seen) == 1
    core.tick()
    assert sorted(seen) == [9, 10]


def test_callbacks_of_one_core_run_one_at_a_time_over_all_threads() -> None:
    inside = 0
    most = 0
    count = 0

    def send(msg: GossipMessage, target: NodeView) -> None:
        nonlocal inside, most, count
        inside += 1
        most = max(most, inside)
        count += 1
        time.sleep(0.0001)
        inside -= 1

    core = GossipCore(view(1), send)
    threads = [
        threading.Thread(target=lambda start: [core.meet(view(start + n)) for n in range(40)], args=(n,))
        for n in (1000, 2000, 3000)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    until(lambda: count == 120, 5, "the last callback")
    assert most == 1 and core.size() == 120


def test_a_core_and_its_callbacks_are_collected_as_garbage() -> None:
    class Owner:
        def __init__(self) -> None:
            self.core = GossipCore(view(1), self.send, self.event)

        def send(self, msg: GossipMessage, target: NodeView) -> None: ...

        def event(self, node: NodeView, old: NodeStatus) -> None: ...

    owner = Owner()
    owner.core.meet(view(2))
    gone = weakref.ref(owner)
    del owner
    gc.collect()
    assert gone() is None


def test_what_the_protocol_refuses_is_said() -> None:
    core = GossipCore(view(1), lambda msg, target: None)
    with pytest.raises(libgossip.CommandError, match=r"GossipCore.leave: no member has this id"):
        core.leave(NodeId.generate_random())
    with pytest.raises(libgossip.CommandError, match="this node itself"):
        core.meet(core.self())
    with pytest.raises(libgossip.ArgumentError, match="metadata .*65536"):
        core.update_self_metadata({"k": "x" * 70_000})
    with pytest.raises(libgossip.CommandError, match="65536"):
        core.update_self_metadata({"k": "x" * 40_000, "l": "x" * 40_000})
    assert core.self().metadata == {}


def test_a_refused_message_is_told_to_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="libgossip")
    core = GossipCore(view(1), lambda msg, target: None)
    core.handle_message(GossipMessage(), datetime.timedelta(0))
    core.handle_message(msg=GossipMessage(), recv_time=1.5)
    assert "a message was not taken: the sender's id is zero" in caplog.messages


def test_memory_stays_with_many_messages() -> None:
    first = view(1)
    core = GossipCore(first, lambda msg, target: msg.entries, lambda node, old: node.metadata)
    message = GossipMessage()
    message.sender, message.type = NodeId.generate_random(), libgossip.PING
    own = NodeView(id=message.sender, ip="127.0.0.1", port=9, status=libgossip.ONLINE)
    for heartbeat in range(200):
        own.heartbeat = heartbeat
        message.entries = [own]
        core.handle_message(message)
    gc.collect()
    before = sys.getallocatedblocks()
    for heartbeat in range(200, 2000):
        own.heartbeat = heartbeat
        message.entries = [own]
        core.handle_message(message)
    gc.collect()
    assert sys.getallocatedblocks() - before < 100
