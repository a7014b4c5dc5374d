"""The installed C library, by ctypes alone: nothing is compiled and nothing else is needed.

It shows that any foreign function interface can call the library, and serves where a package cannot
be built. The package in `bindings/python` is faster and looks more like Python.

The library is looked for at `GOSSIP_LIBRARY` (a file, or the folder that it is in), then where the
system finds it.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import enum
import os
import sys
from ctypes import POINTER, byref, c_char, c_char_p, c_int, c_size_t, c_uint16, c_uint64, c_void_p
from typing import Callable, List, Optional


class Status(enum.IntEnum):
    """What is held of a node."""

    UNKNOWN = 0
    JOINING = 1
    ONLINE = 2
    SUSPECT = 3
    FAILED = 4


class NodeId(ctypes.Structure):
    """16 bytes that no other node has."""

    _fields_ = [("data", ctypes.c_uint8 * 16)]

    def __bytes__(self) -> bytes:
        return bytes(self.data)

    @classmethod
    def random(cls) -> NodeId:
        """An id from the randomness of the operating system."""
        return cls.from_buffer_copy(os.urandom(16))


class NodeView(ctypes.Structure):
    """What is known of a node: `gossip_node_view_t`."""

    _fields_ = [
        ("id", NodeId),
        ("ip", c_char * 64),
        ("port", c_int),
        ("config_epoch", c_uint64),
        ("heartbeat", c_uint64),
        ("version", c_uint64),
        ("status", c_int),
        ("role", c_char * 64),
        ("region", c_char * 64),
        ("sent_messages", c_uint64),
        ("received_messages", c_uint64),
    ]

    def copy(self) -> NodeView:
        """A copy, for after the callback that it was given to."""
        return NodeView.from_buffer_copy(self)

    def __repr__(self) -> str:
        place = f"{self.ip.decode('utf-8', 'replace')}:{self.port}"
        return f"<NodeView {bytes(self.id).hex()} at {place} {Status(self.status).name.lower()}>"


class Message(ctypes.Structure):
    """A message between nodes: `gossip_message_t`."""

    _fields_ = [
        ("sender", NodeId),
        ("type", c_int),
        ("timestamp", c_uint64),
        ("entries", POINTER(NodeView)),
        ("entries_count", c_size_t),
    ]


class GossipError(Exception):
    """What the library says, by `gossip_last_error()`."""


_SEND = ctypes.CFUNCTYPE(None, POINTER(Message), POINTER(NodeView), c_void_p)
_EVENT = ctypes.CFUNCTYPE(None, POINTER(NodeView), c_int, c_void_p)

# The functions that are used: name, result, arguments.
_FUNCTIONS = [
    ("gossip_version", c_char_p, []),
    ("gossip_last_error", c_char_p, []),
    ("gossip_core_create", c_void_p, [POINTER(NodeView), _SEND, _EVENT, c_void_p]),
    ("gossip_core_destroy", None, [c_void_p]),
    ("gossip_core_tick", None, [c_void_p]),
    ("gossip_core_handle_message", None, [c_void_p, POINTER(Message)]),
    ("gossip_core_meet", None, [c_void_p, POINTER(NodeView)]),
    ("gossip_core_join", None, [c_void_p, POINTER(NodeView)]),
    ("gossip_core_leave", None, [c_void_p, POINTER(NodeId)]),
    ("gossip_core_self", POINTER(NodeView), [c_void_p]),
    ("gossip_core_free_self", None, [POINTER(NodeView)]),
    ("gossip_core_get_nodes", POINTER(NodeView), [c_void_p, POINTER(c_size_t)]),
    ("gossip_core_free_nodes", None, [POINTER(NodeView)]),
    ("gossip_core_find_node", c_int, [c_void_p, POINTER(NodeId), POINTER(NodeView)]),
    ("gossip_core_size", c_size_t, [c_void_p]),
    ("gossip_transport_factory_create", c_void_p, [c_int, c_char_p, c_uint16]),
    ("gossip_transport_destroy", None, [c_void_p]),
    ("gossip_transport_start", c_int, [c_void_p]),
    ("gossip_transport_stop", c_int, [c_void_p]),
    ("gossip_transport_port", c_uint16, [c_void_p]),
    ("gossip_transport_set_core", None, [c_void_p, c_void_p]),
    ("gossip_transport_send_message", c_int, [c_void_p, POINTER(Message), POINTER(NodeView)]),
]


def load(path: Optional[str] = None) -> ctypes.CDLL:
    """Loads the library and declares its functions. The interpreter is given away in each call."""
    path = path or os.environ.get("GOSSIP_LIBRARY") or ctypes.util.find_library("gossip")
    if path is None:
        raise OSError("libgossip is not installed; name its file or folder in GOSSIP_LIBRARY")
    if os.path.isdir(path):
        name = "libgossip.1.dylib" if sys.platform == "darwin" else "libgossip.so.1"
        path = os.path.join(path, name)
    library = ctypes.CDLL(path)
    for name, result, arguments in _FUNCTIONS:
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library


def _text(library: ctypes.CDLL) -> str:
    text: bytes = library.gossip_last_error()
    return text.decode("utf-8", "replace")


class Core:
    """The protocol of one node. Callbacks get structs that are gone when they return."""

    def __init__(
        self,
        library: ctypes.CDLL,
        own: NodeView,
        send: Callable[[Message, NodeView], object],
        event: Optional[Callable[[NodeView, Status], object]] = None,
    ) -> None:
        self._library = library
        # Kept, since the library holds their addresses. ctypes reports what they raise.
        self._send = _SEND(lambda msg, target, _: send(msg.contents, target.contents))
        self._event = _EVENT(
            lambda node, old, _: event and event(node.contents, Status(old))
        )
        self.handle: Optional[int] = library.gossip_core_create(
            byref(own), self._send, self._event, None
        )
        if self.handle is None:
            raise GossipError(_text(library))

    def close(self) -> None:
        """Frees it, after a callback that another thread runs."""
        if self.handle is not None:
            self._library.gossip_core_destroy(self.handle)
            self.handle = None

    def tick(self) -> None:
        """One round of the protocol."""
        self._library.gossip_core_tick(self.handle)

    def handle_message(self, message: Message) -> None:
        """Takes a message that the program carried."""
        self._library.gossip_core_handle_message(self.handle, byref(message))

    def meet(self, node: NodeView) -> None:
        """Makes a node known to this one and this one to it."""
        self._library.gossip_core_meet(self.handle, byref(node))

    def join(self, node: NodeView) -> None:
        """Like `meet`, and asks for the list of members."""
        self._library.gossip_core_join(self.handle, byref(node))

    def leave(self, id: NodeId) -> None:
        """Tells the others that a node leaves."""
        self._library.gossip_core_leave(self.handle, byref(id))

    @property
    def own(self) -> NodeView:
        """This node as it tells others of itself."""
        view = self._library.gossip_core_self(self.handle)
        if not view:
            raise GossipError(_text(self._library))
        try:
            return NodeView.copy(view.contents)
        finally:
            self._library.gossip_core_free_self(view)

    def nodes(self) -> List[NodeView]:
        """All known nodes but this one."""
        count = c_size_t()
        views = self._library.gossip_core_get_nodes(self.handle, byref(count))
        try:
            return [views[index].copy() for index in range(count.value)]
        finally:
            self._library.gossip_core_free_nodes(views)

    def find(self, id: NodeId) -> Optional[NodeView]:
        """One node by its id."""
        view = NodeView()
        found = self._library.gossip_core_find_node(self.handle, byref(id), byref(view))
        return view if found else None

    def __len__(self) -> int:
        return int(self._library.gossip_core_size(self.handle))


class Transport:
    """Carries messages over UDP, or TCP."""

    def __init__(self, library: ctypes.CDLL, host: str, port: int, tcp: bool = False) -> None:
        self._library = library
        create = library.gossip_transport_factory_create
        self.handle: Optional[int] = create(int(tcp), host.encode(), port)
        if self.handle is None:
            raise GossipError(_text(library))

    def close(self) -> None:
        """Stops it and frees it."""
        if self.handle is not None:
            self._library.gossip_transport_destroy(self.handle)
            self.handle = None

    def start(self) -> None:
        """Binds the address and makes the thread that reads."""
        self._check(self._library.gossip_transport_start(self.handle))

    def stop(self) -> None:
        """Closes everything and ends the thread."""
        self._check(self._library.gossip_transport_stop(self.handle))

    @property
    def port(self) -> int:
        """The port that is listened on."""
        return int(self._library.gossip_transport_port(self.handle))

    def set_core(self, core: Core) -> None:
        """Says which core takes the messages that come."""
        self._library.gossip_transport_set_core(self.handle, core.handle)

    def send(self, message: Message, target: NodeView) -> None:
        """Sends a message to the address of a node."""
        sent = self._library.gossip_transport_send_message(
            self.handle, byref(message), byref(target)
        )
        self._check(sent)

    def _check(self, code: int) -> None:
        if code != 0:
            raise GossipError(_text(self._library))
