"""One screen's fault stays that screen's fault."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st
from pymongo.errors import ConnectionFailure, WriteConcernError

from backup_engine.errors import BackupError, DatabaseUnreachable, NoMajority
from equipment.logs import reference
from equipment.ui.plain import plain

__all__ = ["explain", "guard", "on_script_error"]

log = logging.getLogger(__name__)


@contextmanager
def guard(screen: str) -> Iterator[None]:
    """Show an error of the block as one friendly line in its place, and let the rest of the page go on.

    Faults we know say what happened and what to do. Others get a reference number under which the log has the details.
    """
    try:
        yield
    except BackupError as error:
        log.info("%s: %s", screen, error)
        explain(error)
    except ConnectionFailure:
        log.warning("the database went away while %s was drawn", screen)
        explain(DatabaseUnreachable("the server does not answer any more", hint="Reload the page to see more."))
    except WriteConcernError:
        explain(_no_majority())
    except Exception:  # noqa: BLE001 - the boundary: an unforeseen fault is logged whole and shown in words
        st.error(_in_words(screen, _logged(screen)), icon=":material/error:")


def explain(error: BackupError) -> None:
    """Show a known fault with its advice."""
    st.error(f"{plain(error.message)}  \n{plain(error.hint)}" if error.hint else plain(error.message),
             icon=":material/error:")


def on_script_error(error: Exception) -> bool:
    """Show what escaped every boundary, such as a fault in a callback, in the same manner; True: dealt with."""
    if isinstance(error, WriteConcernError):
        error = _no_majority()
    if isinstance(error, BackupError):
        explain(error)
        return True
    number = reference.current()
    log.error("a page failed", exc_info=error, extra={"reference": number})
    reference.forget()
    st.error(_in_words("This page", number), icon=":material/error:")
    return True


def _no_majority() -> NoMajority:
    return NoMajority("too few members of the replica set answer, so that what was saved just now may not last",
                      hint="Try again when they are back, and look first what was saved.")


def _logged(screen: str) -> str:
    number = reference.current()
    log.exception("%s failed", screen, extra={"reference": number})
    return number


def _in_words(screen: str, number: str) -> str:
    return f"{screen} could not be shown. Nothing was lost. The server's log has the details under **{number}**."
