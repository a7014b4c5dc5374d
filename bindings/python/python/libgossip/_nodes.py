"""The high-level classes of version 1.4.2: nodes that the program ticks.

New programs take `libgossip.Node`, which runs by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Any, Callable, List, Optional, Tuple, Type, TypeVar, Union

from ._core import (
    GossipCore,
    GossipMessage,
    GossipStats,
    NodeId,
    NodeView,
    Transport,
)
from ._enums import ErrorCode, NodeStatus, TransportType
from ._errors import ArgumentTypeError, NetworkError, StateError
from ._transports import TransportFactory

MessageHandler = Callable[[GossipMessage, NodeView], object]
EventHandler = Callable[[NodeView, NodeStatus], object]
_M = TypeVar("_M", bound=MessageHandler)
_E = TypeVar("_E", bound=EventHandler)


class GossipNode:
    """A core with a transport: the program calls `tick()` for each round.

    `on_message` handlers are called with each message before it is sent, `on_event` handlers with each
    change of a node.
    """

    node_view: NodeView

    def __init__(self, ip: str, port: int, status: NodeStatus = NodeStatus.ONLINE) -> None:
        self.node_view = NodeView(id=NodeId.generate_random(), ip=ip, port=port, status=status)
        self._core: Optional[GossipCore] = None
        self._transport: Optional[Transport] = None
        self._message_handlers: List[MessageHandler] = []
        self._event_handlers: List[EventHandler] = []

    @property
    def id(self) -> NodeId:
        """The id, a random one."""
        return self.node_view.id

    @property
    def ip(self) -> str:
        """The address that it listens on."""
        return self.node_view.ip

    @property
    def port(self) -> int:
        """The port that it listens on; after a start with port 0 the one that was free."""
        return self.node_view.port

    @property
    def is_started(self) -> bool:
        """Whether `start()` was called."""
        return self._transport is not None

    def on_message(self, handler: _M) -> _M:
        """Adds a handler, called with a message and its target before that is sent. A decorator."""
        _check("on_message", handler)
        self._message_handlers.append(handler)
        return handler

    def on_event(self, handler: _E) -> _E:
        """Adds a handler, called with a node and its status before. A decorator."""
        _check("on_event", handler)
        self._event_handlers.append(handler)
        return handler

    def start(
        self, transport_type: TransportType = TransportType.UDP
    ) -> Tuple[GossipNode, ErrorCode]:
        """Listens; gives this node and what became of it."""
        if self._transport is None:
            self._transport = TransportFactory.create_transport(transport_type, self.ip, self.port)
        if self._core is None and self.port == 0:
            # The core tells others its port, so that one has to be known first.
            code = self._transport.start()
            if code is not ErrorCode.SUCCESS:
                return self, code
            self.node_view.port = self._transport.port
            self._make_core(self._transport)
            return self, code
        if self._core is None:
            self._make_core(self._transport)
        return self, self._transport.start()

    def _make_core(self, transport: Transport) -> None:
        self._core = GossipCore(self.node_view, self._send, self._tell)
        transport.set_gossip_core(self._core)

    def meet(self, other: Union[GossipNode, NodeView]) -> GossipNode:
        """Makes a node known to this one and this one to it."""
        self._running("meet").meet(_view("meet", other))
        return self

    def join(self, other: Union[GossipNode, NodeView]) -> GossipNode:
        """Like `meet`, and asks for the list of members."""
        self._running("join").join(_view("join", other))
        return self

    def leave(self, node_id: Optional[NodeId] = None) -> GossipNode:
        """Tells the others that this node leaves, or that another one left."""
        self._running("leave").leave(self.id if node_id is None else node_id)
        return self

    def tick(self) -> GossipNode:
        """One round of the protocol."""
        self._running("tick").tick()
        return self

    def get_nodes(self) -> List[NodeView]:
        """All known nodes but this one; none before the start."""
        return [] if self._core is None else self._core.get_nodes()

    def get_stats(self) -> GossipStats:
        """What was counted."""
        return GossipStats() if self._core is None else self._core.get_stats()

    def size(self) -> int:
        """How many nodes are known."""
        return 0 if self._core is None else self._core.size()

    def stop(self) -> ErrorCode:
        """Closes the transport. The node may be started again."""
        return ErrorCode.SUCCESS if self._transport is None else self._transport.stop()

    def send_message(self, msg: GossipMessage, target: Union[GossipNode, NodeView]) -> ErrorCode:
        """Sends a message of the program's own."""
        view = _view("send_message", target)
        if self._transport is None:
            return ErrorCode.NETWORK_ERROR
        return self._transport.send_message(msg, view)

    def _running(self, function: str) -> GossipCore:
        if self._core is None:
            raise StateError(f"GossipNode.{function}(): the node was not started; start it first")
        return self._core

    def _send(self, msg: GossipMessage, target: NodeView) -> None:
        for handler in self._message_handlers:
            handler(msg, target)
        if self._transport is not None:
            self._transport.send_message(msg, target)

    def _tell(self, node: NodeView, old_status: NodeStatus) -> None:
        for handler in self._event_handlers:
            handler(node, old_status)

    def __enter__(self) -> GossipNode:
        _, code = self.start()
        if code is not ErrorCode.SUCCESS:
            reason = "" if self._transport is None else self._transport.last_error
            raise NetworkError(f"GossipNode.start(): {error_code_to_string(code)}: {reason}")
        return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        self.stop()

    def __repr__(self) -> str:
        return f"<GossipNode {self.id.hex} at {self.ip}:{self.port}, {self.size()} nodes>"


class NetworkCluster:
    """Several nodes in this process, each of which meets each."""

    nodes: List[GossipNode]
    transport_type: TransportType

    def __init__(
        self,
        nodes_config: Iterable[Tuple[str, int]],
        transport_type: TransportType = TransportType.UDP,
    ) -> None:
        self.nodes = []
        self.transport_type = transport_type
        self._config = [(ip, port) for ip, port in nodes_config]

    def start(self) -> NetworkCluster:
        """Makes and starts the nodes."""
        self.nodes = create_cluster(self._config, self.transport_type)
        return self

    def stop(self) -> None:
        """Stops all nodes."""
        for node in self.nodes:
            node.stop()

    def broadcast_message(self, message: GossipMessage) -> None:
        """Sends a message of the program's own from each node to each other."""
        for node in self.nodes:
            for target in self.nodes:
                if target is not node:
                    node.send_message(message, target)

    def __enter__(self) -> NetworkCluster:
        return self.start()

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        self.stop()

    def __iter__(self) -> Iterator[GossipNode]:
        return iter(self.nodes)

    def __len__(self) -> int:
        return len(self.nodes)

    def __repr__(self) -> str:
        return f"<NetworkCluster of {len(self.nodes)} nodes>"


def create_node(ip: str, port: int, status: NodeStatus = NodeStatus.ONLINE) -> GossipNode:
    """Makes a node; it is to be started."""
    return GossipNode(ip, port, status)


def create_cluster(
    nodes: Iterable[Tuple[str, int]], transport_type: TransportType = TransportType.UDP
) -> List[GossipNode]:
    """Makes and starts nodes, and lets each meet each.

    :raises NetworkError: if one cannot listen; those that could are stopped.
    """
    made = [GossipNode(ip, port) for ip, port in nodes]
    for node in made:
        _, code = node.start(transport_type)
        if code is not ErrorCode.SUCCESS:
            for other in made:
                other.stop()
            text = error_code_to_string(code)
            raise NetworkError(f"create_cluster(): {node.ip}:{node.port} cannot listen: {text}")
    for node in made:
        for other in made:
            if other is not node:
                node.meet(other)
    return made


_CODES = {code: code.name.lower() for code in ErrorCode}


def error_code_to_string(error_code: object) -> str:
    """The name of an error code in lower case."""
    if isinstance(error_code, ErrorCode):
        return _CODES[error_code]
    return f"unknown({error_code})"


def _view(function: str, node: object) -> NodeView:
    if isinstance(node, GossipNode):
        return node.node_view
    if isinstance(node, NodeView):
        return node
    raise ArgumentTypeError(
        f"GossipNode.{function}(): node is {node!r}; give a GossipNode or a NodeView"
    )


def _check(function: str, handler: Any) -> None:
    if not callable(handler):
        raise ArgumentTypeError(
            f"GossipNode.{function}(): handler is {handler!r}; give something that can be called"
        )
