"""Node processes, old and new: started, told what to do, listened to, and stopped for good."""

import asyncio
import dataclasses
import json
import pathlib
import signal
import sys

OLD_PROGRAM = pathlib.Path(__file__).parent.parent / "old_node" / "node.py"
ZERO_ID = "0" * 32
# An answer is a line of this length at most: a list with a lot of metadata in it.
LONGEST_LINE = 1 << 24
ANSWER_WITHIN = 15.0


class Failed(Exception):
    """What a scenario found wrong."""


@dataclasses.dataclass(frozen=True)
class Event:
    """A line about a member: when it came, who said it, and what it says."""

    at: float
    observer: str
    id: str
    old: str
    new: str
    cause: str


class Node:
    """One process. `port` is where the others reach it."""

    def __init__(self, name, is_old, node_id, process):
        self.name, self.is_old, self.id = name, is_old, node_id
        self.port = 0
        self.own_port = 0
        self.events = []
        self.is_up = True
        self.started = asyncio.get_running_loop().time()
        self._process = process
        self._answers = []
        self._ready = asyncio.get_running_loop().create_future()
        self._reading = asyncio.create_task(self._read())

    def __str__(self):
        return self.name

    @classmethod
    async def start(cls, name, is_old, node_id, command):
        """Starts a program and waits until it says where it listens."""
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=LONGEST_LINE,
        )
        node = cls(name, is_old, node_id, process)
        try:
            ready = await asyncio.wait_for(node._ready, ANSWER_WITHIN)
        except asyncio.TimeoutError:
            await node.kill()
            raise Failed(f"{name} does not start: {' '.join(map(str, command))}") from None
        node.port = node.own_port = ready["port"]
        return node

    async def ask(self, command):
        """Gives a command and waits for its answer."""
        if not self.is_up:
            raise Failed(f"{self} is asked `{command[:40]}` and does not run")
        answer = asyncio.get_running_loop().create_future()
        self._answers.append(answer)
        self._process.stdin.write(command.encode() + b"\n")
        try:
            got = await asyncio.wait_for(answer, ANSWER_WITHIN)
        except asyncio.TimeoutError:
            raise Failed(f"{self} does not answer `{command[:40]}`") from None
        if not got["ok"]:
            raise Failed(f"{self} refuses `{command[:40]}`: {got}")
        return got

    async def records(self):
        """What it lists, by id. An id that is listed twice is a list of two records."""
        found = {}
        for record in (await self.ask("list"))["records"]:
            found.setdefault(record["id"], []).append(record)
        return found

    async def status_of(self, other):
        """The status that it shows of another; of several records the first, as 1.4.2 finds it."""
        records = (await self.records()).get(other.id)
        return records[0]["status"] if records else "absent"

    def accusations(self, since=0.0, of=None):
        """The events in which it calls somebody, or one of some, suspect or failed."""
        return [
            event
            for event in self.events
            if event.new in ("suspect", "failed") and event.at >= since
            and (of is None or event.id in of)
        ]

    async def quit(self):
        """Ends it as its user would."""
        if self.is_up:
            self.is_up = False
            self._answers.append(asyncio.get_running_loop().create_future())
            self._process.stdin.write(b"quit\n")
            await self._end()

    async def kill(self):
        """Ends it as a crash would."""
        if self.is_up:
            self.is_up = False
            self._process.kill()
            await self._end()

    def stop(self):
        """Lets it stand still."""
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self):
        """Lets it run again."""
        self._process.send_signal(signal.SIGCONT)

    async def _end(self):
        try:
            await asyncio.wait_for(self._process.wait(), 5.0)
        except asyncio.TimeoutError:
            self._process.kill()
            await self._process.wait()
        await self._reading

    async def _read(self):
        loop = asyncio.get_running_loop()
        while line := await self._process.stdout.readline():
            try:
                said = json.loads(line)
            except ValueError:
                print(f"{self} says {line!r}", file=sys.stderr)
                continue
            if "answer" in said:
                answer = self._answers.pop(0)
                if not answer.done():
                    answer.set_result(said)
            elif said["event"] == "ready":
                self._ready.set_result(said)
            else:
                event = Event(
                    loop.time(), self.name, said["id"], said["old"], said["new"], said["event"]
                )
                self.events.append(event)
        for answer in self._answers:
            answer.cancel()
