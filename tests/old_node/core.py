"""Section 4: the core of an old node, with the protocol defects P1 to P8 and P10 to P13 in it.

Time comes from a clock that is handed in, chance from a generator that is handed in, and messages
and events leave through two callbacks, so a test can drive a core without sockets or waiting.
"""

import re

from model import (
    EXTRA_ENTRIES,
    FAILED_ABOVE_SUSPICION,
    FAILURE_TIMEOUT_MS,
    FAN_OUT,
    MASK_64,
    Message,
    Status,
    Type,
)

_EPOCH_VALUE = re.compile(r"\s*([+-]?)([0-9]+)")


class Core:
    """The list of known nodes and the rules that change it.

    `clock()` gives milliseconds; `send(message, target)` and `event(record, old_status, cause)`
    are called at once and in order. `cause` is the model's own word for the rule that fired.
    """

    def __init__(self, me, clock, rng, send, event):
        self.me = me.copy()
        self.me.status = Status.ONLINE
        self.nodes = []
        self.sent = 0
        self.received = 0
        self._clock = clock
        self._rng = rng
        self._send_out = send
        self._event = event

    def find(self, node_id):
        """The first record with an id; the own id finds the node itself."""
        return self.me if node_id == self.me.id else self._listed(node_id)

    # What the program calls.

    def tick(self):
        """Pings up to three known nodes of any status (P8: the dead too), then judges silence."""
        others = [node for node in self.nodes if node.id != self.me.id]
        for target in self._rng.sample(others, min(FAN_OUT, len(others))):
            self._ping(target)
        self._beat()
        self._judge_silence(self._clock())

    def tick_full_broadcast(self):
        """Pings every online node and judges nobody."""
        for target in list(self.nodes):
            if target.status == Status.ONLINE:
                self._ping(target)
        self._beat()

    def meet(self, view):
        """Lists a node as joining and sends it a MEET at the address given."""
        self._introduce(view, Type.MEET)

    def join(self, view):
        """As `meet`, with another message type."""
        self._introduce(view, Type.JOIN)

    def leave(self, node_id):
        """Tells the online nodes that a listed node leaves.

        P5: the own id is not listed, so leaving oneself sends nothing. P6: the message has this
        node as its sender and the other with its old status, so receivers fail the wrong one.
        """
        leaving = self._listed(node_id)
        if leaving is None:
            return
        for target in list(self.nodes):
            if target.id != node_id and target.status == Status.ONLINE:
                self._send(Type.LEAVE, target, [leaving])
        self._change(leaving, Status.FAILED, "left")

    def reset(self):
        """Forgets the list and the counters; keeps id, metadata, epoch and status."""
        self.nodes.clear()
        self.me.heartbeat, self.me.version = 1, 0
        self.sent = self.received = 0

    def update_self_metadata(self, pairs):
        """Merges pairs of texts; a pair with a None counts but changes nothing."""
        if not pairs:
            return
        for key, value in pairs:
            if key is None or value is None:
                continue
            self.me.metadata[key] = value
            if key == "config_epoch":
                self._set_epoch(value)
        self._beat()

    def handle_message(self, message):
        """The six steps of a received message, in their order."""
        now = self._clock()
        self.received += 1
        sender = self._listed(message.sender)
        if sender is None and message.type in (Type.MEET, Type.JOIN):
            sender = self._admit(message, now)
        elif sender is None:
            # The first PING of an unknown node adds it here, with no answer and no refresh.
            if not self._merge(message, now):
                return
            sender = self._listed(message.sender)
        if sender is not None:
            self._refresh(sender, message, now)
        self._merge(message, now)
        if sender is not None and message.type in (Type.PING, Type.MEET, Type.JOIN):
            self._send(Type.PONG, sender, self._entries_without(message.sender))

    # The steps of a received message.

    def _admit(self, message, now):
        """An unknown node that introduces itself: its own entry is stored and becomes the sender.

        T3: without that entry nothing is stored and no PONG goes out.
        """
        for entry in message.entries:
            if entry.id == message.sender:
                self._update(entry, now)
                return self._listed(message.sender)
        return None

    def _refresh(self, sender, message, now):
        """What any message does for its known sender.

        P1: the heartbeat rises before the sender's own entry is compared, so that entry can no
        longer replace the record, and a suspect stays one. P12: one huge timestamp does so for
        good.
        """
        before = sender.status
        sender.heartbeat = max(sender.heartbeat, message.timestamp)
        sender.seen_time = now
        sender.version = (sender.version + 1) & MASK_64
        if before == Status.SUSPECT:
            sender.suspicion_count = 0
        elif before == Status.JOINING:
            self._change(sender, Status.ONLINE, "answered")
        if message.type == Type.LEAVE and before != Status.FAILED:
            sender.status = Status.FAILED
            self._event(sender, before, "left")

    def _merge(self, message, now):
        """Takes in every entry; whether an address rewrite named the sender."""
        named = False
        for entry in message.entries:
            if self._rename(entry):
                named = named or entry.id == message.sender
            self._update(entry, now)
        return named

    def _rename(self, entry):
        """The address rewrite: the first record at the entry's address takes the entry's id.

        P3: a node that restarts with a new id inherits the failed record. P10: the zero id of a
        meeting is filled in so, if the address texts match. P11: any entry is believed, and an id
        that is listed already is then listed twice.
        """
        for node in self.nodes:
            if node.ip == entry.ip and node.port == entry.port and node.id != entry.id:
                node.id = entry.id
                return True
        return False

    def _update(self, entry, now):
        """The update rule. P2: a low heartbeat never replaces a high one, whoever sends it."""
        stored = self._listed(entry.id)
        if stored is None:
            self._append(entry, now, "listed")
            return
        old_status, old_metadata = stored.status, stored.metadata
        if entry.can_replace(stored):
            self._overwrite(stored, entry, now)
        elif (entry.config_epoch, entry.heartbeat) == (stored.config_epoch, stored.heartbeat):
            # P13: also with an empty map, which is all that a C view can carry.
            stored.metadata = dict(entry.metadata)
        if stored.status != old_status or stored.metadata != old_metadata:
            cause = "metadata" if stored.status == old_status else "replaced"
            self._event(stored, old_status, cause)

    def _overwrite(self, stored, entry, now):
        vars(stored).update(vars(entry.copy()))
        stored.seen_time = now
        if stored.status == Status.UNKNOWN:
            stored.status = Status.JOINING

    def _append(self, view, now, cause):
        """P9: nothing keeps the own id out of the list."""
        record = view.copy()
        record.seen_time = now
        if record.status == Status.UNKNOWN:
            record.status = Status.JOINING
        self.nodes.append(record)
        self._event(record, Status.UNKNOWN, cause)

    # Silence.

    def _judge_silence(self, now):
        """P4, P7: each node judges alone and by direct messages only. P8: nobody is removed."""
        for node in list(self.nodes):
            if node.status == Status.ONLINE:
                if now - node.seen_time >= FAILURE_TIMEOUT_MS:
                    self._suspect(node, now)
                    self._change(node, Status.SUSPECT, "suspected")
            elif node.status == Status.SUSPECT:
                if now - node.last_suspected >= FAILURE_TIMEOUT_MS:
                    self._suspect(node, now)
                    if node.suspicion_count > FAILED_ABOVE_SUSPICION:
                        self._change(node, Status.FAILED, "failed")

    def _suspect(self, node, now):
        node.suspicion_count += 1
        node.last_suspected = now

    # Small parts.

    def _listed(self, node_id):
        return next((node for node in self.nodes if node.id == node_id), None)

    def _change(self, node, status, cause):
        old, node.status = node.status, status
        self._event(node, old, cause)

    def _beat(self):
        self.me.heartbeat = (self.me.heartbeat + 1) & MASK_64
        self.me.version = (self.me.version + 1) & MASK_64

    def _introduce(self, view, kind):
        if view.id == self.me.id:
            return
        if self._listed(view.id) is None:
            joining = view.copy()
            joining.status = Status.JOINING
            self._append(joining, self._clock(), "met")
        self._send(kind, view, [self.me])

    def _ping(self, target):
        self._send(Type.PING, target, self._entries_without(target.id))

    def _entries_without(self, node_id):
        """This node, then up to two others of any status."""
        others = [node for node in self.nodes if node.id != node_id]
        return [self.me, *self._rng.sample(others, min(EXTRA_ENTRIES, len(others)))]

    def _send(self, kind, target, entries):
        self.sent += 1
        copies = [entry.copy() for entry in entries]
        self._send_out(Message(self.me.id, kind, self.me.heartbeat, copies), target)

    def _set_epoch(self, text):
        """An epoch is parsed as `strtoull` does: blanks before, rubbish behind, a sign."""
        match = _EPOCH_VALUE.match(text)
        if match is None or int(match[2]) > MASK_64:
            return
        number = int(match[2])
        self.me.config_epoch = (-number if match[1] == "-" else number) & MASK_64
