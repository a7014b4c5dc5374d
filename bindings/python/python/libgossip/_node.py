"""A node that runs itself, for programs with and without an event loop."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass
from datetime import timedelta
from types import TracebackType
from typing import Callable, Optional, Tuple, Type, TypeVar, Union

from ._core import Event, EventQueue, Member, NodeBase, NodeId
from ._errors import ArgumentTypeError, JoinFailure, StateError

_T = TypeVar("_T")

Seconds = Union[float, timedelta]
"""A length of time: a number of seconds or a timedelta."""

Targets = Union[str, Iterable[str]]
"""Whom to join: `host:port`, `[v6]:port` or `name:port`, or several of them."""

LEAVE_SECONDS = 1.0
"""How long the end of a `with` block takes at most to tell the others."""


@dataclass(frozen=True)
class JoinResult:
    """What came of a join: how many targets answered, and which are known not to have, and why.

    None may have answered: the node goes on asking.
    """

    answered: int
    failures: Tuple[JoinFailure, ...]


@dataclass(frozen=True)
class NodeStats:
    """What a node counted since its last start, and what waits in it now."""

    messages_sent: int
    messages_received: int
    messages_refused: int
    messages_of_other_clusters: int
    messages_malformed: int
    entries_dropped: int
    probes: int
    probes_answered: int
    probes_failed: int
    suspicions: int
    failures: int
    refutations: int
    id_conflicts: int
    datagrams_sent: int
    datagrams_received: int
    bytes_sent: int
    bytes_received: int
    datagrams_unsent: int
    junk: int
    awareness: int
    joins_waiting: int
    news_waiting: int
    suspicions_running: int
    changes_waiting: int
    changes_joined: int
    listens_on_tcp: bool


@dataclass(frozen=True)
class Peer:
    """What a node knows of its way to a member. Times are in seconds, points in time those of
    `time.monotonic()`; None is what is not known."""

    round_trip: Optional[float]
    loss: float
    flaps: int
    changed: float
    seen: float
    suspected: Optional[float]
    accusers: int
    interval: Optional[float]
    reads_packets: bool


class Metadata(MutableMapping[str, str]):
    """The own metadata of a node. What is set or deleted here is spread to all members."""

    __slots__ = ("_node",)

    def __init__(self, node: NodeBase) -> None:
        self._node = node

    def __getitem__(self, key: str) -> str:
        return self._node.own_metadata()[key]

    def __setitem__(self, key: str, value: str) -> None:
        self._node.update_metadata({key: value})

    def __delitem__(self, key: str) -> None:
        if not self._node.remove_metadata(key):
            raise KeyError(key)

    def __iter__(self) -> Iterator[str]:
        return iter(self._node.own_metadata())

    def __len__(self) -> int:
        return len(self._node.own_metadata())

    def update(  # type: ignore[override]
        self, pairs: Union[Mapping[str, str], Iterable[Tuple[str, str]]] = (), /, **more: str
    ) -> None:
        """Sets several pairs at once: the others see all of them or none."""
        try:
            together = {**dict(pairs), **more}
        except (TypeError, ValueError):
            raise ArgumentTypeError(
                f"Metadata.update(): pairs is {pairs!r}; give a mapping from str to str, or pairs"
            ) from None
        self._node.update_metadata(together)

    def __repr__(self) -> str:
        return f"<Metadata {self._node.own_metadata()!r}>"


class EventStream(Iterator[Event], AsyncIterator[Event]):
    """The events of a node from when it was made: for `for`, and for `async for`.

    It ends when the node is closed, or the stream. Several streams of one node each get all events.
    """

    def __init__(self, queue: EventQueue) -> None:
        self._queue = queue

    def get(self, timeout: Optional[Seconds] = None) -> Optional[Event]:
        """Waits for the next event; gives None at the end, or when the time is over."""
        return self._queue.get(timeout)

    def close(self) -> None:
        """Takes no further events. Those that wait can still be read."""
        self._queue.close()

    def __iter__(self) -> EventStream:
        return self

    def __next__(self) -> Event:
        event = self._queue.get()
        if event is None:
            raise StopIteration
        return event

    def __aiter__(self) -> EventStream:
        return self

    async def __anext__(self) -> Event:
        while True:
            event = self._queue.poll()
            if event is not None:
                return event
            if self._queue.is_closed:
                raise StopAsyncIteration
            loop = asyncio.get_running_loop()
            came: asyncio.Future[None] = loop.create_future()
            waker = _waker(loop, came)
            if self._queue.arm(waker):
                try:
                    await came
                finally:
                    self._queue.disarm(waker)

    def __enter__(self) -> EventStream:
        return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        state = "closed" if self._queue.is_closed else "open"
        return f"<EventStream {state}, {len(self._queue)} waiting>"


class Node(NodeBase):
    """A member of a cluster that runs by itself, over UDP and TCP, on threads of its own.

    It is started and closed by a `with` or `async with` block, or by `start()` and `close()`::

        node = libgossip.Node("127.0.0.1")
        events = node.events()
        async with node:
            await node.join(["127.0.0.1:7946"])
            async for event in events:
                print(event.member.address, event.status)

    At the end of a block it leaves the cluster, so that the others do not take it for failed. All
    methods may be called from any thread and from inside callbacks, and none keeps the interpreter
    while it waits. Without an event loop the waits are `join_blocking` and `leave_blocking`.

    :param bind_host: the numeric address to listen on; "0.0.0.0" is all of IPv4, "::" all of both.
    :param port: the port to listen on, by UDP and TCP; 0 is any that is free.
    :param id: who it is; by default a random id. No two nodes may share one.
    :param role: a word for what it does, at most 63 bytes.
    :param region: a word for where it stands, at most 63 bytes.
    :param cluster: the name of the cluster; packets of another one are refused.
    :param advertise_host: the numeric address that others reach it at, where it is another one.
    :param advertise_port: the port that others reach it at, where it is another one.
    :param metadata: what it spreads with itself from the start.
    :param profile: "lan", "wan", "local", "quiet" or "loop": the constants of the protocol.
    :param protocol: constants of the protocol to be changed, by name.
    :param serializer: "auto" speaks to nodes of every version; "binary", "json" and "bincode" pin a
        form.
    :param settle: how long changes are held back before `on_changes` is told of them together.
    :param on_event: called with each `Event`, on a thread of the library.
    :param on_changes: called with lists of events, on the same thread.
    """

    def close(self) -> None:
        """Closes everything and ends the threads, without a leave: to the others that is a crash.
        It may be started again."""
        self.stop()

    async def join(
        self, targets: Targets, timeout: Seconds = 5.0, *, required: bool = False
    ) -> JoinResult:
        """Joins the cluster that any of the targets is in.

        All are asked at once. It ends as soon as one has answered, or when the time is over. Those
        that did not answer are asked on in the background, so silence is no error: the first node
        of a cluster has nobody to answer it.

        :param required: whether it is an error if nobody answers in time.
        :raises JoinError: if no target can be asked, since none is `host:port` or no name is known;
            or if an answer is required and nobody gave one.
        """
        must = bool(required)
        return _join_result(
            await _call(lambda done: self.join_and_call(targets, timeout, must, done))
        )

    def join_blocking(
        self, targets: Targets, timeout: Seconds = 5.0, *, required: bool = False
    ) -> JoinResult:
        """As `join`, for programs without an event loop. A signal ends it at once."""
        return _join_result(self.join_and_wait(targets, timeout, bool(required)))

    async def leave(self, timeout: Seconds = LEAVE_SECONDS) -> None:
        """Tells the others that this node leaves. It goes on to listen; a join brings it back."""
        await _call(lambda done: self.leave_and_call(timeout, done))

    def leave_blocking(self, timeout: Seconds = LEAVE_SECONDS) -> None:
        """As `leave`, for programs without an event loop. A signal ends it at once."""
        self.leave_and_wait(timeout)

    async def aclose(self) -> None:
        """As `close`, without keeping the event loop waiting."""
        await _call(self.stop_and_call)
        self.stop()

    def events(self, limit: Optional[int] = None) -> EventStream:
        """The events from now on, to iterate over with `for` or `async for`.

        Taken before the node is started, it gets all of them.

        :param limit: when so many events wait, further ones of the same member are joined to one,
            so that none is lost and memory stays bounded. The default is some 16 000.
        """
        return EventStream(self.queue(limit))

    @property
    def metadata(self) -> Metadata:
        """The own metadata; what is changed here is spread."""
        return Metadata(self)

    @property
    def host(self) -> str:
        """The address that it tells others; empty if they are to take the one that they see."""
        return self.local.host

    @property
    def address(self) -> Tuple[str, int]:
        """Host and port that it tells others."""
        return self.local.address

    @property
    def stats(self) -> NodeStats:
        """What was counted since the last start."""
        return NodeStats(**self.counts())

    def peer(self, id: NodeId) -> Optional[Peer]:
        """What is known of the way to a member; None for this node and for unknown ids."""
        counts = self.peer_counts(id)
        return None if counts is None else Peer(**counts)

    def __iter__(self) -> Iterator[Member]:
        return iter(self.members())

    def __getitem__(self, id: NodeId) -> Member:
        member = self.find(id)
        if member is None:
            raise KeyError(id)
        return member

    def __contains__(self, id: object) -> bool:
        return isinstance(id, NodeId) and self.find(id) is not None

    def __enter__(self) -> Node:
        self.start()
        return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        if self.is_foreign:
            return
        try:
            # Who is interrupted wants to get away.
            if kind is None or issubclass(kind, Exception):
                self.leave_blocking()
        except StateError:
            pass  # It was closed in the block.
        finally:
            self.close()

    async def __aenter__(self) -> Node:
        self.start()
        return self

    async def __aexit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        if self.is_foreign:
            return
        try:
            if kind is None or issubclass(kind, Exception):
                await self.leave()
        except StateError:
            pass
        finally:
            await self.aclose()

    def __del__(self, _warn: Callable[..., None] = warnings.warn) -> None:
        if not self.is_foreign and self.is_running:
            _warn(f"unclosed {self!r}", ResourceWarning, source=self)
            self.close()


def _join_result(result: Tuple[int, list[Tuple[str, str]]]) -> JoinResult:
    answered, failures = result
    return JoinResult(answered, tuple(JoinFailure(*failure) for failure in failures))


def _waker(loop: asyncio.AbstractEventLoop, came: asyncio.Future[None]) -> Callable[[], object]:
    """What a thread of the library calls to end the wait of a coroutine."""

    def wake() -> None:
        if not came.done():
            came.set_result(None)

    return lambda: loop.call_soon_threadsafe(wake)


async def _call(start: Callable[[Callable[[_T, Optional[BaseException]], None]], None]) -> _T:
    """Waits for something that the library does on a thread of its own.

    Nobody waits for that thread: if the coroutine is cancelled, it ends by itself.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[_T] = loop.create_future()

    def settle(result: _T, error: Optional[BaseException]) -> None:
        if future.done():
            return
        if error is None:
            future.set_result(result)
        else:
            future.set_exception(error)

    def done(result: _T, error: Optional[BaseException]) -> None:
        try:
            loop.call_soon_threadsafe(settle, result, error)
        except RuntimeError:
            pass  # The loop is closed, so nobody waits any more.

    start(done)
    return await future
