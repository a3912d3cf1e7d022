"""What the owner of an account is told by mail, and that nothing breaks where there is no mail."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pymongo.database import Database

from equipment.messages.personal import notices
from equipment.messages.personal.post import MOST_WAITING
from equipment.store.access import USERS
from tests.equipment.messages.personal.posts import kept
from tests.equipment.store.people import signed_in

Db = Database[dict[str, Any]]


def test_a_changed_password_is_told_to_the_accounts_email(database: Db) -> None:
    signed_in(database, "user", "ada")
    with kept() as post:
        notices.password_changed(database, "ada", "192.0.2.1")
        post.tick()
        assert post.sent == []
        database[USERS].update_one({"_id": "ada"}, {"$set": {"email": "ada@example.org"}})
        notices.password_changed(database, "ada", "192.0.2.1", by_link=True)
        post.tick()

    (letter,) = post.sent
    assert letter.to == "ada@example.org" and "by the link of a mail, from 192.0.2.1" in letter.message.text


@pytest.mark.parametrize(("tell", "said"), [
    (notices.password_reset, "replaced the password of your account ada by a one-time code"),
    (notices.factor_reset, "took away the second factor of your account ada")])
def test_what_an_administrator_reset_is_told_to_the_accounts_email(
    database: Db, tell: Callable[[Db, str], None], said: str
) -> None:
    signed_in(database, "user", "ada")
    with kept() as post:
        tell(database, "ada")
        tell(database, "nobody")
        post.tick()
        assert post.sent == []
        database[USERS].update_one({"_id": "ada"}, {"$set": {"email": "ada@example.org"}})
        tell(database, "ada")
        post.tick()

    (letter,) = post.sent
    assert letter.to == "ada@example.org" and said in letter.message.text.replace("\n", " ")


def test_a_changed_email_is_told_to_the_one_before_without_the_new_one() -> None:
    with kept("") as post:
        notices.email_changed("Ada", "")
        notices.email_changed("Ada", "ada@example.org")
        post.tick()

    (letter,) = post.sent
    assert letter.to == "ada@example.org" and letter.message.text.count("@") == 0


def test_without_a_mail_server_and_with_too_many_waiting_the_change_stands(
    database: Db, caplog: pytest.LogCaptureFixture
) -> None:
    notices.email_changed("Ada", "ada@example.org")
    assert caplog.text == ""
    with kept() as post:
        for _ in range(MOST_WAITING):
            post.hand_over(list)
        notices.email_changed("Ada", "ada@example.org")
        post.tick()

    assert post.sent == [] and "too many wait" in caplog.text
