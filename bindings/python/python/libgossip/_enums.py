"""The enumerations. Their numbers are those of the C interface."""

from __future__ import annotations

import enum


class _Numbered(enum.Enum):
    """Members that can be given where a number is needed."""

    def __int__(self) -> int:
        return int(self.value)

    def __index__(self) -> int:
        return int(self.value)


class NodeStatus(_Numbered):
    """What is held of a node, as version 1 has it: who left shows as FAILED."""

    UNKNOWN = 0
    JOINING = 1
    ONLINE = 2
    SUSPECT = 3
    FAILED = 4


class Status(enum.Enum):
    """What is held of a member. Unlike `NodeStatus` it tells LEFT apart."""

    UNKNOWN = "unknown"
    JOINING = "joining"
    ONLINE = "online"
    SUSPECT = "suspect"
    FAILED = "failed"
    LEFT = "left"

    def __str__(self) -> str:
        return str(self.value)


class MessageType(_Numbered):
    """What a message is for. The numbers 6 (a request to ping another node) and 7 (that this did not
    work) have no name and are plain ints."""

    PING = 0
    PONG = 1
    MEET = 2
    JOIN = 3
    LEAVE = 4
    UPDATE = 5


class ErrorCode(_Numbered):
    """What became of a call of a transport."""

    SUCCESS = 0
    NETWORK_ERROR = 1
    SERIALIZATION_ERROR = 2
    INVALID_ARGUMENT = 3
    OPERATION_NOT_PERMITTED = 4


class TransportType(_Numbered):
    """What carries the messages."""

    UDP = 0
    TCP = 1


class SerializationError(_Numbered):
    """What became of a call of a serializer."""

    SUCCESS = 0
    INVALID_INPUT = 1
    SERIALIZATION_FAILED = 2
    DESERIALIZATION_FAILED = 3
    UNSUPPORTED_FORMAT = 4
