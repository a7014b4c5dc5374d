"""What must hold from the first node to the end of the interpreter."""

import gc
import os
import signal
import subprocess
import sys
import threading
import time

import pytest
from conftest import library_threads, run, sockets, until

import libgossip
from libgossip import Node, Status


def memory_kib() -> int:
    """The memory of this process that is its own."""
    with open("/proc/self/smaps_rollup", encoding="ascii") as file:
        for line in file:
            if line.startswith("Private_Dirty:"):
                return int(line.split()[1])
    raise AssertionError("no such line")


def test_twenty_nodes_converge_notice_a_crash_and_leave_nothing_behind() -> None:
    before = sockets()
    nodes = [Node("127.0.0.1") for _ in range(20)]
    start = time.monotonic()
    for node in nodes:
        node.start()
    for node in nodes[1:]:
        node.join_blocking(f"127.0.0.1:{nodes[0].port}")

    def online(count: int) -> bool:
        return all(sum(m.is_online for m in node) == count for node in nodes)

    until(lambda: online(19), 3 - (time.monotonic() - start), "convergence")
    last = nodes.pop()
    last.close()
    took = until(
        lambda: all(node[last.id].status is Status.FAILED for node in nodes), 4, "the detection"
    )
    assert took > 0.3, "it was not told by anybody"
    for node in nodes:
        node.close()
    until(lambda: not library_threads(), 2, "the end of all threads")
    assert sockets() == before


def test_a_thousand_nodes_opened_and_closed_leak_nothing() -> None:
    def open_and_close(count: int) -> None:
        for _ in range(count):
            with Node("127.0.0.1", metadata={"a": "b"}, on_event=lambda event: None) as node:
                node.events()
                _ = node.local, node.members()

    def growth() -> int:
        before = memory_kib()
        open_and_close(1000)
        gc.collect()
        return memory_kib() - before

    open_and_close(200)
    gc.collect()
    # A leak grows each time; what the allocator keeps for threads that overlapped does not.
    assert any(growth() < 1024 for _ in range(3))


INTERRUPTED = """
import sys, libgossip
node = libgossip.Node("127.0.0.1")
node.start()
waits = {
    "join": lambda: node.join_blocking("127.0.0.1:9", 60),
    "event": lambda: node.events().get(60),
    "iterator": lambda: next(node.events()),
    "asyncio": lambda: __import__("asyncio").run(node.join("127.0.0.1:9", 60)),
    "asyncio events": lambda: __import__("asyncio").run(node.events().__anext__()),
}
print("waiting", flush=True)
try:
    waits[sys.argv[1]]()
    print("returned")
except KeyboardInterrupt:
    print("interrupted")
"""


@pytest.mark.parametrize("wait", ["join", "event", "iterator", "asyncio", "asyncio events"])
def test_keyboard_interrupt_ends_a_wait_at_once(wait: str) -> None:
    command = [sys.executable, "-W", "ignore", "-c", INTERRUPTED, wait]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    # One that is not interrupted may wait for ever.
    limit = threading.Timer(30, child.kill)
    limit.start()
    try:
        assert child.stdout is not None
        assert child.stdout.readline() == "waiting\n"
        time.sleep(0.2)
        start = time.monotonic()
        child.send_signal(signal.SIGINT)
        assert child.stdout.readline() == "interrupted\n"
        assert time.monotonic() - start < 0.3
        assert child.wait(5) == 0
        assert time.monotonic() - start < 3
    finally:
        limit.cancel()
        child.kill()
        child.wait()
        if child.stdout is not None:
            child.stdout.close()


ENDS = {
    "with a node that runs": "",
    "with callbacks that compute": """
def busy(event):
    while True:
        sum(range(100))
first.close(); second.close()
third = libgossip.Node("127.0.0.1", on_event=busy); third.start()
second.start(); second.join_blocking(f"127.0.0.1:{third.port}")
time.sleep(0.2)
""",
    "with callbacks that sleep": """
def sleepy(event):
    time.sleep(0.05)
    while True:
        time.sleep(0.001)
third = libgossip.Node("127.0.0.1", on_event=sleepy); third.start()
second.join_blocking(f"127.0.0.1:{third.port}")
time.sleep(0.2)
""",
    "with a join that waits": """
import threading
def join():
    try:
        first.join_blocking("127.0.0.1:9", 60)
    except libgossip.StateError as error:
        assert "not started" in str(error)
threading.Thread(target=join, daemon=True).start()
time.sleep(0.1)
""",
    "with iterators that wait": """
import threading
for _ in range(4):
    threading.Thread(target=lambda: list(first.events()), daemon=True).start()
time.sleep(0.1)
""",
    "with a transport that runs": """
view = libgossip.NodeView(ip="127.0.0.1", port=1)
transport = libgossip.UdpTransport("127.0.0.1", 0)
core = libgossip.GossipCore(view, transport.send_message, lambda node, old: time.sleep(0.001))
transport.set_gossip_core(core)
transport.start()
import sys
sys.modules["kept"] = transport
""",
    "by an exception": "raise SystemExit(0)",
    "from a handler at exit": """
import atexit
def late():
    try:
        libgossip.Node("127.0.0.1").start()
    except libgossip.StateError as error:
        assert "ending" in str(error)
    first.members()
atexit.register(late)
atexit.unregister(libgossip._close_all); atexit.register(libgossip._close_all)
""",
    "with a loop that was left": """
import asyncio
async def main():
    asyncio.create_task(first.join("127.0.0.1:9", 60))
    asyncio.create_task(second.events().__anext__())
    await asyncio.sleep(0.1)
asyncio.run(main())
""",
}

BEGIN = """
import time, libgossip
first = libgossip.Node("127.0.0.1", on_event=lambda event: event.member.host)
second = libgossip.Node("127.0.0.1", on_event=lambda event: event.member.host)
first.start(); second.start()
second.join_blocking(f"127.0.0.1:{first.port}")
"""


@pytest.mark.parametrize("how", ENDS)
def test_the_interpreter_ends(how: str) -> None:
    start = time.monotonic()
    done = run(BEGIN + ENDS[how] + "\nprint('end', flush=True)" * ("SystemExit" not in ENDS[how]))
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert time.monotonic() - start < 8


FORKED = """
import os, sys, warnings, libgossip
warnings.simplefilter("ignore", DeprecationWarning)
node = libgossip.Node("127.0.0.1", on_event=lambda event: None)
other = libgossip.Node("127.0.0.1")
view = libgossip.NodeView(ip="127.0.0.1", port=1)
core = libgossip.GossipCore(view, lambda msg, target: None)
transport = libgossip.UdpTransport("127.0.0.1", 0)
transport.set_gossip_core(core)
transport.start(); node.start(); other.start()
other.join_blocking(f"127.0.0.1:{node.port}")
port = other.port
child = os.fork()
if child == 0:
    errors = 0
    for call in (node.members, lambda: node.local, node.start, core.tick, core.size,
                 lambda: node.join_blocking("127.0.0.1:9"), lambda: len(node)):
        try:
            call()
        except libgossip.ForkedError:
            errors += 1
    node.close()
    assert transport.start() is libgossip.OPERATION_NOT_PERMITTED
    repr(node)
    del node, core, transport
    mine = libgossip.Node("127.0.0.1")
    with mine:
        mine.join_blocking(f"127.0.0.1:{port}")
    os._exit(errors) if len(sys.argv) > 1 else sys.exit(errors)
_, status = os.waitpid(child, 0)
assert os.waitstatus_to_exitcode(status) == 7, status
assert [member.is_online for member in other if member.id == node.id] == [True]
node.close(); other.close(); transport.stop()
print("done")
"""


@pytest.mark.parametrize("arguments", [(), ("_exit",)])
def test_a_forked_child_can_only_drop_what_it_has(arguments: tuple[str, ...]) -> None:
    done = run(FORKED, *arguments)
    assert (done.returncode, done.stdout, done.stderr) == (0, "done\n", "")


def test_signals_are_the_program_s() -> None:
    with Node("127.0.0.1"):
        until(lambda: len(library_threads()) == 2, 3)  # Each gives itself its name.
        masks = []
        for task in os.listdir("/proc/self/task"):
            with open(f"/proc/self/task/{task}/comm", encoding="ascii") as file:
                name = file.read()
            with open(f"/proc/self/task/{task}/status", encoding="ascii") as file:
                line = next(line for line in file if line.startswith("SigBlk:"))
            if name.startswith("gossip-"):
                masks.append(int(line.split()[1], 16))
        assert masks and all(mask & 1 << signal.SIGINT - 1 for mask in masks)


def test_waits_give_the_interpreter_away() -> None:
    import threading

    with Node("127.0.0.1") as node:
        threads = [
            threading.Thread(target=lambda: node.events().get(0.6)),
            threading.Thread(target=lambda: _join(node)),
        ]
        for thread in threads:
            thread.start()
        start = time.monotonic()
        count = 0
        while time.monotonic() - start < 0.4:
            count += 1
        for thread in threads:
            thread.join(3)
        assert count > 100_000


def _join(node: Node) -> None:
    with pytest.raises(libgossip.JoinError):
        node.join_blocking("127.0.0.1:9", 0.6, required=True)
