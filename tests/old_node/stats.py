"""What a node counts of its traffic. Over TCP a `datagram` is one read or one write."""

import collections
import dataclasses

from model import Type, name_of


def _counter():
    return dataclasses.field(default_factory=collections.Counter)


@dataclasses.dataclass
class Stats:
    """Plain counters; the arriving side counts what came in, whether or not it was then lost."""

    datagrams_in: int = 0
    datagrams_out: int = 0
    bytes_in: int = 0
    bytes_out: int = 0
    lost_in_bursts: int = 0
    largest_burst: int = 0
    outstanding_receives: int = 0
    not_json_in: int = 0
    frames_per_datagram: collections.Counter = _counter()
    messages_in: collections.Counter = _counter()
    messages_out: collections.Counter = _counter()
    unsendable: int = 0
    bad_addresses: int = 0
    send_errors: int = 0
    dropped_in_pause: int = 0

    def as_dict(self):
        """The counters as plain numbers and maps."""
        return {
            name: dict(value) if isinstance(value, collections.Counter) else value
            for name, value in vars(self).items()
        }

    def arrived(self, data, frames, readable):
        """Counts one datagram of so many frames, of which so many were messages."""
        self.datagrams_in += 1
        self.bytes_in += len(data)
        self.frames_per_datagram[str(frames)] += 1
        self.not_json_in += readable == 0

    def left(self, data, message):
        """Counts one sent message."""
        self.datagrams_out += 1
        self.bytes_out += len(data)
        self.messages_out[name_of(Type, message.type)] += 1

    def handled(self, message):
        """Counts one message that reached the core."""
        self.messages_in[name_of(Type, message.type)] += 1
