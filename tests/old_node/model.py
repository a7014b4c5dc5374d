"""The values an old node works with: records, messages, their enums and the fixed constants."""

import dataclasses
import enum

ZERO_ID = bytes(16)
MASK_64 = 2**64 - 1

# Section 4, "Constants". Nothing can change them: no field of `gossip_config` reaches the core.
FAN_OUT = 3
EXTRA_ENTRIES = 2
FAILURE_TIMEOUT_MS = 2000
FAILED_ABOVE_SUSPICION = 3
TICK_INTERVAL_MS = 100

# The epoch of the clock: a time that is always more than any timeout ago.
EPOCH = float("-inf")


class Status(enum.IntEnum):
    """What a node is thought to be. A peer may send any other number, and it is kept."""

    UNKNOWN = 0
    JOINING = 1
    ONLINE = 2
    SUSPECT = 3
    FAILED = 4


class Type(enum.IntEnum):
    """What a message is. A peer may send any other number up to 255."""

    PING = 0
    PONG = 1
    MEET = 2
    JOIN = 3
    LEAVE = 4
    UPDATE = 5


@dataclasses.dataclass
class Record:
    """What is known of one node. The two times are local and never sent."""

    id: bytes = ZERO_ID
    ip: str = ""
    port: int = 0
    config_epoch: int = 0
    heartbeat: int = 0
    version: int = 0
    status: int = Status.UNKNOWN
    role: str = ""
    region: str = ""
    metadata: dict = dataclasses.field(default_factory=dict)
    suspicion_count: int = 0
    seen_time: float = EPOCH
    last_suspected: float = EPOCH

    def copy(self):
        """A record that shares nothing with this one."""
        return dataclasses.replace(self, metadata=dict(self.metadata))

    def can_replace(self, other):
        """Whether a claim of this record beats a stored one: epoch first, then heartbeat."""
        mine = (self.config_epoch, self.heartbeat)
        return mine > (other.config_epoch, other.heartbeat)


@dataclasses.dataclass
class Message:
    """One message; the defaults are what a zero-length frame means."""

    sender: bytes = ZERO_ID
    type: int = Type.PING
    timestamp: int = 0
    entries: list = dataclasses.field(default_factory=list)


def name_of(kind, number):
    """The lower-case name of an enum's number, or the number as text."""
    try:
        return kind(number).name.lower()
    except ValueError:
        return str(number)
