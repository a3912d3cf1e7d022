"""The chosen backup and the sub-tab stand in the address: a link leads to them, a wrong one to the usual page."""

from __future__ import annotations

from datetime import timedelta

import pytest
from streamlit.testing.v1 import AppTest

from backup_engine.model import BackupSet
from equipment.backups import Backups
from tests.equipment.ui.backup.place import section


def two(place: Backups) -> tuple[BackupSet, BackupSet]:
    """A backup of the day before yesterday and one of today."""
    ws, made = place.engine.workspace, []
    now = ws.clock
    for days in (2, 0):
        object.__setattr__(ws, "clock", lambda days=days: now() - timedelta(days=days))
        made.append(place.engine.create(force=True).set)
    object.__setattr__(ws, "clock", now)
    older, newer = made
    assert older is not None and newer is not None
    return older, newer


def at(label: str, *, own_app: bool = True) -> AppTest:
    """Open Restore Data by a link to that backup."""
    test = AppTest.from_function(section, default_timeout=60)
    for name, value in {"role": "admin", "sections": "restore.screen", "own_app": own_app}.items():
        test.session_state[name] = value
    if label:
        test.query_params["set"] = label
    test.run()
    assert not test.exception
    return test


def chosen(test: AppTest) -> str:
    (box,) = [each for each in test.selectbox if each.label == "Backup"]
    return str(box.value.label)


def test_a_link_leads_to_its_backup(place: Backups) -> None:
    older, newer = two(place)
    assert chosen(at("")) == newer.label

    test = at(older.label)
    assert chosen(test) == older.label
    test.selectbox[0].set_value(newer.day).run()
    assert chosen(test) == newer.label, "the address is followed once, not against whoever chooses"
    assert written(test) == newer.label
    test.query_params["set"] = older.label
    assert chosen(test.run()) == older.label, "back in the browser"


def written(test: AppTest) -> str:
    """What the address names: a text as a test sets it, a list of one as the page does."""
    named = test.query_params["set"]
    return named if isinstance(named, str) else named[0]


@pytest.mark.parametrize("label", ["20200101_000000", "x" * 5_000, "../../etc/passwd", "%00"])
def test_an_unknown_one_leads_to_the_usual_page(place: Backups, label: str) -> None:
    _, newer = two(place)
    test = at(label)

    assert chosen(test) == newer.label
    assert written(test) == newer.label


def test_in_another_app_the_address_is_its_own(place: Backups) -> None:
    older, newer = two(place)
    test = at(older.label, own_app=False)

    assert chosen(test) == newer.label
    assert written(test) == older.label
