"""The cookie's name: two installations on one host keep theirs, and one of a version before is replaced."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from pymongo.database import Database
from starlette.applications import Starlette
from starlette.testclient import TestClient

from equipment.accounts import cookie, routes
from equipment.server.downloads import activity_log, list_downloads
from equipment.settings import Settings
from equipment.store.access import SESSIONS, Account
from equipment.store.accounts import sessions
from tests.equipment.store.people import signed_in

Db = Database[dict[str, Any]]
HOST = "lab.example.org"


class Installation:
    """The routes of one installation on that host, as its server mounts them, with an administrator."""

    def __init__(self, db: Db, port: int, browser: TestClient | None = None) -> None:
        self.db, self.url = db, f"http://{HOST}:{port}"
        self.settings = Settings(mongodb_uri=SecretStr("mongodb://db1"), mongodb_database=db.name)
        own = [*routes.routes(self.settings, lambda: db), *activity_log.routes(self.settings, lambda: db),
               *list_downloads.routes(self.settings, lambda: db)]
        self.visitor = TestClient(Starlette(routes=own), base_url=self.url)
        if browser is not None:
            self.visitor.cookies = browser.cookies.jar  # type: ignore[assignment]  # shared, not copied
        signed_in(db, "admin", "ada")
        self.session = ""

    def ticket(self, purpose: sessions.Purpose = "sign-in") -> str:
        if purpose == "sign-in":
            self.session = sessions.open_session(self.db, Account("ada", "ada", "admin"), 0, address="", agent="",
                                                 lifetimes=sessions.USUAL)
        return sessions.issue_ticket(self.db, self.session, purpose)

    def post(self, path: str, ticket: str) -> int:
        return self.visitor.post(path, content=ticket, headers={"Origin": self.url}).status_code

    def is_signed_in(self) -> bool:
        answers = {self.visitor.get(path).status_code for path in ("/activity.csv", "/list.csv")}
        assert len(answers) == 1
        return answers == {200}


@pytest.fixture
def two(database: Db) -> Iterator[tuple[Installation, Installation]]:
    """Two installations over two databases of one server, and one browser."""
    other = database.client[f"{database.name}_b"]
    first = Installation(database, 8501)
    yield first, Installation(other, 8502, first.visitor)
    database.client.drop_database(other.name)


def names(installation: Installation) -> set[str]:
    return {held.name for held in installation.visitor.cookies.jar}


def test_two_installations_on_one_host_do_not_sign_each_other_out(two: tuple[Installation, Installation]) -> None:
    first, second = two
    for installation in two:
        assert installation.post(routes.SIGN_IN, installation.ticket()) == 204

    assert first.is_signed_in() and second.is_signed_in()
    assert names(first) == {cookie.name_of(first.settings), cookie.name_of(second.settings)}

    assert second.post(routes.SIGN_OUT, second.ticket("sign-out")) == 204
    assert first.is_signed_in() and not second.is_signed_in()


def test_one_of_the_old_name_counts_once_and_is_replaced(two: tuple[Installation, Installation]) -> None:
    first, _ = two
    redeemed = sessions.redeem(first.db, first.ticket())
    assert redeemed
    first.visitor.cookies.set(cookie.OLD, redeemed[0], domain=HOST, path="/")
    assert first.is_signed_in()

    assert first.post(routes.SIGN_IN, sessions.issue_ticket(first.db, first.session, "sign-in")) == 204

    assert names(first) == {cookie.name_of(first.settings)}
    assert first.is_signed_in()
    assert first.db[SESSIONS].count_documents({"cookie": {"$exists": True}}) == 1
    first.visitor.cookies.clear()
    first.visitor.cookies.set(cookie.OLD, redeemed[0], domain=HOST, path="/")
    assert not first.is_signed_in(), "its text was replaced as well"


def test_one_of_the_old_name_that_is_anothers_stays(two: tuple[Installation, Installation]) -> None:
    first, second = two
    redeemed = sessions.redeem(first.db, first.ticket())
    assert redeemed
    first.visitor.cookies.set(cookie.OLD, redeemed[0], domain=HOST, path="/")
    assert not second.is_signed_in()

    assert second.post(routes.SIGN_IN, second.ticket()) == 204

    assert names(first) == {cookie.OLD, cookie.name_of(second.settings)}
    assert first.is_signed_in() and second.is_signed_in()


def test_signing_out_takes_one_of_the_old_name_away(two: tuple[Installation, Installation]) -> None:
    first, _ = two
    redeemed = sessions.redeem(first.db, first.ticket())
    assert redeemed
    first.visitor.cookies.set(cookie.OLD, redeemed[0], domain=HOST, path="/")

    assert first.post(routes.SIGN_OUT, first.ticket("sign-out")) == 204
    assert names(first) == set()


def of(uri: str, database: str = "lab") -> str:
    return cookie.name_of(Settings(mongodb_uri=SecretStr(uri), mongodb_database=database))


@pytest.mark.parametrize("same", [
    "mongodb://eve:secret@db1,db2:27018", "mongodb://eve:another@db2:27018,db1", "mongodb://eve:p@ss@DB1,db2:27018/",
    "mongodb://db1:27017,db2:27018/admin?replicaSet=rs0&tlsCertificateKeyFilePassword=a@b",
])
def test_logins_options_and_order_are_no_part_of_it(same: str) -> None:
    assert of(same) == of("mongodb://db1,db2:27018")


def test_another_host_database_or_folder_is_another_name(tmp_path: Path) -> None:
    folders = [Settings(data_folder=tmp_path / name) for name in ("a", "b")]
    others = [of("mongodb://db1"), of("mongodb://db1", "other"), of("mongodb://db1:27018"), of("mongodb://db2"),
              of("mongodb+srv://db1"), of("mongodb://%2Ftmp%2Fm.sock"), *map(cookie.name_of, folders)]

    assert len(set(others)) == len(others)
    assert all(name.startswith(cookie.OLD + "_") and name.isascii() and len(name) < 40 for name in others)


def test_only_hosts_and_name_go_into_it() -> None:
    assert cookie.hosts("mongodb://eve:secret@[::1],db1/x?y=z") == ["[::1]:27017", "db1:27017"]
    assert cookie.hosts("mongodb+srv://eve:secret@cluster.example.net/?tls=true") == ["cluster.example.net"]
