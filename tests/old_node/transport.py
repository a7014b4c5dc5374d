"""Section 4, "Transports", and section 5.2: what UDP and TCP share, and UDP itself."""

import ipaddress
import selectors
import socket

import views
import wire
from shared_buffer import BUFFER_SIZE, SharedBuffer
from stats import Stats

SUCCESS, NETWORK_ERROR, SERIALIZATION_ERROR = 0, 1, 2
_MOST_AT_ONCE = 1024


class Transport:
    """Turns messages into frames on a socket and back; subclasses own the sockets.

    `handler` is called with each message. While `paused` the node is deaf and mute: what arrives
    is thrown away, what it sends goes nowhere, and its core knows nothing of that.
    """

    def __init__(self, layer):
        self.stats = Stats()
        self.paused = False
        self.handler = None
        self._layer = layer

    def send(self, message, target):
        """Sends a message to a record's address; gives the error code of the C API."""
        if self.paused:
            self.stats.dropped_in_pause += 1
            return SUCCESS
        try:
            data = wire.frame(wire.encode(views.outgoing(self._layer, message)))
        except wire.WireError:
            self.stats.unsendable += 1
            return SERIALIZATION_ERROR
        try:
            ipaddress.ip_address(target.ip)
        except ValueError:
            # The manager of 1.4.2 aborts its process here; the model counts and lives on.
            self.stats.bad_addresses += 1
            return NETWORK_ERROR
        try:
            self._send_bytes(data, (target.ip, target.port & 0xFFFF))
        except OSError:
            self.stats.send_errors += 1
            return NETWORK_ERROR
        self.stats.left(data, message)
        return SUCCESS

    def _send_bytes(self, data, address):
        raise NotImplementedError

    def _arrived(self, data):
        """Counts what came in; gives its messages, or None while paused."""
        if self.paused:
            self.stats.dropped_in_pause += 1
            return None
        payloads = wire.split_frames(data)
        messages = list(_readable(payloads))
        self.stats.arrived(data, len(payloads), len(messages))
        return messages

    def _handle(self, messages):
        for message in messages:
            self.stats.handled(message)
            self.handler(views.incoming(self._layer, message))


class Udp(Transport):
    """One socket for both directions, and the shared receive buffer of T1."""

    def __init__(self, bind, port, layer, bursts, rng):
        super().__init__(layer)
        self._buffer = SharedBuffer(bursts, rng)
        self._socket = socket.socket(family_of(bind), socket.SOCK_DGRAM)
        self._socket.bind((bind, port))
        self._socket.setblocking(False)
        self.port = self._socket.getsockname()[1]

    def register(self, selector):
        """Lets a selector call this transport when something arrives."""
        selector.register(self._socket, selectors.EVENT_READ, self.read)

    def read(self):
        """Takes the datagrams that wait and handles what the shared buffer leaves of them."""
        burst = self._waiting()
        arrived = [messages for data in burst if (messages := self._arrived(data)) is not None]
        if not arrived:
            return
        self.stats.largest_burst = max(self.stats.largest_burst, len(burst))
        seen = self._buffer.receive(burst)
        self.stats.lost_in_bursts = self._buffer.lost
        self.stats.outstanding_receives = self._buffer.outstanding
        for data, whole, messages in zip(seen, burst, arrived):
            if data != whole:
                messages = _readable(wire.split_frames(data))
            self._handle(messages)

    def close(self):
        """Closes the socket."""
        self._socket.close()

    def _waiting(self):
        burst = []
        while len(burst) < _MOST_AT_ONCE:
            try:
                burst.append(self._socket.recv(BUFFER_SIZE))
            except OSError:  # Nothing more waits.
                break
        return burst

    def _send_bytes(self, data, address):
        """T9: a message that no datagram can hold is dropped with an error."""
        self._socket.sendto(data, address)


def family_of(ip):
    """The address family of a numeric address."""
    return socket.AF_INET6 if ipaddress.ip_address(ip).version == 6 else socket.AF_INET


def _readable(payloads):
    """The messages among payloads; a bad frame is dropped alone."""
    for payload in payloads:
        try:
            yield wire.decode(payload)
        except wire.WireError:
            continue
