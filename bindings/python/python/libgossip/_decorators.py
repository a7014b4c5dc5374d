"""The decorators of version 1.4.2. Those that have nothing to do with gossip are kept thin."""

from __future__ import annotations

import asyncio
import atexit
import functools
import logging
import threading
import time
from collections.abc import Awaitable, Iterable
from typing import Any, Callable, Dict, Optional, TypeVar, Union, cast

from ._core import GossipMessage, NodeView
from ._enums import ErrorCode, MessageType, NodeStatus
from ._errors import ArgumentError, GossipError, StateError
from ._nodes import GossipNode, NetworkCluster, error_code_to_string

_T = TypeVar("_T")
_F = TypeVar("_F", bound=Callable[..., object])

_logger = logging.getLogger("libgossip")


def message_handler(function: _F) -> _F:
    """Marks a function as a handler of messages."""
    setattr(function, "_is_message_handler", True)
    return function


def event_handler(function: _F) -> _F:
    """Marks a function as a handler of events."""
    setattr(function, "_is_event_handler", True)
    return function


def message_type_filter(
    *types: Union[MessageType, int],
) -> Callable[[Callable[[GossipMessage, NodeView], _T]], Callable[[GossipMessage, NodeView], Optional[_T]]]:
    """Makes a handler that is called for messages of these types only."""

    def decorate(
        function: Callable[[GossipMessage, NodeView], _T],
    ) -> Callable[[GossipMessage, NodeView], Optional[_T]]:
        @functools.wraps(function)
        def handler(msg: GossipMessage, target: NodeView) -> Optional[_T]:
            return function(msg, target) if msg.type in types else None

        setattr(handler, "_filtered_message_types", types)
        return message_handler(handler)

    return decorate


def node_status_monitor(
    *statuses: NodeStatus,
) -> Callable[[Callable[[NodeView, NodeStatus], _T]], Callable[[NodeView, NodeStatus], Optional[_T]]]:
    """Makes a handler that is called for nodes that come to be of these statuses only."""

    def decorate(
        function: Callable[[NodeView, NodeStatus], _T],
    ) -> Callable[[NodeView, NodeStatus], Optional[_T]]:
        @functools.wraps(function)
        def handler(node: NodeView, old_status: NodeStatus) -> Optional[_T]:
            return function(node, old_status) if node.status in statuses else None

        setattr(handler, "_monitored_statuses", statuses)
        return event_handler(handler)

    return decorate


def retry_on_network_error(
    max_retries: int = 3, delay: float = 0.1
) -> Callable[[Callable[..., _T]], Callable[..., _T]]:
    """Calls a function again after an exception, or if it gives an error code of the network or of a
    serializer: `max_retries` times at most, with twice the delay each time. In the end it raises what
    was raised, or a `GossipError` for a code."""
    _at_least("retry_on_network_error", "max_retries", max_retries, 1)
    _at_least("retry_on_network_error", "delay", delay, 0)

    def decorate(function: Callable[..., _T]) -> Callable[..., _T]:
        @functools.wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> _T:
            for attempt in range(max_retries):
                is_last = attempt == max_retries - 1
                try:
                    result = function(*args, **kwargs)
                except Exception:
                    if is_last:
                        raise
                else:
                    if result not in (ErrorCode.NETWORK_ERROR, ErrorCode.SERIALIZATION_ERROR):
                        return result
                    if is_last:
                        code = error_code_to_string(result)
                        raise GossipError(f"{_name(function)}(): {code} after {max_retries} tries")
                time.sleep(delay * 2**attempt)
            raise AssertionError("the last attempt returned or raised")

        return wrapper

    return decorate


def async_network_operation(function: Callable[..., _T]) -> Callable[..., Awaitable[_T]]:
    """Makes a coroutine of a function that waits, run on a thread of the loop's executor."""

    @functools.wraps(function)
    async def wrapper(*args: Any, **kwargs: Any) -> _T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(None, functools.partial(function, *args, **kwargs))

    return wrapper


def with_timeout(timeout: float = 5.0) -> Callable[[Callable[..., _T]], Callable[..., _T]]:
    """Waits no longer than so many seconds for a function, then raises `TimeoutError`. The function runs
    on a thread of its own, and goes on there."""
    _at_least("with_timeout", "timeout", timeout, 0)

    def decorate(function: Callable[..., _T]) -> Callable[..., _T]:
        @functools.wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> _T:
            results: list[_T] = []
            errors: list[BaseException] = []

            def run() -> None:
                try:
                    results.append(function(*args, **kwargs))
                except BaseException as error:
                    errors.append(error)

            thread = threading.Thread(target=run, name=f"with_timeout {_name(function)}", daemon=True)
            thread.start()
            thread.join(timeout)
            if errors:
                raise errors[0]
            if not results:
                raise TimeoutError(f"{_name(function)}() took longer than {timeout} s")
            return results[0]

        return wrapper

    return decorate


def node_lifecycle(auto_start: bool = True, auto_stop: bool = True) -> Callable[[_F], _F]:
    """Starts the node that a function gives, and stops it when the program ends."""

    def decorate(function: _F) -> _F:
        @functools.wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> object:
            node = function(*args, **kwargs)
            if isinstance(node, GossipNode):
                if auto_start and not node.is_started:
                    node.start()
                if auto_stop:
                    atexit.register(node.stop)
            return node

        return cast(_F, wrapper)

    return decorate


def rate_limit(calls_per_second: float = 1) -> Callable[[_F], _F]:
    """Makes the calls of a function wait, so that there are no more than so many a second."""
    if not calls_per_second > 0:
        raise ArgumentError(
            f"rate_limit(): calls_per_second is {calls_per_second!r}; give a number above 0"
        )

    def decorate(function: _F) -> _F:
        lock = threading.Lock()
        next_call = time.monotonic()

        @functools.wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> object:
            nonlocal next_call
            with lock:
                now = time.monotonic()
                start = max(now, next_call)
                next_call = start + 1 / calls_per_second
            time.sleep(start - now)
            return function(*args, **kwargs)

        return cast(_F, wrapper)

    return decorate


def circuit_breaker(max_failures: int = 3, timeout: float = 60) -> Callable[[_F], _F]:
    """Calls a function no more that raised so many times in a row, until `timeout` seconds later: then
    one call is tried. Meanwhile calls raise `StateError`."""
    _at_least("circuit_breaker", "max_failures", max_failures, 1)
    _at_least("circuit_breaker", "timeout", timeout, 0)

    def decorate(function: _F) -> _F:
        failures = 0
        last = 0.0

        @functools.wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> object:
            nonlocal failures, last
            if failures >= max_failures and time.monotonic() - last < timeout:
                raise StateError(f"{_name(function)}() failed {failures} times; it rests")
            try:
                result = function(*args, **kwargs)
            except Exception:
                failures += 1
                last = time.monotonic()
                raise
            failures = 0
            return result

        return cast(_F, wrapper)

    return decorate


def broadcast_to_cluster(
    exclude_self: bool = True,
) -> Callable[[Callable[..., object]], Callable[..., Dict[str, object]]]:
    """Sends the message that a function is called with, `function(cluster, msg, ...)`, from each node of
    the cluster to each other, but with `exclude_self` not from the first one; then calls the function.
    Gives a dict of both results."""

    def decorate(function: Callable[..., object]) -> Callable[..., Dict[str, object]]:
        @functools.wraps(function)
        def wrapper(
            cluster: Union[NetworkCluster, Iterable[GossipNode]],
            msg: GossipMessage,
            *args: Any,
            **kwargs: Any,
        ) -> Dict[str, object]:
            nodes = list(cluster)
            sent: Dict[str, ErrorCode] = {}
            for node in nodes[1:] if exclude_self else nodes:
                for target in nodes:
                    if target is not node:
                        way = f"{node.ip}:{node.port}->{target.ip}:{target.port}"
                        sent[way] = node.send_message(msg, target)
            result = function(cluster, msg, *args, **kwargs)
            return {"broadcast_results": sent, "function_result": result}

        return wrapper

    return decorate


def measure_latency(function: _F) -> _F:
    """Measures each call of a function: the seconds that the last one took are its attribute
    `last_seconds`, and go to the logger `libgossip`."""

    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> object:
        start = time.perf_counter()
        try:
            return function(*args, **kwargs)
        finally:
            seconds = time.perf_counter() - start
            setattr(wrapper, "last_seconds", seconds)
            _logger.info("%s() took %.3f ms", _name(function), seconds * 1000)

    setattr(wrapper, "last_seconds", None)
    return cast(_F, wrapper)


def _name(function: Callable[..., object]) -> str:
    return getattr(function, "__name__", repr(function))


def _at_least(function: str, name: str, value: float, least: float) -> None:
    if not value >= least:
        raise ArgumentError(f"{function}(): {name} is {value!r}; give at least {least}")
