#!/usr/bin/env python3
"""Checks the model against the facts it was written from; exits with 1 if one does not hold."""

import pathlib
import sys
import unittest


def main():
    """Runs every `check_*.py` beside this file and prints the summary."""
    here = pathlib.Path(__file__).parent
    suite = unittest.defaultTestLoader.discover(str(here), pattern="check_*.py")
    result = unittest.TextTestRunner(stream=sys.stderr, verbosity=1).run(suite)
    failed = len(result.failures) + len(result.errors) + len(result.unexpectedSuccesses)
    print(f"{result.testsRun - failed} passed, {failed} failed")
    return 1 if failed or not result.testsRun else 0


if __name__ == "__main__":
    sys.exit(main())
