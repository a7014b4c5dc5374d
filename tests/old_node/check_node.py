"""Checks of the program itself: real processes that talk to each other over loopback."""

import json
import pathlib
import subprocess
import sys
import threading
import unittest

PROGRAM = pathlib.Path(__file__).with_name("node.py")
DEADLINE_S = 20


class Process:
    """A running node: commands in, events and answers out."""

    def __init__(self, digit, *options):
        command = [sys.executable, str(PROGRAM), "--id", digit * 32, "--interval-ms", "20"]
        pipe = subprocess.PIPE
        self.events = []
        self._child = subprocess.Popen([*command, *options], stdin=pipe, stdout=pipe, text=True)
        self._alarm = threading.Timer(DEADLINE_S, self._child.kill)
        self._alarm.start()
        self.address = "127.0.0.1:%d" % self._line()["port"]

    def ask(self, command):
        """The answer to a command; the events before it are kept."""
        self._child.stdin.write(command + "\n")
        self._child.stdin.flush()
        while "answer" not in (line := self._line()):
            self.events.append(line)
        return line

    def wait_for(self, **facts):
        """Reads until an event has the given facts."""
        while not any(facts.items() <= event.items() for event in self.events):
            self.events.append(self._line())

    def close(self):
        self._alarm.cancel()
        self._child.kill()
        self._child.wait()
        self._child.stdin.close()
        self._child.stdout.close()

    def hang_up(self):
        """Ends the standard input of the node."""
        self._child.stdin.close()

    def end(self):
        """Waits for the process to end by itself; gives its exit code."""
        return self._child.wait(DEADLINE_S)

    def _line(self):
        line = self._child.stdout.readline()
        if not line:
            raise AssertionError("the node has ended")
        return json.loads(line)


class Program(unittest.TestCase):
    def start(self, digit, *options):
        process = Process(digit, *options)
        self.addCleanup(process.close)
        return process

    def test_three_nodes_form_a_cluster(self):
        for transport in ("udp", "tcp"):
            options = ("--transport", transport, "--role", "r", "--metadata", "k=v", "l=w")
            seed = self.start("a", *options)
            others = [
                self.start("b", *options, "--meet", seed.address),
                self.start("c", *options, "--join", seed.address),
            ]
            for node in others:
                node.wait_for(id="a" * 32, new="online")
                seed.wait_for(id=node.ask("list")["self"]["id"], new="online")
            others[0].wait_for(id="c" * 32)
            records = seed.ask("list")["records"]
            self.assertEqual({record["id"] for record in records}, {"b" * 32, "c" * 32})
            for record in records:
                self.assertEqual(record["metadata"], {"k": "v", "l": "w"})
                self.assertEqual((record["role"], record["status"]), ("r", "online"))

    def test_commands_are_answered(self):
        node = self.start("a", "--interval-ms", "0")
        peer = self.start("b", "--interval-ms", "0")
        self.assertTrue(node.ask("meet " + peer.address)["ok"])
        node.wait_for(event="met", id="0" * 32, old="unknown", new="joining")
        node.wait_for(id="b" * 32, old="joining", new="online")
        self.assertTrue(node.ask("metadata app=a b=c")["ok"])
        me = node.ask("list")["self"]
        self.assertEqual((me["metadata"], me["heartbeat"]), ({"app": "a b=c"}, 2))
        for command in ("tick", "broadcast", "pause", "resume", "leave " + "b" * 32, "reset"):
            self.assertEqual(node.ask(command), {"answer": command.split()[0], "ok": True})
        node.wait_for(event="left", old="online", new="failed")
        stats = peer.ask("stats")
        self.assertEqual(stats["messages_in"], {"meet": 1, "ping": 2})
        self.assertEqual(stats["messages_out"], {"pong": 3})
        for command in ("dance", "meet localhost:1", "meet 1", "leave 00", "metadata k"):
            self.assertFalse(node.ask(command)["ok"])
        self.assertTrue(node.ask("quit")["ok"])
        self.assertEqual(node.end(), 0)

    def test_a_node_ends_with_its_standard_input(self):
        node = self.start("a")
        node.hang_up()
        self.assertEqual(node.end(), 0)
