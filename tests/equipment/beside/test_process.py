"""Work beside a process, as the process sees it that asked for it: answers, log, errors, an early end, a stop."""

from __future__ import annotations

import logging
import pickle
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from backup_engine.errors import BackupError, BadInput, Cancelled
from backup_engine.machine import children
from backup_engine.model import SILENT, Progress, Watch
from equipment.beside import process
from equipment.logs import reference

PROGRAM = ("import logging, os, threading; from backup_engine.errors import BadInput; from backup_engine.model import "
           "Progress; from equipment.beside import serving\n"
           "def do(request, given, watch):\n    {does}\nserving.serve(lambda _, pieces: list(pieces), do)")


def asked(does: str, request: Any = None, *pieces: Any, watch: Watch = SILENT, **named: Any) -> Any:
    return process.call(PROGRAM.format(does=does), request, pieces, watch=watch,
                        ended=lambda code: BackupError(f"ended with {code}"), **named)


def test_what_is_asked_goes_there_and_the_answer_comes_back() -> None:
    assert asked("return request, given", {"a": 1}, b"x", b"y") == ({"a": 1}, [b"x", b"y"])


def test_a_long_answer_comes_in_pieces() -> None:
    made = asked("return serving.InPieces('about', iter(given))", None, b"x", b"y",
                 made=lambda about, pieces: (about, list(pieces)))
    assert made == ("about", [b"x", b"y"])


def test_its_log_is_ours_under_our_reference(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO), reference.request("ABCD1234"):
        said = asked("from equipment.logs import reference; logging.getLogger('work').info('said %s', 1); "
                     "return reference.known()")
    assert said == "ABCD1234"
    assert "said 1" in [record.message for record in caplog.records if record.name == "work"]


def test_an_error_is_raised_here_with_its_hint() -> None:
    with pytest.raises(BadInput) as raised:
        asked("raise BadInput('no', hint='yes')")
    assert (raised.value.message, raised.value.hint) == ("no", "yes")


@pytest.mark.parametrize(("does", "code"), [
    ("os.kill(os.getpid(), 9)", -9), ("raise ValueError", 1), ("return threading.Lock()", 1)])
def test_an_early_end_is_said(does: str, code: int) -> None:
    with pytest.raises(BackupError, match=f"ended with {code}"):
        asked(does)


def test_its_progress_is_told_and_a_stop_heard() -> None:
    told, stop = list[Progress](), threading.Event()

    def report(progress: Progress) -> None:
        told.append(progress)
        if progress.phase == "at it":
            stop.set()

    with pytest.raises(Cancelled):
        asked("while True: watch.step('at it', 1, 2)", watch=Watch(report, stop.is_set))
    assert Progress("at it", 1, 2) in told


@pytest.mark.parametrize(("step", "outcome"), [
    ("watch.step('at it')", "Cancelled"), ("watch.tell(Progress('at it', final=True))", "finished")])
def test_when_nobody_waits_any_more_it_stops_unless_nobody_can_stop_it(
    tmp_path: Path, step: str, outcome: str
) -> None:
    does = f"""
    import pathlib
    said = 'Cancelled'
    try:
        [each.join() for each in threading.enumerate() if each.name == 'listening']
        {step}
        said = 'finished'
    finally:
        pathlib.Path(request).write_text(said)"""
    alone = subprocess.Popen([sys.executable, "-c", PROGRAM.format(does=does)], stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE, cwd=children.ABOVE_THE_PACKAGES, env=children.of_python())
    assert alone.stdin is not None and alone.stdout is not None
    for what in (("", str(tmp_path / "said")), None):
        alone.stdin.write(pickle.dumps(what))
    alone.stdout.close()
    alone.stdin.close()
    alone.wait(60)
    assert (tmp_path / "said").read_text() == outcome
