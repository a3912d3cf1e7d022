"""A command ends with its answer: at once where nobody is waited for, and never with less said or another code."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
HOOK = "atexit.register(lambda: print('by the long way'))"
"""What Python does at its own end."""


def ended(program: str, *, before: str = HOOK) -> subprocess.CompletedProcess[str]:
    """Run the body of a program through the door."""
    body = "\n".join(f"    {line}" for line in program.splitlines())
    code = (f"import atexit, logging, sys, threading\nfrom backup_engine.cli import leaving\n{before}\n"
            f"def program():\n{body}\nleaving.at_once(program)")
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, text=True, capture_output=True, timeout=60,
                          check=False)


@pytest.mark.parametrize(("program", "code"), [
    ("pass", 0), ("return 5", 0), ("sys.exit()", 0), ("sys.exit(0)", 0), ("sys.exit(3)", 3), ("sys.exit(143)", 143),
    ("sys.exit(True)", 1),
])
def test_the_code_is_that_of_the_program(program: str, code: int) -> None:
    done = ended(program)

    assert (done.returncode, done.stdout, done.stderr) == (code, "", "")


def test_all_that_was_said_is_there() -> None:
    done = ended("print('x' * 1_000_000, end='')\nsys.stderr.write('y' * 100_000)\n"
                 "handler = logging.handlers.MemoryHandler(10, target=logging.StreamHandler(sys.stdout))\n"
                 "logging.getLogger().addHandler(handler)\nlogging.warning('held back')\nsys.exit(3)",
                 before="import logging.handlers")

    assert done.returncode == 3
    assert done.stdout == "x" * 1_000_000 + "held back\n"
    assert done.stderr == "y" * 100_000


def test_nobody_waits_for_a_thread_that_sleeps() -> None:
    done = ended("threading.Thread(target=threading.Event().wait, daemon=True).start()",
                 before="atexit.register(threading.Event().wait)")

    assert done.returncode == 0


def test_a_thread_that_works_is_waited_for() -> None:
    done = ended("go = threading.Event()\n"
                 "threading.Thread(target=lambda: go.wait() and print('worked')).start()\n"
                 "threading.Timer(0.2, go.set).start()\nsys.exit(3)")

    assert (done.returncode, done.stdout) == (3, "worked\nby the long way\n")


@pytest.mark.parametrize("watched", ["sys.settrace(lambda *_: None)", "sys.setprofile(lambda *_: None)"])
def test_who_watches_may_write_down_what_was_seen(watched: str) -> None:
    done = ended("sys.exit(3)", before=f"{HOOK}\n{watched}")

    assert (done.returncode, done.stdout) == (3, "by the long way\n")


def test_words_instead_of_a_code_and_faults_are_python_s_to_tell() -> None:
    said = ended("sys.exit('no such thing')")
    assert (said.returncode, said.stdout, said.stderr) == (1, "by the long way\n", "no such thing\n")

    failed = ended("raise LookupError('a fault')")
    assert (failed.returncode, failed.stdout) == (1, "by the long way\n")
    assert failed.stderr.endswith("LookupError: a fault\n")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is full")
def test_what_cannot_be_written_is_no_success() -> None:
    done = ended("sys.stdout = open('/dev/full', 'w')\nprint('an answer')", before="")

    assert done.returncode == 120  # Python's own for output that is lost
    assert "No space left on device" in done.stderr


def test_streams_that_are_not_there_are_no_fault() -> None:
    done = ended("sys.stdout = sys.stderr = None\nsys.exit(3)")

    assert (done.returncode, done.stderr) == (3, "")


@pytest.mark.parametrize("door", [
    "sys.argv = ['x', '--help']; runpy.run_path('backup_csv_for_db_restore.py', run_name='__main__')",
    "sys.argv = ['x', '--help']; runpy.run_module('equipment', run_name='__main__')",
])
def test_the_commands_leave_so(door: str) -> None:
    done = subprocess.run([sys.executable, "-c", f"import atexit, runpy, sys; {HOOK}; {door}"], cwd=ROOT, text=True,
                          capture_output=True, timeout=60, check=False)

    assert (done.returncode, done.stderr) == (0, "")
    assert "Usage:" in done.stdout and "by the long way" not in done.stdout
