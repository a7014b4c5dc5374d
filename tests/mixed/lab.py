"""What a scenario works with: a cluster of its own, and ways to wait and to judge."""

import asyncio
import itertools
import socket
import sys

import relay
from nodes import OLD_PROGRAM, ZERO_ID, Failed, Node

# How often a condition that is waited for is looked at.
LOOK_EVERY = 0.2
_numbers = itertools.count(1)


class Lab:
    """The nodes of one scenario, each reached through a relay or directly.

    `kind` says what the new ones are: `udp` and `tcp` are programs of version 1 over that, and
    `node` and `node_tcp` nodes that run themselves beside old ones over UDP and TCP.
    """

    def __init__(self, options, kind="udp", relayed=False):
        self.options = options
        self.runs_itself = kind.startswith("node")
        self.program = options.programs / ("own_node" if self.runs_itself else "new_node")
        self.transport = "tcp" if kind.endswith("tcp") else "udp"
        self._kept = {}
        self.notes = []
        self.start = self.now()
        self.nodes = []
        self.relay = None
        if relayed:
            self.relay = relay.Udp() if self.transport == "udp" else relay.Tcp()

    # Nodes.

    async def old(self, name, node_id=None, port=0, extra=()):
        """Starts an old node; `port` is that of one before it, `extra` more of its options."""
        command = [
            sys.executable, OLD_PROGRAM, "--bursts", "measured", "--seed", str(next(_numbers)),
            "--transport", self.transport, *extra,
        ]
        return await self._start(name, True, node_id, port, command)

    async def new(self, name, node_id=None, port=0, extra=()):
        """Starts a new node."""
        command = [self.program, *extra]
        if not self.runs_itself:
            command += ["--transport", self.transport]
        return await self._start(name, False, node_id, port, command)

    async def _start(self, name, is_old, node_id, port, command):
        node_id = node_id or f"{next(_numbers):04x}{'00' * 14}"
        command += ["--id", node_id]
        if self.relay is None:
            if port in self._kept:
                self._kept.pop(port).close()
            command += ["--port", str(port)]
        else:
            port = port or await self.relay.open()
            command += ["--announce-port", str(port)]
        node = await Node.start(name, is_old, node_id, command)
        if self.relay is not None:
            await self.relay.attach(port, node.own_port)
            node.port = port
        self.nodes.append(node)
        return node

    async def quit(self, node):
        """Ends a node as its user would."""
        await node.quit()
        await self._gone(node)

    async def kill(self, node):
        """Ends a node as a crash would."""
        await node.kill()
        await self._gone(node)

    async def _gone(self, node):
        """Nobody else gets the port while this cluster still writes to it."""
        if self.relay is not None:
            await self.relay.detach(node.port)
            return
        kind = socket.SOCK_STREAM if self.transport == "tcp" else socket.SOCK_DGRAM
        self._kept[node.port] = socket.socket(socket.AF_INET, kind)
        self._kept[node.port].setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._kept[node.port].bind(("127.0.0.1", node.port))

    async def introduce(self, node, seed, how="join"):
        """Lets a node join or meet another."""
        await node.ask(f"{how} 127.0.0.1:{seed.port}")

    async def close(self):
        """Ends all nodes."""
        for node in self.nodes:
            if node.is_up:
                node.go_on()
        await asyncio.gather(*(node.quit() for node in self.nodes))
        for one in self._kept.values():
            one.close()
        if self.relay is not None:
            self.relay.close()

    def up(self):
        """The nodes that run."""
        return [node for node in self.nodes if node.is_up]

    def up_new(self):
        """The new ones of them."""
        return [node for node in self.up() if not node.is_old]

    def up_old(self):
        """The old ones of them."""
        return [node for node in self.up() if node.is_old]

    # Waiting and judging.

    def note(self, text):
        """Something that was seen and is not judged."""
        self.notes.append(f"{self.now() - self.start:6.2f} s: {text}")

    def told(self, event):
        """An event in words."""
        names = [node.name for node in self.nodes if node.id == event.id]
        subject = "or ".join(names) or event.id[:4]
        change = f"{event.old} -> {event.new}"
        at = event.at - self.start
        return f"{event.observer} shows {subject} {change} ({event.cause}) after {at:.2f} s"

    def now(self):
        """The time that events have."""
        return asyncio.get_running_loop().time()

    async def until(self, within, fault):
        """Waits until `fault()` gives None; if it never does, what it gives is what was wrong."""
        start = self.now()
        while True:
            wrong = await fault()
            took = self.now() - start
            if wrong is None:
                return took
            if took > within:
                raise Failed(f"after {within:g} s {wrong}")
            await asyncio.sleep(LOOK_EVERY)

    async def until_shown(self, observers, subject, statuses, within):
        """Waits until all observers show the subject in one of some statuses."""
        async def fault():
            for observer in observers:
                status = await observer.status_of(subject)
                if status not in statuses:
                    return f"{observer} shows {subject} {status}, not {' or '.join(statuses)}"
            return None

        return await self.until(within, fault)

    async def until_all_online(self, within, observers=None, strict=True):
        """Waits until all, or some, show all others online, and, if strict, each once and nobody
        itself or the zero id.
        """
        async def fault():
            for observer in observers or self.up():
                records = await observer.records()
                for wrong in (observer.id, ZERO_ID):
                    if strict and wrong in records:
                        return f"{observer} lists {'itself' if wrong != ZERO_ID else 'the zero id'}"
                for other in self.up():
                    got = [record["status"] for record in records.get(other.id, [])]
                    got = got if strict else got[:1]
                    if other is not observer and got != ["online"]:
                        return f"{observer} shows {other} {', '.join(got) or 'absent'}"
            return None

        return await self.until(within, fault)

    def expect(self, holds, wrong):
        """Ends the scenario if something does not hold."""
        if not holds:
            raise Failed(wrong)

    def expect_no_accusations(self, observers, of=None, since=0.0):
        """Nobody of some was called suspect or failed."""
        ids = None if of is None else {node.id for node in of}
        for observer in observers:
            for event in observer.accusations(since, ids):
                raise Failed(self.told(event))

    async def expect_readable(self):
        """Old nodes got nothing but text, and say what bursts they had."""
        for node in self.up_old():
            stats = await node.ask("stats")
            self.expect(stats["not_json_in"] == 0, f"{node} got {stats['not_json_in']} packets")
