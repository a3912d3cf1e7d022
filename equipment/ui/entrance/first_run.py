"""The first page of an installation: create the administrator, or bring everything back from a backup."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from backup_engine.errors import BadInput
from equipment.accounts import setup
from equipment.accounts.login import SignInRefused
from equipment.accounts.passwords import check_rules
from equipment.domain.faults import all_at_once
from equipment.domain.names import clean_name
from equipment.server import database
from equipment.settings import Settings
from equipment.store.access import Db
from equipment.ui.entrance import code_place, password, recovery
from equipment.ui.plain import plain
from equipment.ui.visitor import visitor

__all__ = ["show"]

CREATE, RECOVER = "Create the administrator", "Recover from a backup"
WAY = "first_run_way"


def show(db: Db, settings: Settings, enter: Callable[[str, str], None]) -> None:
    """Draw both ways; ``enter`` signs in who has just been created, by name and password."""
    setup.setup_code()
    way = CREATE
    if database.choose(settings) is not database.Choice.DEMO:  # what is only in memory is nothing to recover into
        way = st.segmented_control(
            "This is the first start", (CREATE, RECOVER), default=CREATE, required=True, key=WAY) or CREATE
    if way == RECOVER:
        st.subheader(RECOVER, anchor=False)
        recovery.show(db, settings)
    else:
        _create(db, enter)


def _create(db: Db, enter: Callable[[str, str], None]) -> None:
    st.subheader(CREATE, anchor=False)
    code_place.tell("This is the first start. It needs")
    with st.form("first_run", border=True):
        code = st.text_input("Set-up code", autocomplete="off", max_chars=40)
        name = st.text_input("Name", autocomplete="username", max_chars=64)
        chosen = password.new()
        again = password.again()
        pressed = st.form_submit_button("Create administrator", type="primary")
    if not pressed:
        return
    try:
        all_at_once(lambda: clean_name(name), lambda: check_rules(chosen, name),
                    lambda: password.must_match(chosen, again))
        setup.create_administrator(db, code, name, chosen, address=visitor().address)
        enter(name, chosen)
    except (BadInput, SignInRefused) as error:
        st.error(plain(str(error)), icon=":material/error:")
