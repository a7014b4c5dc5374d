"""What the checks share: a core on a clock that they move, and messages written down shortly."""

import random

from core import Core
from model import Message, Record, Status, Type

ME, A, B, C, D = (bytes([number]) + bytes(15) for number in (0xEE, 0xA, 0xB, 0xC, 0xD))


def record(node_id, **facts):
    """An online record whose port follows from its id."""
    defaults = {"ip": "127.0.0.1", "port": 7000 + node_id[0], "status": Status.ONLINE}
    return Record(id=node_id, **(defaults | facts))


class Bench:
    """A core, the messages and events it gave, and the hand on its clock."""

    def __init__(self, *known, **facts):
        self.now = 0.0
        self.sent = []
        self.events = []
        self.core = Core(
            record(ME, **({"heartbeat": 1} | facts)),
            lambda: self.now,
            random.Random(1),
            lambda message, target: self.sent.append((message, target.copy())),
            self._on_event,
        )
        for one in known:
            self.core.nodes.append(one)
            one.seen_time = self.now

    def _on_event(self, node, old, _cause):
        self.events.append((node.id, int(old), int(node.status)))

    def hear(self, kind, sender, *entries, timestamp=None):
        """Handles a message; its timestamp is by default the heartbeat of its first entry."""
        if timestamp is None:
            timestamp = entries[0].heartbeat if entries else 0
        self.core.handle_message(Message(sender, kind, timestamp, list(entries)))

    def hear_ping(self, sender, heartbeat, *others, **facts):
        """A PING as a node sends it: its own entry first, with the timestamp as heartbeat."""
        self.hear(Type.PING, sender, record(sender, heartbeat=heartbeat, **facts), *others)

    def pass_time(self, milliseconds, step=100):
        """Ticks on and on over a span of time."""
        end = self.now + milliseconds
        while self.now < end:
            self.now += step
            self.core.tick()

    def status(self, node_id):
        """What the core thinks of a node."""
        return self.core.find(node_id).status

    def kinds(self):
        """The types of the messages sent so far, which are then forgotten."""
        kinds = [message.type for message, _ in self.sent]
        self.sent.clear()
        return kinds

    def take_events(self):
        """The events so far, which are then forgotten."""
        events, self.events = self.events, []
        return events
