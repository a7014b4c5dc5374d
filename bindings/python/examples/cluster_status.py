"""A live table of a cluster's members.

    python cluster_status.py --port 7946                           the first member
    python cluster_status.py --join 127.0.0.1:7946                 another one
    python cluster_status.py --join 127.0.0.1:7946 --seconds 5     for five seconds

Ctrl-C ends it; the member leaves the cluster.
"""

from __future__ import annotations

import argparse
import os
import sys
import time

import libgossip

CLEAR = "\x1b[H\x1b[2J"


def line(member: libgossip.Member, node: libgossip.Node) -> str:
    """One line of the table."""
    peer = node.peer(member.id)
    round_trip = (
        "" if peer is None or peer.round_trip is None else f"{peer.round_trip * 1e3:.2f} ms"
    )
    changed = "this one" if peer is None else f"{time.monotonic() - peer.changed:.0f} s ago"
    pairs = " ".join(f"{key}={value}" for key, value in member.metadata.items())
    address = f"{member.host or '*'}:{member.port}"
    return (
        f"{member.id.hex[:8]}  {address:<22} {member.status!s:<8} {changed:>9} "
        f"{round_trip:>10}  {member.role:<10} {pairs}"
    )


def table(node: libgossip.Node) -> str:
    """The whole table."""
    members = sorted(node.members(), key=lambda member: (member.status.value, member.id))
    head = "id        address                status     changed round trip  role       metadata"
    return "\n".join([head, *(line(member, node) for member in [node.local, *members])])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on")
    parser.add_argument("--port", type=int, default=0, help="the port to listen on")
    parser.add_argument("--join", nargs="*", default=[], help="members, as host:port")
    parser.add_argument("--cluster", default="", help="the name of the cluster")
    parser.add_argument("--role", default="observer", help="a word for what this member does")
    parser.add_argument("--seconds", type=float, help="how long to run")
    options = parser.parse_args()
    end = float("inf") if options.seconds is None else time.monotonic() + options.seconds
    clear = CLEAR if sys.stdout.isatty() else ""
    with (
        libgossip.Node(
            options.host,
            options.port,
            role=options.role,
            cluster=options.cluster,
            metadata={"pid": str(os.getpid())},
        ) as node,
        node.events() as events,
    ):
        try:
            if options.join:
                node.join_blocking(options.join, required=True)
            while time.monotonic() < end:
                print(f"{clear}{table(node)}", flush=True)
                # Drawn again when something changed, and each second.
                if events.get(min(1.0, max(0.0, end - time.monotonic()))) is not None:
                    time.sleep(0.1)
        except KeyboardInterrupt:
            print("leaving")
        except libgossip.JoinError as error:
            sys.exit(str(error))


if __name__ == "__main__":
    main()
