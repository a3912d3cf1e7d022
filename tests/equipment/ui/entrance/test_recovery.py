"""The first page's way back from a backup, step by step, without a browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from backup_engine.csv_format import age
from backup_engine.errors import HostKeyUnknown
from equipment.accounts import setup
from equipment.accounts.login import Visitor
from equipment.recovery import LOOKING, RECOVERING
from equipment.server import database as connection
from equipment.settings import ROOT
from equipment.ui.entrance import recovery
from tests.equipment.bare_machine import BareMachine, Db, standing
from tests.mongod import Mongod

IDENTITY = age.new_identity()
HOSTILE = "<b>x</b> **bold** [click](www.example.org)"
SHOWN = "\\<b\\>x\\</b\\> \\*\\*bold\\*\\* \\[click\\](\u2060www.example.org)"


@pytest.fixture
def bare(
    shared_mongod: Mongod, database: Db, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[BareMachine]:
    monkeypatch.setattr(recovery, "visitor", Visitor)  # without a browser the address is a MagicMock
    with standing(shared_mongod, database, tmp_path, age.public_half(IDENTITY)) as machine:
        yield machine
        connection.close()


def page() -> AppTest:
    test = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()
    return test.button_group(key="first_run_way").set_value("Recover from a backup").run()


def with_code() -> AppTest:
    test = page()
    field(test, "Set-up code").set_value(setup.setup_code())
    return press(test, "Continue")


def field(test: AppTest, label: str) -> object:
    (found,) = [each for each in test.text_input if each.label == label]
    return found


def press(test: AppTest, label: str) -> AppTest:
    (button,) = [each for each in test.button if each.label == label]
    return button.click().run()


def look(test: AppTest, bare: BareMachine, source: str, identity: str = IDENTITY) -> AppTest:
    field(test, "Where the backups lie").set_value(source)
    field(test, "Identity, for encrypted backups").set_value(identity)
    test = press(test, "Look")
    assert bare.backups.jobs.wait_for(LOOKING, 60)
    return test.run() if bare.backups.jobs.latest(LOOKING) else test


def words(test: AppTest) -> str:
    kinds = (test.subheader, test.markdown, test.caption, test.error, test.warning, test.success, test.info, test.text)
    return "\n".join(str(each.value) for kind in kinds for each in kind)


def labels(test: AppTest) -> list[str]:
    return [each.label for each in (*test.text_input, *test.button)]


def test_before_the_code_there_is_nothing_to_fill_in(bare: BareMachine) -> None:
    test = page()
    assert labels(test) == ["Set-up code", "Continue"]

    field(test, "Set-up code").set_value("AAAA-AAAA-AAAA")
    test = press(test, "Continue")

    assert "The set-up code is not right" in words(test)
    assert labels(test) == ["Set-up code", "Continue"]


def test_it_can_no_more_be_guessed_here_than_for_the_administrator(bare: BareMachine) -> None:
    test = page()
    for number in range(setup.LIMIT.free + 1):
        field(test, "Set-up code").set_value(f"code {number}")
        test = press(test, "Continue")

    assert "Too many attempts" in words(test)
    field(test, "Set-up code").set_value(setup.setup_code())
    assert "Too many attempts" in words(press(test, "Continue"))


def test_from_the_code_to_the_sign_in(bare: BareMachine) -> None:
    older, newest = bare.back_up("ACME"), bare.back_up("Zeppelin")
    test = look(with_code(), bare, str(bare.folder))
    said = words(test)
    assert str(bare.folder) in said and "Recover" in labels(test)
    (which,) = test.radio
    assert which.value == newest.backup_id and len(which.options) == 2
    (button,) = [each for each in test.button if each.label == "Recover"]
    assert button.disabled

    test = which.set_value(older.backup_id).run()
    (tick,) = test.checkbox
    assert older.label in tick.label.replace("\\", "")
    test = press(tick.check().run(), "Recover")
    assert bare.backups.jobs.wait_for(RECOVERING, 60)
    test = test.run()

    said = words(test)
    assert f"Recovered backup {older.label}" in said.replace("\\", "") and "Sign in with the accounts" in said
    assert "What was changed after" in said and "EQUIPMENT_PUBLIC_URL" in said
    assert "it makes no backups by itself" in said
    assert {record["Vendor"] for record in bare.records} == {"ACME"}
    assert "Sign in" in labels(test) and "Where the backups lie" not in labels(test)
    assert recovery.KEYS not in test.session_state
    assert not test.exception


def test_a_tick_for_one_is_no_tick_for_another(bare: BareMachine) -> None:
    older = bare.back_up("ACME")
    bare.back_up("Zeppelin")
    test = look(with_code(), bare, str(bare.folder))

    test = test.checkbox[0].check().run()
    test = test.radio[0].set_value(older.backup_id).run()

    assert not test.checkbox[0].value


@pytest.mark.parametrize(("identity", "said"), [
    ("", "Key needed"), (age.new_identity(), "Wrong key or passphrase"), (age.public_half(IDENTITY), "public key"),
], ids=["none", "another", "public half"])
def test_keys_that_do_not_open_it(bare: BareMachine, identity: str, said: str) -> None:
    bare.back_up("ACME")

    test = look(with_code(), bare, str(bare.folder), identity)

    assert said in words(test).replace("\\", "") and "Recover" not in labels(test)
    assert not test.exception


def test_text_from_elsewhere_stays_text(bare: BareMachine, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*arguments: object, **options: object) -> None:
        raise HostKeyUnknown(HOSTILE, fingerprint="SHA256:abc")

    test = with_code()
    with monkeypatch.context() as patched:
        patched.setattr("equipment.recovery.api.recoverable", refused)
        test = look(test, bare, "sftp://ada@host/backups")
        assert "SHA256:abc" in [each.value for each in test.code]
        assert "Look there" in labels(test)
    test = look(test, bare, f"/{HOSTILE}")

    assert SHOWN in words(test) and HOSTILE not in "".join(str(each.value) for each in test.error)


def test_a_confirmed_key_is_handed_on(bare: BareMachine, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[str] = []

    def ask(*arguments: object, host_key: str, **options: object) -> None:
        given.append(host_key)
        raise HostKeyUnknown("unknown", fingerprint="SHA256:abc")

    monkeypatch.setattr("equipment.recovery.api.recoverable", ask)
    test = look(with_code(), bare, "sftp://ada@host/backups")
    (button,) = [each for each in test.button if each.label == "Look there"]
    assert button.disabled

    press(test.checkbox[0].check().run(), "Look there")

    assert given == ["", "SHA256:abc"]


def test_in_a_demo_there_is_nothing_to_recover_into(bare: BareMachine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "choose", lambda settings: connection.Choice.DEMO)
    test = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()

    assert not test.button_group and "Create the administrator" in words(test)
