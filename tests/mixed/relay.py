"""A network between nodes that sees all that passes: each node is reached through a port here.

Nodes announce that port. A datagram that comes to it goes on to the node, from the port of the
node that sent it, so that to all of them the others are where they say they are. A connection to
it becomes a connection to the node.
"""

import asyncio
import dataclasses
import socket
import struct
import sys

_LONGEST = 65536
_MOST_AT_ONCE = 256
_PREFIX = 4
# Linux notes when a datagram came, however late it is read.
_SO_TIMESTAMPNS = 35 if sys.platform == "linux" else None
# Datagrams of one sender that come closer to each other than this are a burst, in seconds.
BURST_GAP = 0.001


@dataclasses.dataclass
class Traffic:
    """What came for one node: frames of text, and packets."""

    texts: int = 0
    packets: int = 0
    datagrams: int = 0
    # Of which so many came right behind another of the same sender, and the longest such row.
    in_bursts: int = 0
    longest_burst: int = 1
    # How many datagrams had so many frames.
    frames: dict = dataclasses.field(default_factory=dict)
    _last: dict = dataclasses.field(default_factory=dict, repr=False)

    def copy(self):
        """What it was now."""
        return dataclasses.replace(self)

    def note_datagram(self, now, sender, frames):
        """Looks whether a datagram is part of a burst of its sender."""
        self.datagrams += 1
        self.frames[frames] = self.frames.get(frames, 0) + 1
        last, row = self._last.get(sender, (0.0, 0))
        row = row + 1 if now - last < BURST_GAP else 1
        self._last[sender] = (now, row)
        self.in_bursts += row > 1
        self.longest_burst = max(self.longest_burst, row)

    def count(self, texts, packets):
        """Counts one datagram, or one frame of a connection."""
        self.texts += texts
        self.packets += packets


class Relay:
    """The ports of all nodes of one cluster."""

    def __init__(self, host="127.0.0.1"):
        self.traffic = {}
        self._host = host
        self._loop = asyncio.get_running_loop()

    def close(self):
        """Closes all ports."""
        raise NotImplementedError


class Udp(Relay):
    """Datagrams."""

    def __init__(self):
        super().__init__()
        self._sockets = {}
        self._own_of = {}
        self._port_of = {}

    async def open(self):
        """A port for a node that is to be started."""
        one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        one.bind((self._host, 0))
        one.setblocking(False)
        if _SO_TIMESTAMPNS is not None:
            one.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        port = one.getsockname()[1]
        self._sockets[port] = one
        self.traffic[port] = Traffic()
        self._loop.add_reader(one, self._pass_on, port)
        return port

    async def attach(self, port, own_port):
        """The node of a port listens there itself."""
        self._own_of[port] = own_port
        self._port_of[own_port] = port

    async def detach(self, port):
        """The node of a port is gone; another may take its place."""
        self._port_of.pop(self._own_of.pop(port, None), None)

    def close(self):
        for one in self._sockets.values():
            self._loop.remove_reader(one)
            one.close()

    def _pass_on(self, port):
        for _ in range(_MOST_AT_ONCE):
            try:
                data, notes, _, (_, sender) = self._sockets[port].recvmsg(_LONGEST, 256)
            except OSError:  # Nothing more waits, or a node that is gone was written to.
                return
            source = self._port_of.get(sender)
            texts = _frames_in(data)
            self.traffic[port].count(texts, not texts)
            self.traffic[port].note_datagram(self._time_in(notes), source, texts)
            if source is not None and port in self._own_of:
                try:
                    self._sockets[source].sendto(data, (self._host, self._own_of[port]))
                except OSError:  # As on any network: it is lost.
                    pass

    def _time_in(self, notes):
        for level, kind, data in notes:
            if (level, kind) == (socket.SOL_SOCKET, _SO_TIMESTAMPNS):
                seconds, nanoseconds = struct.unpack("@ll", data)
                return seconds + nanoseconds / 1e9
        return self._loop.time()


class Tcp(Relay):
    """Connections. The port of a node that is gone refuses them, as the system would."""

    def __init__(self):
        super().__init__()
        self._servers = {}
        self._tasks = set()

    async def open(self):
        with socket.socket() as one:
            one.bind((self._host, 0))
            port = one.getsockname()[1]
        self.traffic[port] = Traffic()
        return port

    async def attach(self, port, own_port):
        async def accept(reader, writer):
            task = asyncio.current_task()
            self._tasks.add(task)
            try:
                await self._carry(port, own_port, reader, writer)
            finally:
                self._tasks.discard(task)

        self._servers[port] = await asyncio.start_server(accept, self._host, port)

    async def detach(self, port):
        server = self._servers.pop(port, None)
        if server is not None:
            server.close()

    def close(self):
        for server in self._servers.values():
            server.close()
        for task in list(self._tasks):
            task.cancel()

    async def _carry(self, port, own_port, reader, writer):
        try:
            back, forth = await asyncio.open_connection(self._host, own_port)
        except OSError:
            writer.transport.abort()
            return
        # When one way ends, the connection does.
        ways = [
            asyncio.ensure_future(self._pass_on(reader, forth, port)),
            asyncio.ensure_future(self._pass_on(back, writer, None)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            forth.transport.abort()
            writer.transport.abort()

    async def _pass_on(self, reader, writer, port):
        """Carries one direction; `port` is whose traffic it is, None for the way back."""
        rest = b""
        try:
            while data := await reader.read(_LONGEST):
                writer.write(data)
                await writer.drain()
                if port is not None:
                    rest = self._count(port, rest + data)
        except OSError:
            return

    def _count(self, port, data):
        """Counts the frames that are whole; gives what is left."""
        while len(data) >= _PREFIX:
            end = _PREFIX + int.from_bytes(data[:_PREFIX], "big")
            if len(data) < end:
                break
            is_text = data[_PREFIX : _PREFIX + 1] == b"{"
            self.traffic[port].count(is_text, not is_text)
            data = data[end:]
        return data


def _frames_in(datagram):
    """How many frames of text a datagram holds; 0 if it is a packet."""
    frames, at = 0, 0
    # The length of a text begins with a zero, a packet does not.
    while datagram[at : at + 1] == b"\0":
        at += _PREFIX + int.from_bytes(datagram[at : at + _PREFIX], "big")
        frames += 1
    return frames
