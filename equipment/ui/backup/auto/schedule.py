"""When what is done by itself: an interval or set times, the next ones in the reader's time zone, and who does it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import Any

import pandas as pd
import streamlit as st

from backup_engine.api import (
    BackupError,
    BadInput,
    Preferences,
    Schedule,
    check_interval,
    check_zone,
    machine_zone,
    parse_cron,
    version_words,
    zone_names,
)
from equipment import offsite, schedules
from equipment.backups import Backups, Caller
from equipment.schedules import Shown
from equipment.ui import time_zone
from equipment.ui.backup import words
from equipment.ui.backup.auto import presets
from equipment.ui.backup.auto.presets import DAYS, OWN, PRESETS, TIMED, Chosen
from equipment.ui.plain import plain

NEXT = 5
WAYS = ("Every so many hours", "At set times")
SEEN = "schedule_seen"
"""The preferences that the fields were filled from."""
STORED = "schedule_stored"
PREFIX = "schedule_"


def show(backups: Backups, caller: Caller) -> None:
    """Draw the section."""
    st.subheader("Schedule")
    try:
        stands = schedules.shown(backups, caller)
    except BackupError as error:
        st.error(plain(str(error)))
        return
    st.caption(f":material/schedule: {plain(stands.keeper)}.")
    version = _fill(stands.preferences)
    if said := st.session_state.pop(STORED, ""):
        st.success(plain(said), icon=":material/check_circle:")
    with st.container(border=True, key="schedule"):
        changes, problems = _backups(stands)
        _next(backups, changes, problems)
        with st.expander("Verification, drills and remotes"):
            more, wrong = _others(backups, caller, stands)
            if "time_zone" not in changes:  # no cron text above, beside which it would stand
                more |= _zone(stands)
        _given(stands)
        if st.button("Use this schedule", type="primary", icon=":material/event_available:",
                     disabled=bool(problems or wrong)):
            _store(backups, caller, stands, version, {**changes, **more})
    _versions(backups, caller)


def _fill(preferences: Preferences) -> int:
    """Put what is stored into the fields; gives the version that they showed until now.

    What somebody typed stays, whatever others change: only a field that still shows what was stored follows it.
    """
    before: Preferences = st.session_state.get(SEEN, preferences)
    old, new = _values(before), _values(preferences)
    for name, value in new.items():
        shown = st.session_state.get(PREFIX + name, old.get(name, value))
        # Put there also when it is the same: Streamlit forgets a field that is not drawn, such as that of a cron text
        # while somebody looks at the hours.
        st.session_state[PREFIX + name] = value if shown == old.get(name, value) else shown
    st.session_state[SEEN] = preferences
    return before.version


def _values(preferences: Preferences) -> dict[str, Any]:
    """What the fields show, by the end of their keys."""
    chosen = presets.recognised(preferences.backup_cron) if preferences.backup_cron else Chosen(presets.DAILY)
    return {
        "way": WAYS[bool(preferences.backup_cron)], "hours": float(preferences.interval_hours),
        "preset": chosen.preset, "at": chosen.at, "day": chosen.day, "own": chosen.own,
        "zone": preferences.time_zone, "verify": preferences.verify_cron, "drill": preferences.drill_cron,
        **{f"remote_{name}": text for name, text in preferences.remote_crons.items()},
    }


def _backups(stands: Shown) -> tuple[dict[str, Any], list[str]]:
    """Draw how backups are made; gives the changes, and what is wrong with them."""
    fixed = "backup_cron" in stands.given
    way = st.radio("Backups are made", WAYS, key=PREFIX + "way", horizontal=True, disabled=fixed)
    if way == WAYS[0]:
        hours = st.number_input("Hours between backups", 0.1, 168.0, step=0.5, format="%g", key=PREFIX + "hours",
                                width=200)
        return {"interval_hours": hours, "backup_cron": ""}, []
    with st.container(horizontal=True, vertical_alignment="bottom"):
        preset = st.selectbox("Times", PRESETS, key=PREFIX + "preset", disabled=fixed, width=200)
        chosen = Chosen(preset)
        if preset in TIMED:
            at = st.time_input("At", key=PREFIX + "at", step=900, disabled=fixed, width=140)
            chosen = Chosen(preset, at)
        if preset == presets.WEEKLY:
            chosen = Chosen(preset, chosen.at, st.selectbox("On", DAYS, key=PREFIX + "day", disabled=fixed, width=160))
        if preset == OWN:
            chosen = Chosen(preset, own=st.text_input(
                "Minute, hour, day of month, month, day of week", key=PREFIX + "own", disabled=fixed, max_chars=200,
                placeholder="30 2 * * *", width=340))
        zone = _zone(stands)
    problem = _wrong(chosen.text)
    return {"backup_cron": chosen.text, **zone}, [problem] if problem else []


def _zone(stands: Shown) -> dict[str, Any]:
    own, names = machine_zone(), ["", *zone_names()]
    if (stored := stands.preferences.time_zone) not in names:
        names.append(stored)
    chosen = st.selectbox(
        "Time zone", names, key=PREFIX + "zone", disabled="time_zone" in stands.given, width=300,
        format_func=lambda name: name or f"This server's{f' ({own})' if own else ''}")
    return {"time_zone": chosen}


def _next(backups: Backups, changes: Mapping[str, Any], problems: list[str]) -> None:
    """Say at once what is wrong, else when the next ones would be."""
    if problems:
        st.error(plain(problems[0]))
        return
    text = changes["backup_cron"]
    if not text:
        schedule = Schedule(check_interval(changes["interval_hours"]))
    else:
        schedule = Schedule(cron=parse_cron(text, check_zone(changes["time_zone"])))
    reader = time_zone.of_reader()
    moments = backups.scheduler.next_times(NEXT, schedule)
    said = " · ".join(_moment(moment, reader) for moment in moments)
    made = schedule.words
    st.markdown(f"**{plain(made[:1].upper() + made[1:])}.** Next: {plain(said)} ({plain(time_zone.called(reader))})")
    if not backups.scheduler.preferences.automatic:
        st.caption("Automatic backups are off: none of these is made.")


def _moment(moment: datetime, reader: tzinfo | None) -> str:
    return f"{moment.astimezone(reader):%a %d %b %H:%M}"


def _others(backups: Backups, caller: Caller, stands: Shown) -> tuple[dict[str, Any], list[str]]:
    st.caption("Cron text such as 30 2 \\* \\* \\*, by the time zone chosen here.")
    changes, problems = {}, list[str]()
    fields = [("verify", "verify_cron", "Verify what nobody verified for 7 days (empty: every day)"),
              ("drill", "drill_cron", "Restore drill (empty: by the days below)")]
    for name, preference, label in fields:
        changes[preference] = _text(label, name, problems, fixed=preference in stands.given)
    crons = dict(stands.preferences.remote_crons)
    for remote in _remotes(backups, caller):
        crons[remote] = _text(f"Send to {plain(remote)} (empty: after every backup)", f"remote_{remote}", problems)
    return {**changes, "remote_crons": {name: text for name, text in crons.items() if text}}, problems


def _text(label: str, name: str, problems: list[str], *, fixed: bool = False) -> str:
    text = st.text_input(label, key=PREFIX + name, max_chars=200, disabled=fixed).strip()
    if text and (problem := _wrong(text)):
        problems.append(problem)
        st.error(plain(problem))
    return text


def _remotes(backups: Backups, caller: Caller) -> list[str]:
    try:
        return [standing.name for standing in offsite.standings(backups, caller) if standing.remote is not None]
    except BackupError as error:
        st.error(plain(str(error)))
        return []


def _wrong(text: str) -> str:
    try:
        parse_cron(text)
    except BadInput as problem:
        return str(problem)
    return ""


def _given(stands: Shown) -> None:
    if stands.given:
        st.caption(f":material/settings: Given by {', '.join(f'`{name}`' for name in stands.given.values())} of this "
                   "installation, and not changed here.")


def _store(backups: Backups, caller: Caller, stands: Shown, version: int, changes: Mapping[str, Any]) -> None:
    wanted = {name: value for name, value in changes.items()
              if name not in stands.given and value != getattr(stands.preferences, name)}
    if not wanted:
        st.info("Nothing to change: this is the schedule.")
        return
    try:
        after = schedules.change(backups, caller, version=version, **wanted)
    except BackupError as error:
        st.error(plain(str(error)))
        return
    st.session_state[STORED] = f"Stored. Backups are made {after.backups.words}."
    st.rerun()


def _versions(backups: Backups, caller: Caller) -> None:
    try:
        versions = schedules.versions(backups, caller)
    except BackupError as error:
        st.error(plain(str(error)))
        return
    if versions:
        with st.expander(words.last(len(versions), "change")):
            zone = time_zone.of_reader()
            rows = [{"When": words.moment(version.at, zone), "By": version.by, "What": version_words(version)}
                    for version in versions]
            st.dataframe(pd.DataFrame(rows), hide_index=True, width="stretch")
