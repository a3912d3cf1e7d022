"""A line is one line, in local time with its offset, whatever stands in it."""

from __future__ import annotations

import json
import logging
import re
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from equipment.logs import deeds, reference
from equipment.logs.lines import JsonLines, TextLines
from equipment.logs.redaction import Redaction

FORGED = "2026-01-01T00:00:00.000+00:00 INFO    00000000 equipment.deeds: user.role by Ada: user:eve"
NAMES = [f"eve\n{FORGED}", f"eve\r\n{FORGED}", f"eve\u2028{FORGED}", f"eve\x85{FORGED}", f"eve\x0b{FORGED}",
         f"eve\x1b[2K\x1b[1A{FORGED}", "eve\u202egnp.exe", "eve\x00", "eve\ud800"]
LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d (DEBUG|INFO|WARNING|ERROR|CRITICAL) +\S+ +\S+: ")


def record(message: str, *args: object, exc_info: Any = None, **extra: object) -> logging.LogRecord:
    return logging.getLogger("equipment.x").makeRecord(
        "equipment.x", logging.INFO, "", 0, message, args, exc_info, extra=extra)


def text(of: logging.LogRecord) -> str:
    return TextLines(Redaction()).format(of)


def fields(of: logging.LogRecord) -> dict[str, Any]:
    line = JsonLines(Redaction()).format(of)
    assert "\n" not in line and line.isascii()
    return dict(json.loads(line))


@pytest.fixture
def zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    def choose(name: str) -> None:
        monkeypatch.setenv("TZ", name)
        time.tzset()

    yield choose
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(("name", "offset"), [
    ("Asia/Kathmandu", "+05:45"), ("America/St_Johns", "-03:30"), ("UTC", "+00:00"), ("Europe/Berlin", "+01:00"),
])
def test_the_time_has_its_zone(zone: Callable[[str], None], name: str, offset: str) -> None:
    zone(name)
    moment = record("x")
    moment.created = 1767225600.25  # 2026-01-01 00:00:00.25 UTC

    assert text(moment).split()[0].endswith(f".250{offset}")
    assert fields(moment)["time"] == text(moment).split()[0]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_forges_no_line(name: str) -> None:
    said = record("%s signed in", name)

    assert len(text(said).splitlines()) == 1
    assert text(said).isprintable()
    assert LINE.match(text(said))
    assert len(LINE.findall(fields(said)["message"])) <= 1


@pytest.mark.parametrize("name", NAMES)
def test_a_traceback_forges_no_line(name: str) -> None:
    try:
        raise ValueError(name)
    except ValueError:
        said = record("failed", exc_info=sys.exc_info())

    first, *rest = text(said).split("\n")
    assert LINE.match(first)
    assert rest and all(line.startswith("\t| ") for line in rest)
    assert fields(said)["traceback"].startswith("Traceback")


def test_secrets_are_taken_out_of_arguments_tracebacks_and_fields() -> None:
    try:
        raise ValueError("mongodb://ada:hunter2@h")
    except ValueError:
        said = record("at %s", "mongodb://ada:hunter2@h", exc_info=sys.exc_info(), deed={"note": "password=hunter2"})

    assert "hunter2" not in text(said)
    assert "hunter2" not in json.dumps(fields(said))


def test_a_wrong_call_is_told_all_the_same() -> None:
    assert "%d things ('many',)" in text(record("%d things", "many"))


def test_a_long_text_is_cut() -> None:
    assert len(text(record("x" * 1_000_000))) < 5_000


def test_a_deed_is_one_line_with_its_parts(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "equipment.deeds"), reference.request() as number:
        deeds.tell("records.bulk_edit", "Ada", "10.0.0.1", "record:1f", "Location: A → B", 1_200)
        deeds.tell("sign_in.failed", "", "", "user:unknown")
    many, failed = caplog.records

    assert text(many).endswith("equipment.deeds: records.bulk_edit by Ada from 10.0.0.1: record:1f and 1,199 more "
                               "(Location: A → B)")
    assert f" {number} " in text(many)
    assert fields(many) | {"time": ""} == {
        "time": "", "level": "info", "reference": number, "logger": "equipment.deeds", "message": many.getMessage(),
        "action": "records.bulk_edit", "who": "Ada", "address": "10.0.0.1", "target": "record:1f", "count": 1_200,
        "note": "Location: A → B"}
    assert failed.levelname == "WARNING"
