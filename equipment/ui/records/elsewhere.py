"""How far imports, bulk edits and the like are that the page does not follow itself: of other people, tabs and servers.

Whoever does it sees it, and those who may do bulk edits see what everybody does; both can stop it.
"""

from __future__ import annotations

import logging
import time
from functools import partial
from typing import Final

import streamlit as st
from pymongo.errors import PyMongoError

from backup_engine.errors import BackupError
from equipment.store import work
from equipment.store.work import LIST, Work
from equipment.ui import list_jobs
from equipment.ui.context import App
from equipment.ui.progress import told
from equipment.ui.records import state

__all__ = ["show"]

log = logging.getLogger(__name__)

POLL_SECONDS: Final = 2
LOOKED: Final = "elsewhere_looked"
"""When nobody was at work, by the monotonic clock."""


def show(app: App) -> None:
    """Draw it; nothing, and nothing that asks again, when nobody is at work."""
    # Not at every click: it is one command of the eight that a page may take.
    looked = st.session_state.get(LOOKED)
    if looked is not None and time.monotonic() - looked < POLL_SECONDS:
        return
    if _at_work(app):
        _running(app)
    else:
        st.session_state[LOOKED] = time.monotonic()


@st.fragment(run_every=POLL_SECONDS)
def _running(app: App) -> None:
    doing = _at_work(app)
    if not doing:
        st.rerun()
        return
    here = {str(number) for number in list_jobs.numbers()}
    for each in doing:
        where = "" if each.number in here else " on another server"
        told(each, f"{each.title}, by {each.owner}{where}", partial(work.ask_to_stop, app.database, app.who, each))


def _at_work(app: App) -> list[Work]:
    followed = list_jobs.numbers(_followed(app))
    try:
        return [each for each in work.elsewhere(app.database, LIST, followed) if work.may_stop(app.account, each)]
    except (BackupError, PyMongoError) as error:
        log.info("what others do to the list cannot be asked: %s", type(error).__name__)
        return []


def _followed(app: App) -> set[str]:
    """Give the kinds of job whose bar the page draws by itself."""
    above = {list_jobs.of_person(app, what) for what in ("bulk_edit", "undo")}
    of_section = {"Import": {list_jobs.import_of(app)}, "Columns": {list_jobs.COLUMNS}}
    return above | of_section.get(state.current().section, set())
