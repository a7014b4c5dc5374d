"""The examples run, and print what they should."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parent.parent / "examples"

EXPECTED = {
    "example.py": [
        "127.0.0.1:7001 was UNKNOWN, is JOINING",
        "sends MessageType.MEET with 1 entries to 127.0.0.1:7001",
        "sends MessageType.PING",
        "joining>",
    ],
    "two_node_example.py": [
        "first: second was UNKNOWN, is",
        "second: first was JOINING, is ONLINE",
        "second knows first with {'colour': 'green'}",
        "second: first was ONLINE, is FAILED",
        "second knows first as FAILED",
    ],
    "debug_example.py": [
        "cannot join no-port: it has no port",
        "libgossip.node: node",
        "'zone': 'a'",
        "Peer(round_trip=",
        "libgossip.core: exception in the event callback of a node",
        "reported: RuntimeError('a mistake in a callback')",
        "ArgumentError: Node(): port is 70000",
    ],
    "asyncio_cluster.py": [
        "all 5 are online",
        "the first one reads the job of the second one",
        "was online, is left",
        "the last one left",
        "was online, is suspect",
        "the second one crashed, and that was noticed",
    ],
    "cluster_status.py --seconds 1.5": [
        "id        address",
        "online",
        "this one",
        "observer   pid=",
    ],
}


@pytest.mark.parametrize("command", EXPECTED)
def test_an_example_prints_what_it_should(command: str) -> None:
    name, *arguments = command.split()
    done = subprocess.run(
        [sys.executable, "-W", "error", EXAMPLES / name, *arguments],
        capture_output=True,
        text=True,
        timeout=40,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    for text in EXPECTED[command]:
        assert text in done.stdout, done.stdout
    # Only a number is left: 0.00012, or 8.2e-05 where the way is short.
    assert "round_trip=None" not in done.stdout, done.stdout


def test_every_example_is_run() -> None:
    assert {path.name for path in EXAMPLES.glob("*.py")} == {name.split()[0] for name in EXPECTED}


def test_a_live_table_shows_another_member_and_leaves_by_a_signal() -> None:
    command = [sys.executable, EXAMPLES / "cluster_status.py"]
    first = subprocess.Popen([*command, "--role", "a"], stdout=subprocess.PIPE, text=True)
    assert first.stdout is not None
    lines = [first.stdout.readline(), first.stdout.readline()]
    port = lines[1].split()[1].rsplit(":", 1)[1]
    second = subprocess.run(
        [*command, "--join", f"127.0.0.1:{port}", "--seconds", "1.5", "--role", "b"],
        capture_output=True,
        text=True,
        timeout=20,
    )
    first.send_signal(signal.SIGINT)
    rest, _ = first.communicate(timeout=10)
    assert first.returncode == 0 and rest.endswith("leaving\n")
    assert any("online" in line and "b " in line for line in rest.splitlines()), rest
    assert any("left" in line and "b " in line for line in rest.splitlines()), rest
    assert any("online" in line and " a " in line for line in second.stdout.splitlines())
