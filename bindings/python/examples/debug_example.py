"""How to look into a program that does not do what it should: log lines, errors, statistics."""

import logging
import sys
import time

import libgossip


def main() -> None:
    # All that the library has to say goes to the logger `libgossip` and those below it.
    logging.basicConfig(level=logging.DEBUG, stream=sys.stdout, format="%(name)s: %(message)s")

    def on_event(event: libgossip.Event) -> None:
        if event.status is libgossip.Status.LEFT:
            raise RuntimeError("a mistake in a callback")

    # What nobody can be told of comes here, as for every callback of Python.
    sys.unraisablehook = lambda report: print(f"reported: {report.exc_value!r}")

    with libgossip.Node("127.0.0.1", on_event=on_event) as first:
        with libgossip.Node("127.0.0.1", metadata={"zone": "a"}) as second:
            result = second.join_blocking(["127.0.0.1:9", "no-port"], timeout=0.3)
            for failure in result.failures:
                print(f"cannot join {failure.target}: {failure.reason}")
            second.join_blocking(f"127.0.0.1:{first.port}")
            time.sleep(0.5)
            for member in first:
                print(f"{member!r}: {dict(member.metadata)}")
                print(first.peer(member.id))
            print(second.stats)
        time.sleep(0.2)
    try:
        libgossip.Node("localhost", port=70_000)
    except libgossip.GossipError as error:
        print(f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    main()
