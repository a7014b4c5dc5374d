#!/usr/bin/env python3
"""Runs one acceptance program many times and prints the distribution of its figures.

    runs.py [-n RUNS] [-j JOBS] [--first-seed SEED] program [settings...]

A setting may be a choice: `--nodes 16,32,64` takes one of them for each run, drawn by the seed.
Each run gets `--seed`, so a failed one is repeated by the command that is printed for it.
"""

import argparse
import concurrent.futures
import random
import re
import subprocess
import sys


def command_of(program, settings, seed):
    """The command of one run, with the choices among its settings made."""
    draw = random.Random(seed)
    return [program, "--seed", str(seed)] + [
        draw.choice(word.split(",")) if "," in word else word for word in settings
    ]


def run(command):
    """Runs a command; gives its line of result, its figures, and what it complained of."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=900)
        output, errors, status = done.stdout, done.stderr, done.returncode
    except subprocess.TimeoutExpired:
        output, errors, status = "", "no end after 900 s", -1
    line = output.strip().splitlines()[-1] if output.strip() else ""
    figures = dict(re.findall(r"(\S+)=([-+.\deE]+)", line.partition("|")[2]))
    return command, status, figures, errors


def row(name, values):
    """One figure over all runs."""
    values = sorted(values)

    def at(share):
        return values[min(len(values) - 1, int(share * len(values)))]

    print(f"  {name:24} {len(values):5} {values[0]:11.6g} {at(0.5):11.6g} {at(0.95):11.6g} "
          f"{values[-1]:11.6g}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-n", type=int, default=100, help="how many runs")
    parser.add_argument("-j", type=int, default=2, help="how many at a time")
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("program")
    parser.add_argument("settings", nargs=argparse.REMAINDER)
    args = parser.parse_args()
    commands = [
        command_of(args.program, args.settings, args.first_seed + i) for i in range(args.n)
    ]
    with concurrent.futures.ThreadPoolExecutor(args.j) as pool:
        results = list(pool.map(run, commands))
    failed = [result for result in results if result[1] != 0]
    for command, status, _, errors in failed:
        print(f"status {status}: {' '.join(command)}")
        print("    " + "\n    ".join(errors.strip().splitlines()[:5]))
    print(f"{args.program} {' '.join(args.settings)}: {len(results) - len(failed)} of "
          f"{len(results)} runs passed")
    print(f"  {'figure':24} {'runs':>5} {'least':>11} {'median':>11} {'95 %':>11} {'most':>11}")
    names = dict.fromkeys(name for result in results for name in result[2])
    for name in names:
        if name not in ("checks", "failures"):
            row(name, [float(result[2][name]) for result in results if name in result[2]])
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
