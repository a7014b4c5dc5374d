"""What the tests share."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from typing import Any, Callable, Iterator, List, Optional

import pytest

import libgossip

# A shell that starts the tests in the background makes them ignore it, and all that they start;
# some of those are to be interrupted.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def until(condition: Callable[[], object], seconds: float, what: str = "it") -> float:
    """Waits for a condition; gives the seconds that it took."""
    start = time.monotonic()
    while not condition():
        if time.monotonic() - start > seconds:
            pytest.fail(f"{what} did not happen within {seconds} s")
        time.sleep(0.005)
    return time.monotonic() - start


def view(port: int, **fields: Any) -> libgossip.NodeView:
    """A node at a port of this host, with an id."""
    return libgossip.NodeView(
        id=libgossip.NodeId.generate_random(), ip="127.0.0.1", port=port, **fields
    )


class Net:
    """Cores in this process that hand messages to each other, as a program may do."""

    def __init__(self) -> None:
        self.cores: dict[tuple[str, int], libgossip.GossipCore] = {}
        self.events: dict[int, list[tuple[int, libgossip.NodeStatus]]] = {}
        self.silent: set[int] = set()

    def add(self, port: int) -> libgossip.GossipCore:
        def send(msg: libgossip.GossipMessage, target: libgossip.NodeView) -> None:
            core = self.cores.get((target.ip, target.port))
            if core is not None and not {port, target.port} & self.silent:
                core.handle_message(msg)

        told = self.events.setdefault(port, [])
        core = libgossip.GossipCore(
            view(port), send, lambda node, old: told.append((node.port, node.status))
        )
        self.cores["127.0.0.1", port] = core
        return core


class Unraisable:
    """What was reported by `sys.unraisablehook`."""

    def __init__(self) -> None:
        self.errors: List[BaseException] = []

    def __call__(self, report: Any) -> None:
        self.errors.append(report.exc_value)


@pytest.fixture
def unraisable(monkeypatch: pytest.MonkeyPatch) -> Unraisable:
    """Collects the reports of exceptions that nobody could be told of."""
    reports = Unraisable()
    monkeypatch.setattr(sys, "unraisablehook", reports)
    return reports


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    """Every test closes what it opened: no thread of the library outlives it."""
    yield
    until(lambda: not library_threads(), 3, f"the end of {library_threads()}")


def library_threads() -> list[str]:
    """The names of the library's threads in this process."""
    names = []
    for task in os.listdir("/proc/self/task"):
        try:
            with open(f"/proc/self/task/{task}/comm", encoding="ascii") as file:
                names.append(file.read().strip())
        except (FileNotFoundError, ProcessLookupError):
            pass
    return [name for name in names if name.startswith("gossip-")]


def sockets() -> int:
    """The open sockets of this process."""
    count = 0
    for descriptor in os.listdir("/proc/self/fd"):
        try:
            count += os.readlink(f"/proc/self/fd/{descriptor}").startswith("socket:")
        except FileNotFoundError:
            pass
    return count


def run(
    code: str, *arguments: str, seconds: float = 20, stdin: Optional[str] = None
) -> subprocess.CompletedProcess[str]:
    """Runs a program in an interpreter of its own."""
    command = [sys.executable, "-X", "faulthandler", "-c", code, *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=seconds, input=stdin, check=False
    )


@pytest.fixture
def background() -> Iterator[Callable[[Callable[[], object]], threading.Thread]]:
    """Runs functions on threads that are waited for at the end."""
    threads: list[threading.Thread] = []

    def start(function: Callable[[], object]) -> threading.Thread:
        thread = threading.Thread(target=function)
        thread.start()
        threads.append(thread)
        return thread

    yield start
    for thread in threads:
        thread.join(10)
        assert not thread.is_alive()
