"""Create Backup: how many copies there are in how many places, and which is missing."""

from __future__ import annotations

from datetime import datetime, tzinfo

import streamlit as st

from backup_engine.api import BackupError
from equipment import copies
from equipment.backups import Backups, Caller
from equipment.copies import Copy, Survey
from equipment.ui import time_zone
from equipment.ui.backup import targets, words
from equipment.ui.plain import plain

__all__ = ["headline", "show"]

RULE = ("The rule of 3-2-1: three copies of the list, the list itself among them, in two places, one of them on "
        "another machine.")
ON = {"same disk": "on the same disk", "another disk": "on another disk of this machine",
      "another machine": "on another machine"}


def show(backups: Backups, caller: Caller) -> None:
    """Draw it; while a recovered copy stands by nothing is sent, and it says so."""
    try:
        found = copies.survey(backups, caller)
    except BackupError as error:
        st.error(plain(str(error)))
        return
    if found is None:
        st.caption(":material/hourglass: Where copies lie is still being looked at.")
        return
    zone, now = time_zone.of_reader(), backups.now()
    misses = copies.missing(found)
    icon = ":material/gpp_maybe:" if misses else ":material/verified_user:"
    with st.expander(f"{icon} **3-2-1:** {plain(headline(found, misses))}"):
        st.text(f"The list itself, on the database server {found.server}" if found.server else
                "The list itself, in the database on this machine")
        for copy in (found.folder, *found.remotes):
            st.text(_line(copy, now, zone))
        if backups.scheduler.standby is not None:
            st.caption(":material/content_copy: While this copy stands by, nothing is sent.")
        st.caption(RULE + (" Places off this machine are added under Auto Backup." if misses else ""))


def headline(found: Survey, misses: str) -> str:
    """Say it: ``2 copies in 1 place, all on this machine. Missing: a backup on another machine.``"""
    number, places = 1 + len(found.counted), found.places
    away = len(found.away)
    where = words.count(places, "place")
    if away:
        where += f", {away:,} of the copies on another machine"
    elif not found.server:
        where += ", all on this machine" if number > 1 else ", this machine"
    return f"{words.count(number, 'copy', 'copies')} in {where}. " + (f"Missing: {misses}." if misses
                                                                       else "Nothing is missing.")


def _line(copy: Copy, now: datetime, zone: tzinfo | None) -> str:
    said = [f"{copy.name or 'Backup folder'} ({copy.shown}), {ON[copy.distance]}"]
    if not copy.counts:
        since = f" since {words.moment(copy.since, zone)[:16]}" if copy.since else ""
        said.append(f"not counted, because {copy.why}{since}")
    if copy.newest is not None:
        said += [f"newest {targets.old(now - copy.newest.started)}", _checked(copy, now, zone)]
        said += ["encrypted"] if copy.newest.encrypted else ["not encrypted"]
    return "; ".join(said)


def _checked(copy: Copy, now: datetime, zone: tzinfo | None) -> str:
    if copy.name:
        return f"last read back {targets.read_back(copy.checked, now, zone)}"
    return f"verified: {words.LEVELS.get(copy.level, 'read back when it was made')}"
