"""The programs in the documents run."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import run

ROOT = Path(__file__).parents[3]


def programs(path: Path) -> list[str]:
    """The Python in a document, in order."""
    if not path.exists():
        pytest.skip(f"{path} is not here")
    parts = path.read_text(encoding="utf-8").split("```python\n")[1:]
    return [part.split("```")[0] for part in parts]


def test_the_programs_of_the_page_run_one_after_the_other() -> None:
    found = programs(ROOT / "docs" / "PYTHON.md")
    assert len(found) >= 4
    done = run("\n".join(found))
    assert (done.returncode, done.stderr) == (0, "")
    assert "joining -> online" in done.stdout or "unknown -> online" in done.stdout
    assert "NodeStatus.UNKNOWN, is NodeStatus.JOINING" in done.stdout


def test_the_program_of_the_readme_is_a_member() -> None:
    (program,) = programs(ROOT / "bindings" / "python" / "README.md")
    node = (
        "import libgossip, threading\n"
        "other = libgossip.Node('127.0.0.1', 0); other.start()\n"
        "threading.Timer(0.5, other.close).start()\n"
    )
    program = program.replace("127.0.0.1:7946", "127.0.0.1:%d").replace('%d"]', '%d" % other.port]')
    ends = "            if str(event.status) != 'online':\n                break\n"
    program = program.replace("event.status)\n", "event.status)\n" + ends)
    done = run(node + program)
    assert done.returncode == 0, done.stderr
    assert "unknown -> online" in done.stdout, "the event of its seed"
    assert "online -> suspect" in done.stdout, done.stdout


def test_the_root_s_readme_shows_a_program_that_runs() -> None:
    found = [text for text in programs(ROOT / "README.md") if "libgossip" in text]
    assert len(found) == 1
    done = run(
        found[0]
        .replace('"0.0.0.0", 7946', '"127.0.0.1", 0')
        .replace('["db1.internal:7946"]', 'f"127.0.0.1:{node.port}"')
        .replace("async for event in events:", "for event in []:")
    )
    assert (done.returncode, done.stderr) == (0, ""), "it is its own and only seed"
