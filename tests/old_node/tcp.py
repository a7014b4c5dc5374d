"""TCP with its defects: T4 to T7.

Frames are read from connections that peers open; what this node sends, answers included, leaves on
a connection of its own to the address of the record.
"""

import functools
import selectors
import socket

from transport import Transport, family_of

READ_SIZE = 65536


class Tcp(Transport):
    """A listening socket, the connections it accepted, and the outbound ones by address."""

    def __init__(self, bind, port, layer):
        super().__init__(layer)
        self._selector = None
        self._outbound = {}
        self._accepted = set()
        self._listener = socket.socket(family_of(bind), socket.SOCK_STREAM)
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.bind((bind, port))
        self._listener.listen()
        self._listener.setblocking(False)
        self.port = self._listener.getsockname()[1]

    def register(self, selector):
        """Lets a selector call this transport when something arrives."""
        self._selector = selector
        selector.register(self._listener, selectors.EVENT_READ, self._accept)

    def close(self):
        """Closes every socket."""
        for connection in [self._listener, *self._accepted, *self._outbound.values()]:
            connection.close()

    def handle_read(self, data):
        """T4: each read is parsed afresh, so a frame that two reads share, or longer than a read,
        is lost, and the rest of the second read is taken for frames from its first byte on.
        """
        messages = self._arrived(data)
        if messages:
            self._handle(messages)

    def _accept(self):
        try:
            connection, _ = self._listener.accept()
        except OSError:
            return
        connection.setblocking(False)
        self._accepted.add(connection)
        read = functools.partial(self._read, connection)
        self._selector.register(connection, selectors.EVENT_READ, read)

    def _read(self, connection):
        try:
            data = connection.recv(READ_SIZE)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data:
            self.handle_read(data)
        else:
            self._selector.unregister(connection)
            self._accepted.discard(connection)
            connection.close()

    def _send_bytes(self, data, address):
        """T5: a partial write counts as sent. T6: a dead connection stays cached, and every later
        send fails. T7: connecting blocks the whole node.
        """
        connection = self._outbound.get(address)
        if connection is None:
            connection = socket.socket(family_of(address[0]), socket.SOCK_STREAM)
            try:
                connection.connect(address)
            except OSError:
                connection.close()
                raise
            connection.setblocking(False)
            self._outbound[address] = connection
        connection.send(data)
