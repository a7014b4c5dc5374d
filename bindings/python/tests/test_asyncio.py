"""Nodes in programs with an event loop."""

import asyncio
import threading
import time

import pytest
from conftest import library_threads, until

import libgossip
from libgossip import Event, Node, Status


def node(**options: object) -> Node:
    return Node("127.0.0.1", profile="local", **options)  # type: ignore[arg-type]


def seed(first: Node) -> str:
    return f"127.0.0.1:{first.port}"


def test_join_events_and_leave() -> None:
    async def main() -> list[Event]:
        events: list[Event] = []
        async with node() as first:

            async def read() -> None:
                async for event in first.events():
                    events.append(event)

            reader = asyncio.create_task(read())
            await asyncio.sleep(0)
            async with node() as second:
                result = await second.join([seed(first)])
                assert result.answered == 1
                await asyncio.sleep(0.2)
                assert not reader.done()
                await second.leave()
            for _ in range(100):
                if events and events[-1].status is Status.LEFT:
                    break
                await asyncio.sleep(0.02)
        await asyncio.wait_for(reader, 1)
        return events

    events = asyncio.run(main())
    assert events[0].old_status is Status.UNKNOWN and events[-1].status is Status.LEFT


def test_the_loop_goes_on_while_it_is_waited() -> None:
    async def main() -> int:
        ticks = 0

        async def tick() -> None:
            nonlocal ticks
            while True:
                ticks += 1
                await asyncio.sleep(0.01)

        async with node() as alone:
            ticker = asyncio.create_task(tick())
            assert (await alone.join("127.0.0.1:9", timeout=0.4)).answered == 0
            with pytest.raises(libgossip.JoinError):
                await alone.join("127.0.0.1:9", timeout=0.1, required=True)
            ticker.cancel()
        return ticks

    assert asyncio.run(main()) > 20


def test_a_wait_can_be_cancelled_at_once() -> None:
    async def main() -> float:
        async with node() as alone:
            start = time.monotonic()
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(alone.join("127.0.0.1:9", timeout=30), 0.1)
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(alone.events().__anext__(), 0.1)
            return time.monotonic() - start

    start = time.monotonic()
    assert asyncio.run(main()) < 1
    assert time.monotonic() - start < 3, "nobody waits for the join that was given up"


def test_several_streams_and_a_stream_that_is_closed() -> None:
    async def main() -> None:
        async with node() as first, node() as second:
            one, two = first.events(), first.events()
            waiting = asyncio.create_task(one.__anext__())
            await second.join(seed(first))
            event = await asyncio.wait_for(waiting, 3)
            assert event.member.id == second.id
            assert (await asyncio.wait_for(two.__anext__(), 3)).at == event.at

            async def rest() -> list[Event]:
                return [event async for event in two]

            reader = asyncio.create_task(rest())
            await asyncio.sleep(0.3)
            two.close()
            assert len(await asyncio.wait_for(reader, 1)) <= 2

    asyncio.run(main())


def test_tasks_that_share_a_stream_share_its_events() -> None:
    async def main() -> None:
        async with node() as first, node() as second:
            stream = first.events()
            found: list[Event] = []

            async def read() -> None:
                async for event in stream:
                    found.append(event)

            readers = [asyncio.create_task(read()) for _ in range(3)]
            for _ in range(3):
                with pytest.raises(asyncio.TimeoutError):
                    await asyncio.wait_for(stream.__anext__(), 0.01)
            await second.join(seed(first))
            while not any(event.status is Status.ONLINE for event in found):
                await asyncio.sleep(0.01)
            second.metadata["a"] = "b"
            while not found[-1].configuration:
                await asyncio.sleep(0.01)
            assert len({event.at for event in found}) == len(found)
            stream.close()
            await asyncio.wait_for(asyncio.gather(*readers), 1)

    asyncio.run(asyncio.wait_for(main(), 10))


def test_many_nodes_in_one_loop() -> None:
    async def main() -> float:
        nodes = [node() for _ in range(8)]
        for one in nodes:
            one.start()
        try:
            start = time.monotonic()
            await asyncio.gather(*(one.join(seed(nodes[0])) for one in nodes[1:]))
            while any(sum(m.is_online for m in one) < 7 for one in nodes):
                assert time.monotonic() - start < 5
                await asyncio.sleep(0.02)
            return time.monotonic() - start
        finally:
            await asyncio.gather(*(one.aclose() for one in nodes))
            assert not any(one.is_running for one in nodes)

    assert asyncio.run(main()) < 5
    until(lambda: not library_threads(), 2)


def test_a_loop_that_is_gone_is_no_matter(
    background: "object", recwarn: pytest.WarningsRecorder
) -> None:
    first = node()
    stream = first.events()

    async def give_up() -> None:
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(stream.__anext__(), 0.01)

    with first:
        asyncio.run(give_up())
        with node() as second:
            second.join_blocking(seed(first))
            event = stream.get(3)
            assert event is not None and event.member.id == second.id


def test_a_stream_is_read_in_another_thread_s_loop() -> None:
    found: list[Event] = []

    async def read(stream: libgossip.EventStream) -> None:
        async for event in stream:
            found.append(event)

    with node() as first:
        stream = first.events()
        thread = threading.Thread(target=lambda: asyncio.run(read(stream)))
        thread.start()
        with node() as second:
            second.join_blocking(seed(first))
            until(lambda: found, 3)
    thread.join(3)
    assert not thread.is_alive() and found[0].member.id == second.id
