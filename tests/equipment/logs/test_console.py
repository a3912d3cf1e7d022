"""The console of a process: every logger, every uncaught exception, in one form; and nothing fails for its line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.server.running_app import ROOT

SECRET = "hunter2-Tr0ub4dor"
EVERYTHING = f"""
import logging, sys, threading, warnings
import streamlit.logger
from equipment.logs import console
early = streamlit.logger.get_logger("streamlit.early")
console.hide(["{SECRET}"])
console.start({{form!r}}, {{level!r}})
early.warning("early {SECRET}")
streamlit.logger.get_logger("streamlit.late").warning("late {SECRET}")
logging.getLogger("uvicorn.error").error("server {SECRET}")
logging.getLogger("pymongo.command").debug("never {SECRET}")
logging.getLogger("some.library").warning("library {SECRET}")
logging.getLogger("some.library").info("never {SECRET}")
logging.getLogger("equipment.x").info("ours {SECRET}")
logging.getLogger("equipment.x").debug("detail {SECRET}")
warnings.warn("a warning {SECRET}")
thread = threading.Thread(target=lambda: 1 / len("") if "{SECRET}" else 0, name="worker")
thread.start(); thread.join()
class Bad:
    def __del__(self): raise ValueError("{SECRET}")
Bad()
raise RuntimeError("mongodb://ada:{SECRET}@h")
"""


def run(code: str, **more: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, text=True, timeout=60, check=False,
                          **{"capture_output": True, **more})


@pytest.mark.parametrize("form", ["text", "json"])
def test_everything_goes_through_one_form_and_one_filter(form: str) -> None:
    said = run(EVERYTHING.replace("{form!r}", repr(form)).replace("{level!r}", "'info'"))

    assert said.returncode == 1
    assert said.stdout == ""
    assert SECRET not in said.stderr
    for word in ("early", "late", "server", "library", "ours", "a warning", "thread worker ended", "nobody caught"):
        assert said.stderr.count(word) >= 1, word
    assert said.stderr.count("early ***") == said.stderr.count("late ***") == 1  # once, whatever handlers there were
    assert "never" not in said.stderr and "detail" not in said.stderr
    if form == "json":
        lines = [json.loads(line) for line in said.stderr.splitlines()]
        assert all({"time", "level", "reference", "logger", "message"} <= line.keys() for line in lines)
        assert lines[-1]["level"] == "critical" and "RuntimeError" in lines[-1]["traceback"]


def test_debug_is_for_us_and_not_for_the_driver() -> None:
    said = run(EVERYTHING.replace("{form!r}", "'text'").replace("{level!r}", "'debug'"))

    assert "detail ***" in said.stderr
    assert "never" not in said.stderr


DEEDS = """
import logging, sys
from equipment.logs import console
console.start()
log = logging.getLogger("equipment.x")
{before}
log.info("one"); log.error("two", exc_info=ValueError("x")); console.say("three"); log.info("%d", "four")
{after}
print("done")
"""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk_loses_lines_and_nothing_else() -> None:
    with Path("/dev/full").open("w") as full:
        ended = run(DEEDS.format(before="", after=""), capture_output=False, stdout=subprocess.PIPE, stderr=full)

    assert (ended.returncode, ended.stdout) == (0, "done\n")


@pytest.mark.parametrize("before", ["sys.stderr.close()", "sys.stderr = None", "import os; os.close(2)"])
def test_a_closed_console_loses_lines_and_nothing_else(before: str) -> None:
    ended = run(DEEDS.format(before=before, after=""))

    assert (ended.returncode, ended.stdout) == (0, "done\n")


def test_a_reader_who_went_away_loses_lines_and_nothing_else() -> None:
    read, write = os.pipe()
    os.close(read)
    with open(write, "w") as gone:  # noqa: PTH123 - a pipe
        ended = run(DEEDS.format(before="", after=""), capture_output=False, stdout=subprocess.PIPE, stderr=gone)

    assert (ended.returncode, ended.stdout) == (0, "done\n")


def test_what_was_lost_is_counted() -> None:
    ended = run(DEEDS.format(before="real, sys.stderr = sys.stderr, None", after="sys.stderr = real; log.info('five')"))

    assert "five" in ended.stderr
    assert "4 lines of this log could not be written" in ended.stderr
