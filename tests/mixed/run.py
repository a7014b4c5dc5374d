#!/usr/bin/env python3
"""Runs clusters of old and new nodes on loopback, and judges them.

    run.py --programs build-mixed [--short] [name...]
"""

import argparse
import asyncio
import functools
import itertools
import pathlib
import sys

import scenarios
from lab import Lab
from nodes import Failed


class Scenario:
    """One scenario: what it is called, how it runs, and how many nodes it has at a time."""

    def __init__(self, kind, name, run, nodes, short, relayed):
        self.name, self.run, self.nodes = f"{kind}_{name}", run, nodes
        self.kind, self.short, self.relayed = kind, short, relayed


def all_scenarios():
    """All there are, those that take long first."""
    found = []
    for kind in ("udp", "tcp", "node"):
        # T6: over TCP an old node never reaches an address again that it was connected to.
        ports = (False, True) if kind != "tcp" else (True,)

        def add(name, run, nodes, short=False, relayed=False, kind=kind, **settings):
            run = functools.partial(run, **settings)
            found.append(Scenario(kind, name, run, nodes, short, relayed))

        add("crashes", scenarios.crashes, 6, short=kind == "udp")
        for joiner, seed in (("old", "new"), ("new", "old")):
            for how in ("join", "meet"):
                if kind != "node" or how == "join" or joiner == "old":
                    name, short = f"{joiner}_{how}s_{seed}", how == "join"
                    add(name, scenarios.joins, 4, short, joiner=joiner, seed=seed, how=how)
        if kind != "tcp":
            add("bursts", scenarios.bursts, 12, short=kind == "udp", relayed=True, news=10)
        if kind == "udp":
            add("large", scenarios.large, 40, news=37)
            for news in (1, 2, 3):
                add(f"few_{news}", scenarios.few, 4 + news, news=news)
        for new_id in (False, True):
            for new_port in (False, True):
                short = new_id == new_port and kind != "tcp"
                name = f"upgrade{_place(new_id, new_port)}"
                add(name, scenarios.upgrade, 6, short, True, new_id=new_id, new_port=new_port)
        for new_id, new_port in itertools.product((False, True), ports):
            # Without a heartbeat from the clock nobody believes the same id at another port.
            for clock in (False, True) if kind != "node" and new_id == new_port else (True,):
                name = f"takeover{_place(new_id, new_port)}{'_clock' * clock}"
                short = kind == "udp" and clock and not (new_id or new_port)
                add(
                    name, scenarios.takeover, 3, short, relayed=True,
                    new_id=new_id, new_port=new_port, from_clock=clock,
                )
        add("leaves", scenarios.leaves, 8, short=kind == "udp")
        add("pauses", scenarios.pauses, 6, short=True)
        add("rollback", scenarios.rollback, 5, short=kind != "tcp")
        for size in (100, 5000):
            add(f"metadata_{size}", scenarios.metadata, 5, size > 100, size=size)
        add("c_structs", scenarios.c_structs, 4, short=kind == "udp")
        if kind != "tcp":
            add("c_transport", scenarios.c_transport, 4)
    kind = "node_tcp"
    for joiner, seed in (("old", "new"), ("new", "old")):
        run = functools.partial(scenarios.joins, joiner=joiner, seed=seed, how="join")
        found.append(Scenario(kind, f"{joiner}_joins_{seed}", run, 4, False, False))
    found.append(Scenario(kind, "crashes", scenarios.crashes, 6, False, False))
    found.append(Scenario(kind, "pauses", scenarios.pauses, 6, False, False))
    return found


def _place(new_id, new_port):
    return f"_{'new' if new_id else 'same'}_id_{'new' if new_port else 'same'}_port"


async def attempt(scenario, options):
    """Runs a scenario; gives what was wrong or None, and what was seen."""
    lab = Lab(options, scenario.kind, scenario.relayed)
    start, wrong = lab.now(), None
    try:
        await scenario.run(lab)
    except Failed as failed:
        wrong = str(failed)
    except Exception as error:  # A scenario that breaks must not end the others.
        wrong = f"{type(error).__name__}: {error}"
    await lab.close()
    return wrong, [f"took {lab.now() - start:.1f} s", *lab.notes]


def report(scenario, options, wrong, notes):
    """Prints how a scenario went."""
    print(f"ok {scenario.name}" if wrong is None else f"not ok {scenario.name}: {wrong}", flush=True)
    if options.notes or wrong is not None:
        for note in notes:
            print(f"    {note}")


async def run_all(chosen, options):
    """Runs all that are chosen, many at a time; gives how many passed.

    What fails then may have failed for want of a processor, so it runs once more, alone.
    """
    places, again = Places(options.at_once), []

    async def run_one(scenario):
        async with places.of(scenario.nodes):
            wrong, notes = await attempt(scenario, options)
        if wrong is not None and not options.once:
            print(f"{scenario.name} will run again, alone: {wrong}", flush=True)
            again.append(scenario)
        else:
            report(scenario, options, wrong, notes)
        return wrong is None

    passed = sum(await asyncio.gather(*map(run_one, chosen)))
    for scenario in again:
        wrong, notes = await attempt(scenario, options)
        report(scenario, options, wrong, notes)
        passed += wrong is None
    return passed


class Places:
    """Room for so many nodes at a time."""

    def __init__(self, most):
        self._left, self._changed = most, asyncio.Condition()

    def of(self, count):
        """A context with room for some nodes."""
        return _Room(self, count)

    async def take(self, count):
        """Waits until there is room and takes it."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._left >= count)
            self._left -= count

    async def give_back(self, count):
        """Gives room back."""
        async with self._changed:
            self._left += count
            self._changed.notify_all()


class _Room:
    def __init__(self, places, count):
        self._places, self._count = places, count

    async def __aenter__(self):
        await self._places.take(self._count)

    async def __aexit__(self, *_):
        await self._places.give_back(self._count)


def parse_options():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--programs", type=pathlib.Path, required=True, help="the folder of new_node and own_node"
    )
    parser.add_argument("--short", action="store_true", help="fewer scenarios, shorter waits")
    parser.add_argument("--notes", action="store_true", help="tell what was seen, too")
    parser.add_argument("--once", action="store_true", help="no second try for what fails")
    parser.add_argument("--list", action="store_true", help="only print the names")
    parser.add_argument("--at-once", type=int, default=110, help="most nodes that run at a time")
    parser.add_argument("names", nargs="*", help="scenarios, or beginnings of their names")
    options = parser.parse_args()
    options.steady = 5.0 if options.short else 20.0
    options.pause = 1.0 if options.short else 3.0
    return options


def main():
    """Runs what the command line asks for."""
    options = parse_options()
    chosen = [
        one
        for one in all_scenarios()
        if (one.short or not options.short or options.names)
        and (not options.names or any(one.name.startswith(name) for name in options.names))
    ]
    if options.list:
        print("\n".join(one.name for one in chosen))
        return 0
    passed = asyncio.run(run_all(chosen, options))
    print(f"{passed} passed, {len(chosen) - passed} failed")
    return 0 if chosen and passed == len(chosen) else 1


if __name__ == "__main__":
    sys.exit(main())
