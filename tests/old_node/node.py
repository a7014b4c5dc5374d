#!/usr/bin/env python3
"""Runs one old node: events on standard output, commands on standard input, JSON lines both.

    node.py --id 0123456789abcdef0123456789abcdef --port 7001 --meet 127.0.0.1:7000
"""

import argparse
import json
import os
import random
import selectors
import sys
import time

import commands
import shared_buffer
import views
from core import Core
from model import TICK_INTERVAL_MS, Record, Status, name_of
from tcp import Tcp
from transport import Udp


class Node:
    """A core, its transport and the loop that serves both on one thread.

    One thread stands for the one mutex of 1.4.2, which every call holds to its end.
    """

    def __init__(self, options):
        self.running = True
        self._interval = options.interval_ms / 1000
        self._typed = b""
        # poll() takes any kind of standard input.
        self._selector = selectors.PollSelector()
        chance = f"{options.seed}/{options.id.hex()}"
        if options.transport == "udp":
            rng = random.Random(chance + "/bursts")
            self.transport = Udp(
                options.bind, options.port, options.layer, options.bursts, rng
            )
        else:
            self.transport = Tcp(options.bind, options.port, options.layer)
        me = Record(
            id=options.id,
            ip=options.bind,
            port=options.announce_port or self.transport.port,
            config_epoch=options.config_epoch,
            heartbeat=options.heartbeat,
            version=1,
            role=options.role,
            region=options.region,
            metadata=dict(options.metadata),
        )
        self.core = Core(
            me, _now_ms, random.Random(chance), self.transport.send, self._report
        )
        self.transport.handler = self.core.handle_message
        self.transport.register(self._selector)
        self._selector.register(sys.stdin.fileno(), selectors.EVENT_READ, self._read_commands)

    def announce(self):
        """Says where the node listens."""
        me = self.core.me
        _print({"event": "ready", "id": me.id.hex(), "ip": me.ip, "port": self.transport.port})

    def run(self):
        """Ticks, receives and obeys until told to quit or until standard input ends."""
        next_tick = time.monotonic() + self._interval
        while self.running:
            wait = max(0.0, next_tick - time.monotonic()) if self._interval else None
            for key, _ in self._selector.select(wait):
                key.data()
            now = time.monotonic()
            if self._interval and now >= next_tick:
                self.core.tick()
                # A late loop skips ticks, it does not make up for them.
                next_tick = max(next_tick + self._interval, now)
        self.transport.close()

    def _read_commands(self):
        data = os.read(sys.stdin.fileno(), 65536)
        if not data:
            self.running = False
        *lines, self._typed = (self._typed + data).split(b"\n")
        for line in lines:
            if line.strip():
                _print(commands.answer(self, line.decode("utf-8", "surrogateescape")))

    def _report(self, record, old_status, cause):
        _print(
            {
                "event": cause,
                "id": record.id.hex(),
                "old": name_of(Status, old_status),
                "new": name_of(Status, record.status),
            }
        )


def _now_ms():
    return time.monotonic() * 1000


def _print(value):
    print(json.dumps(value), flush=True)


def parse_options(words):
    """The command line as a namespace."""
    parser = argparse.ArgumentParser(description="An old node, as libgossip 1.4.2 behaves.")
    parser.add_argument("--id", type=commands.id_of_hex, required=True, help="32 hex digits")
    parser.add_argument("--bind", default="127.0.0.1", help="numeric address, also announced")
    parser.add_argument("--port", type=int, default=0, help="0 lets the system choose")
    parser.add_argument("--announce-port", type=int, default=0, help="0: the port it listens on")
    parser.add_argument("--transport", choices=("udp", "tcp"), default="udp")
    first = parser.add_mutually_exclusive_group()
    first.add_argument("--meet", type=commands.view_of_address, metavar="HOST:PORT")
    first.add_argument("--join", type=commands.view_of_address, metavar="HOST:PORT")
    parser.add_argument(
        "--interval-ms", type=int, default=TICK_INTERVAL_MS, help="0: only the command ticks"
    )
    parser.add_argument("--role", default="")
    parser.add_argument("--region", default="")
    parser.add_argument(
        "--metadata",
        type=commands.pair_of,
        nargs="+",
        action="extend",
        default=[],
        metavar="K=V",
    )
    parser.add_argument("--heartbeat", type=int, default=1)
    parser.add_argument("--config-epoch", type=int, default=1)
    parser.add_argument("--layer", choices=views.LAYERS, default="cpp", help="see views.py")
    parser.add_argument(
        "--bursts", choices=shared_buffer.MODES, default="measured", help="see shared_buffer.py"
    )
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args(words)


def main():
    """Runs the node that the command line describes."""
    options = parse_options(sys.argv[1:])
    node = Node(options)
    node.announce()
    if options.meet:
        node.core.meet(options.meet)
    if options.join:
        node.core.join(options.join)
    node.run()


if __name__ == "__main__":
    main()
