"""A long export is made in a process of its own, and is the same file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import datetime
from itertools import repeat

import bson
import psutil
import pytest

from backup_engine.errors import BackupError, BadInput
from equipment.exchange import made_file
from equipment.exchange.made_file import FEW, Asked
from tests.server.running_app import wait_for

NAMES, TYPES = ["ID", "Model", "Bought", "gone"], {"ID": "number", "Model": "text", "Bought": "date", "gone": "text"}
MANY = FEW + 500


def documents() -> Iterator[bytes]:
    for number in range(MANY):
        yield bson.encode({"_id": number, "ID": number, "Model": f"=Ö{number}", "Bought": datetime(2024, 1, 2),
                           "hidden": [number]})


def children() -> list[psutil.Process]:
    return [child for child in psutil.Process().children() if made_file.PROGRAM in child.cmdline()]


@pytest.mark.parametrize(("form", "whole"), [("csv", True), ("json", True), ("json", False)])
def test_it_is_the_same_file(form: str, whole: bool) -> None:
    asked = Asked(form, NAMES, TYPES, whole)

    beside = b"".join(made_file.pieces(asked, documents(), MANY))

    assert beside == b"".join(made_file.here(asked, documents()))
    assert b"\xc3\x96" in beside
    assert (b"hidden" in beside) == (form == "json" and whole)
    assert not children()


def test_a_workbook_is_whole() -> None:
    beside = b"".join(made_file.pieces(Asked("xlsx", NAMES, TYPES), documents(), MANY))

    assert beside.startswith(b"PK")
    assert abs(len(beside) - len(b"".join(made_file.here(Asked("xlsx", NAMES, TYPES), documents())))) < 100


def test_pages_come_before_it() -> None:
    pieces = made_file.pieces(Asked("csv", NAMES, TYPES), documents(), MANY)
    next(pieces)

    [process] = children()
    assert process.nice() == min(19, os.nice(0) + made_file.NICE)
    pieces.close()  # type: ignore[attr-defined]


def test_what_the_form_cannot_hold_is_said_before_the_first_piece() -> None:
    too_long = repeat(bson.encode({"_id": 1, "Model": "x" * 40_000}), MANY)

    with pytest.raises(BadInput, match="40,000 characters in Model"):
        next(made_file.pieces(Asked("xlsx", ["Model"], {}), too_long, MANY))
    assert not children()


def test_a_fault_while_reading_is_raised_and_no_end_of_the_file() -> None:
    def torn() -> Iterator[bytes]:
        yield from documents()
        raise ConnectionError("the database went away")

    with pytest.raises(ConnectionError, match="went away"):
        b"".join(made_file.pieces(Asked("csv", NAMES, TYPES), torn(), MANY))
    assert not children()


def test_whoever_does_not_want_the_rest_leaves_no_process() -> None:
    endless = repeat(bson.encode({"_id": 1, "Model": "x" * 500}))
    pieces = made_file.pieces(Asked("csv", ["Model"], {}), endless, MANY)
    next(pieces)
    assert children()

    pieces.close()  # type: ignore[attr-defined]

    wait_for(lambda: not children(), "the end of the process")
    assert not children()


def test_a_process_that_was_killed_is_no_end_of_the_file() -> None:
    endless = repeat(bson.encode({"_id": 1, "Model": "x" * 500}))
    pieces = made_file.pieces(Asked("csv", ["Model"], {}), endless, MANY)
    next(pieces)
    for child in children():
        child.kill()

    with pytest.raises(BackupError, match="ended before it was whole"):
        for _ in pieces:
            pass
