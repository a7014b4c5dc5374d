"""A cluster in one event loop: members join, tell something of themselves, crash and leave.

    python asyncio_cluster.py [COUNT]
"""

from __future__ import annotations

import asyncio
import sys
import time

from libgossip import Node, Status


async def watch(node: Node) -> None:
    """Prints what one member is told of the others."""
    start = time.monotonic()
    async for event in node.events():
        place = f"{event.member.host}:{event.member.port}"
        seconds = event.at - start
        print(f"{seconds:6.2f} s  {place} was {event.old_status}, is {event.status}")


async def until(node: Node, status: Status, count: int) -> None:
    """Waits until a member holds so many others to be of a status."""
    while sum(member.status is status for member in node) < count:
        await asyncio.sleep(0.02)


async def main(count: int) -> None:
    nodes = [Node("127.0.0.1", role=f"worker-{number}") for number in range(count)]
    for node in nodes:
        node.start()
    first, *others = nodes
    watcher = asyncio.create_task(watch(first))
    try:
        seed = f"127.0.0.1:{first.port}"
        await asyncio.gather(*(node.join([seed]) for node in others))
        await until(first, Status.ONLINE, count - 1)
        print(f"all {count} are online")

        others[0].metadata["job"] = "42"
        while first[others[0].id].metadata.get("job") != "42":
            await asyncio.sleep(0.02)
        print("the first one reads the job of the second one")

        await others[-1].leave()
        await until(first, Status.LEFT, 1)
        print("the last one left")

        await others[0].aclose()
        await until(first, Status.FAILED, 1)
        print("the second one crashed, and that was noticed")
    finally:
        await asyncio.gather(*(node.aclose() for node in nodes))
        await watcher


if __name__ == "__main__":
    asyncio.run(asyncio.wait_for(main(int(sys.argv[1]) if len(sys.argv) > 1 else 5), 30))
