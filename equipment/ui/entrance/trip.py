"""The trip to the identity provider and back, from a page whose person has to prove who they are.

What was picked, ticked and typed there is kept on the server and put into the page that the trip ends at. Nothing is
done by coming back: the button is pressed again.
"""

from __future__ import annotations

from typing import Final

import streamlit as st

from equipment.accounts import oidc, trips
from equipment.accounts.login import SignInRefused
from equipment.ui.context import App
from equipment.ui.entrance import provider

__all__ = ["KEPT", "back", "leave"]

KEPT: Final = (
    "tab", "backup_tab", "restore_", "tick_", "meant_", "count_", "compare_other", "backup_sets_", "keep_", "storing_",
    "add_remote_", "sure_", "fingerprint_", "users_chosen", "role_", "approve_role_", "reason_", "trash_ticked",
    "_equipment_person_typed",
)
"""How the keys begin of what is kept. Keys and passwords that somebody pasted are none of it."""
LOOKED: Final = "_equipment_trip_looked"
PUT: Final = "_equipment_trip_put"
"""What was put back and not changed since."""


def leave(app: App) -> None:
    """Keep what is filled in on this page, for the page that its person comes back to."""
    # What is not ticked needs no keeping, and a button's False could not be put back.
    left = {key: value for key, value in st.session_state.items()
            if isinstance(key, str) and key.startswith(KEPT) and value is not None and value is not False}
    trips.begin(app.who.session, _address(), left)


def back(app: App) -> str | None:
    """Put what was left into this page, if it is the one that the trip ends at, and take what the provider says.

    Gives why that is no proof, an empty text when it is one, and None when nobody comes back.
    """
    if LOOKED in st.session_state:
        _put_again()
        return None
    st.session_state[LOOKED] = True
    trip = trips.under_way(app.who.session)
    # Another tab that is opened meanwhile has an address with something in it; the back button has that of before.
    if trip is None or _address() not in ({}, trip.address):
        return None
    trips.end(app.who.session)
    st.session_state[PUT] = dict(trip.left)
    st.session_state.update(trip.left)
    for name in trip.address.keys() - trip.left.keys():  # what a tab has in the address comes with the tab
        st.query_params[name] = trip.address[name]
    try:
        oidc.prove(app.database, app.who, provider.claims(), trip.begun)
    except SignInRefused as refused:
        return str(refused)
    return ""


def _address() -> dict[str, list[str]]:
    return {name: st.query_params.get_all(name) for name in st.query_params}


def _put_again() -> None:
    """Put each value back in each run until it is another one: the browser is told it only where it was put in the very
    run that draws its field, and some fields are drawn later, when the backups of a remote are known."""
    put = st.session_state.get(PUT, {})
    for key, value in list(put.items()):
        if key in st.session_state and st.session_state[key] == value:
            st.session_state[key] = value
        else:
            del put[key]
