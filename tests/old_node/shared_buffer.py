"""T1: every datagram leaves one more receive outstanding, and all of them share one buffer.

When several datagrams wait, the outstanding receives take them one after another into the same
bytes, and only then do the handlers run. Each sees its own length of what lies in the buffer by
then: the last datagram, and behind its end remains of longer ones. So of datagrams of one size
all but the last are lost and the last is handled once for each.

How many are taken together depends on how fast the sender is. `measured` draws it so that bursts of
5 lose 21 % and bursts of 50 lose 55 to 60 %, as observed. `all` takes whatever waits, up to the
number of receives. `none` switches the defect off, for tests of the protocol alone.
"""

MODES = ("measured", "all", "none")
BUFFER_SIZE = 65536

# The odds that a datagram overwrites the one before it. With p in the first four gaps of a burst
# and q in all others, a burst of 5 loses 4p/5 and one of 50 loses (4p + 45q)/50: 0.21 and 0.575.
_EARLY_GAPS = 4
_EARLY_ODDS = 0.2625
_LATER_ODDS = 0.6155


class SharedBuffer:
    """The receive side of an old UDP transport, without its socket."""

    def __init__(self, mode, rng):
        self.outstanding = 1
        self.lost = 0
        self._mode = mode
        self._rng = rng
        self._buffer = bytearray(BUFFER_SIZE)

    def receive(self, burst):
        """What the handlers see of datagrams that wait together, one item for each datagram."""
        seen, at = [], 0
        while at < len(burst):
            group = burst[at : at + self._size_of_group(at, len(burst))]
            at += len(group)
            for datagram in group:
                self._buffer[: len(datagram)] = datagram
            seen += [bytes(self._buffer[: len(datagram)]) for datagram in group]
            self.lost += len(group) - 1
            self.outstanding += len(group)
        return seen

    def _size_of_group(self, start, end):
        """How many datagrams from `start` on are taken before any handler runs."""
        most = min(end - start, self.outstanding)
        if self._mode == "none":
            return 1
        if self._mode == "all":
            return most
        size = 1
        while size < most and self._rng.random() < self._odds(start + size):
            size += 1
        return size

    @staticmethod
    def _odds(gap):
        return _EARLY_ODDS if gap <= _EARLY_GAPS else _LATER_ODDS
