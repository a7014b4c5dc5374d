"""What can be told without running: types, stubs, the form of the source."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PROGRAMS = [ROOT / "python", ROOT / "examples", ROOT / "bench.py", ROOT / "tests" / "typed.py"]


def check(module: str, *arguments: object) -> None:
    if importlib.util.find_spec(module.split(".")[0]) is None:
        pytest.skip(f"{module} is not installed")
    command = [sys.executable, "-m", module, *map(str, arguments)]
    # The stubs that are checked are those of the source tree.
    environment = {**os.environ, "MYPYPATH": str(ROOT / "python")}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_mypy_is_content() -> None:
    check("mypy", "--strict", "--config-file", "pyproject.toml", *PROGRAMS)


def test_pyright_is_content() -> None:
    # Named, since another may stand in a folder above.
    check("basedpyright", "--project", "pyproject.toml", "--pythonpath", sys.executable, *PROGRAMS)


def test_the_stubs_say_what_there_is() -> None:
    check("mypy.stubtest", "--ignore-disjoint-bases", "libgossip", "gossip")


def test_the_source_is_in_order() -> None:
    folders = [ROOT, ROOT.parent / "python-ctypes"]
    check("ruff", "check", "--no-cache", "--config", "pyproject.toml", *folders)
    check("ruff", "format", "--check", "--no-cache", "--config", "pyproject.toml", *folders)


def test_the_package_says_that_it_is_typed() -> None:
    import libgossip

    assert (Path(libgossip.__file__).parent / "py.typed").exists()


def test_a_wrong_program_is_found_out(tmp_path: Path) -> None:
    """So that the checks above are known to look."""
    if importlib.util.find_spec("mypy") is None:
        pytest.skip("mypy is not installed")
    program = tmp_path / "wrong.py"
    program.write_text("import libgossip\nlibgossip.Node('127.0.0.1', port='7946')\n")
    environment = {**os.environ, "MYPYPATH": str(ROOT / "python")}
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", str(program)],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 1 and 'Argument "port"' in done.stdout, done.stdout
