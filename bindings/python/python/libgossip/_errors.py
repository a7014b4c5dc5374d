"""The exceptions: all are `GossipError`, and each is also the built-in one that fits."""

from __future__ import annotations

from typing import NamedTuple, Sequence, Tuple


class GossipError(Exception):
    """The base of all exceptions of this package."""


class ArgumentError(GossipError, ValueError):
    """An argument is out of range or otherwise of no use; the text names it."""


class ArgumentTypeError(GossipError, TypeError):
    """An argument is of another type than is needed; the text names it."""


class CommandError(GossipError, ValueError):
    """The protocol refused what it was asked to do; nothing was changed."""


class StateError(GossipError, RuntimeError):
    """It cannot be done now: the node is not started, is started already, or is in a callback."""


class ForkedError(StateError):
    """The object belongs to the parent of this forked process."""


class InternalError(GossipError, RuntimeError):
    """A fault of the library happened to the object before; make a new one."""


class NetworkError(GossipError, OSError):
    """The operating system refused a socket, an address or a thread."""


class JoinFailure(NamedTuple):
    """A target of a join that did not answer, and why."""

    target: str
    reason: str


class JoinError(GossipError, ConnectionError):
    """No target of a join can be asked, or nobody answered one that requires an answer.

    The node goes on asking those that may still answer. `failures` says for each target why it did
    not answer.
    """

    failures: Tuple[JoinFailure, ...]

    def __init__(self, text: str, failures: Sequence[Tuple[str, str]] = ()) -> None:
        super().__init__(text)
        self.failures = tuple(JoinFailure(*failure) for failure in failures)

    def __reduce__(self) -> Tuple[type, Tuple[str, Tuple[JoinFailure, ...]]]:
        return type(self), (str(self), self.failures)
