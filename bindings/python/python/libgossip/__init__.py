"""libgossip: who is a member of a group of programs, who has failed, come back, or left.

`Node` is a member that runs by itself, for programs with and without asyncio. `GossipCore` is the
protocol alone, for programs that carry the messages themselves. `GossipNode` and its kin are the classes
of version 1.4.2.
"""

from __future__ import annotations

import atexit as _atexit
import logging as _logging

from ._core import (
    Event,
    GossipCore,
    GossipMessage,
    GossipStats,
    JsonSerializer,
    Member,
    MessageSerializer,
    NodeId,
    NodeView,
    Transport,
    __version__,
    close_all as _close_all,
)
from ._decorators import (
    async_network_operation,
    broadcast_to_cluster,
    circuit_breaker,
    event_handler,
    measure_latency,
    message_handler,
    message_type_filter,
    node_lifecycle,
    node_status_monitor,
    rate_limit,
    retry_on_network_error,
    with_timeout,
)
from ._enums import (
    ErrorCode,
    MessageType,
    NodeStatus,
    SerializationError,
    Status,
    TransportType,
)
from ._errors import (
    ArgumentError,
    ArgumentTypeError,
    CommandError,
    ForkedError,
    GossipError,
    InternalError,
    JoinError,
    JoinFailure,
    NetworkError,
    StateError,
)
from ._node import EventStream, JoinResult, Metadata, Node, NodeStats, Peer
from ._nodes import (
    GossipNode,
    NetworkCluster,
    create_cluster,
    create_node,
    error_code_to_string,
)
from ._transports import TcpTransport, TransportFactory, UdpTransport

UNKNOWN = NodeStatus.UNKNOWN
JOINING = NodeStatus.JOINING
ONLINE = NodeStatus.ONLINE
SUSPECT = NodeStatus.SUSPECT
FAILED = NodeStatus.FAILED

PING = MessageType.PING
PONG = MessageType.PONG
MEET = MessageType.MEET
JOIN = MessageType.JOIN
LEAVE = MessageType.LEAVE
UPDATE = MessageType.UPDATE

# That of SerializationError has the same name, and is to be had there alone.
SUCCESS = ErrorCode.SUCCESS
NETWORK_ERROR = ErrorCode.NETWORK_ERROR
SERIALIZATION_ERROR = ErrorCode.SERIALIZATION_ERROR
INVALID_ARGUMENT = ErrorCode.INVALID_ARGUMENT
OPERATION_NOT_PERMITTED = ErrorCode.OPERATION_NOT_PERMITTED

UDP = TransportType.UDP
TCP = TransportType.TCP

INVALID_INPUT = SerializationError.INVALID_INPUT
SERIALIZATION_FAILED = SerializationError.SERIALIZATION_FAILED
DESERIALIZATION_FAILED = SerializationError.DESERIALIZATION_FAILED
UNSUPPORTED_FORMAT = SerializationError.UNSUPPORTED_FORMAT

# A library says nothing by itself: lines go where the program sends them.
_logging.getLogger(__name__).addHandler(_logging.NullHandler())
_atexit.register(_close_all)

__all__ = [
    "ArgumentError",
    "ArgumentTypeError",
    "CommandError",
    "DESERIALIZATION_FAILED",
    "ErrorCode",
    "Event",
    "EventStream",
    "FAILED",
    "ForkedError",
    "GossipCore",
    "GossipError",
    "GossipMessage",
    "GossipNode",
    "GossipStats",
    "INVALID_ARGUMENT",
    "INVALID_INPUT",
    "InternalError",
    "JOIN",
    "JOINING",
    "JoinError",
    "JoinFailure",
    "JoinResult",
    "JsonSerializer",
    "LEAVE",
    "MEET",
    "Member",
    "MessageSerializer",
    "MessageType",
    "Metadata",
    "NETWORK_ERROR",
    "NetworkCluster",
    "NetworkError",
    "Node",
    "NodeId",
    "NodeStats",
    "NodeStatus",
    "NodeView",
    "ONLINE",
    "OPERATION_NOT_PERMITTED",
    "PING",
    "PONG",
    "Peer",
    "SERIALIZATION_ERROR",
    "SERIALIZATION_FAILED",
    "SUCCESS",
    "SUSPECT",
    "SerializationError",
    "StateError",
    "Status",
    "TCP",
    "TcpTransport",
    "Transport",
    "TransportFactory",
    "TransportType",
    "UDP",
    "UNKNOWN",
    "UNSUPPORTED_FORMAT",
    "UPDATE",
    "UdpTransport",
    "__version__",
    "async_network_operation",
    "broadcast_to_cluster",
    "circuit_breaker",
    "create_cluster",
    "create_node",
    "error_code_to_string",
    "event_handler",
    "measure_latency",
    "message_handler",
    "message_type_filter",
    "node_lifecycle",
    "node_status_monitor",
    "rate_limit",
    "retry_on_network_error",
    "with_timeout",
]
