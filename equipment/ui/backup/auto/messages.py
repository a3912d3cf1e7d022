"""Who is told of what: the channels, what an administrator chooses, a test, what was sent last and what waits."""

from __future__ import annotations

from typing import Any

import streamlit as st

from backup_engine.api import BackupError
from equipment.backups import Backups, Caller
from equipment.jobs import Job
from equipment.messages import administration
from equipment.messages.administration import DEAD_MAN, JOB, OPTIONS, Shown
from equipment.messages.channels import Channel
from equipment.messages.choices import DAYS, MAIL
from equipment.messages.kinds import KINDS, SEVERITIES
from equipment.messages.outbox import Box
from equipment.settings import get_settings
from equipment.ui import time_zone
from equipment.ui.backup import words
from equipment.ui.plain import plain
from equipment.ui.progress import follow

__all__ = ["show"]

SEEN = "messages_seen"
"""The version of the choices that the fields show. When somebody else stores others meanwhile, Streamlit drops what was
typed, because the fields have other defaults: the version tells, and the page says that nothing was stored."""
SAID = "messages_said"
LEAST = {"info": "Everything", "warning": "Warnings and errors", "error": "Errors only"}
NOBODY = ("Nobody is told when backups stop. Name a mail server (`EQUIPMENT_SMTP_URL`), other services "
          "(`EQUIPMENT_NOTIFY`) or a dead-man URL (`EQUIPMENT_DEAD_MAN_URL`) in the environment or the secrets file.")
PINGS = {"start": "a backup began", "success": "a backup was made", "fail": "a backup failed"}


def show(backups: Backups, caller: Caller) -> None:
    """Draw the section."""
    st.subheader("Messages")
    try:
        stands = administration.shown(backups, caller, get_settings())
    except BackupError as error:
        st.error(plain(str(error)))
        return
    if not stands.channels and not stands.dead_man:
        st.write(NOBODY)
        return
    if backups.scheduler.standby is not None:
        st.caption(":material/content_copy: This is a recovered copy that stands by: it sends nothing.")
    for channel in stands.channels.values():
        _channel(backups, channel, stands.state.boxes.get(channel.name, Box()), stands)
    _dead_man(backups, stands)
    _wrong(backups, stands)
    busy = follow(backups.jobs, JOB, lambda job: _tried(backups, job))
    if st.button("Send a test message", icon=":material/send:",
                 disabled=busy or backups.scheduler.standby is not None):
        _try(backups, caller)
    if stands.channels:
        _choose(backups, caller, stands)


def _channel(backups: Backups, channel: Channel, box: Box, stands: Shown) -> None:
    with st.container(border=True, key=f"channel_{channel.name}"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{plain(channel.name)}**", width="content")
            st.text(channel.words, width="content")
            if box.problem:
                st.badge("Not delivered", icon=":material/warning:", color="red")
        if channel.name == MAIL:
            st.text(f"To {', '.join(stands.recipients)}" if stands.recipients else "To nobody yet")
        option = OPTIONS["smtp_url" if channel.name == MAIL else "notify"]
        st.caption(f":material/settings: Given by `{option}`. {LEAST[channel.least]}.")
        if box.sent_at is not None:
            st.text(f"Sent last, {words.ago(backups.now() - box.sent_at)}: {box.sent}")
        if box.waiting:
            zone = time_zone.of_reader()
            again = f", tried again at {words.moment(box.next_try, zone)[11:16]}" if box.next_try else ""
            st.text(f"{words.count(box.waiting, 'message')} waiting{again}")
        if box.problem:
            st.text(f"The last try: {box.problem}")  # not Markdown: a server may have said that


def _dead_man(backups: Backups, stands: Shown) -> None:
    if not stands.dead_man:
        return
    with st.container(border=True, key="channel_dead_man"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown("**Dead-man URL**", width="content")
            st.text(stands.dead_man, width="content")
        st.caption(f":material/settings: Given by `{OPTIONS['dead_man_url']}`. It is asked around each backup that is "
                   "made by itself, and tells somebody when nothing comes.")
        if stands.pinged is not None:
            ended = f", which did not work: {stands.pinged.problem}" if stands.pinged.problem else ""
            st.text(f"Told last by this server, {words.ago(backups.now() - stands.pinged.when)}: "
                    f"{PINGS[stands.pinged.what]}{ended}")


def _wrong(backups: Backups, stands: Shown) -> None:
    for known in stands.state.troubles:
        if known.present and known.told is not None:
            kind, about = KINDS[known.kind], f": {known.subject}" if known.subject else ""
            text = f"For {words.lasting(backups.now() - known.since)}: {kind.title}{about}. {known.detail}"
            (st.info if kind.severity == "info" else st.warning)(plain(text), icon=":material/report:")


def _try(backups: Backups, caller: Caller) -> None:
    try:
        administration.test(backups, caller, get_settings())
    except BackupError as error:
        st.error(plain(str(error)))
    else:
        st.rerun()


def _tried(backups: Backups, job: Job) -> None:
    with st.container(border=True, key="messages_tried"):
        for name, problem in job.result.items():
            if problem:
                st.error(plain(f"{name}: {problem}."), icon=":material/error:")
            elif name == DEAD_MAN:
                st.success("dead-man: the server answers. Nothing was reported, because that would pass for a backup.",
                           icon=":material/check_circle:")
            else:
                st.success(plain(f"{name}: taken."), icon=":material/check_circle:")
        if st.button("Dismiss", key="dismiss_messages"):
            backups.jobs.clear(JOB)
            st.rerun()


def _choose(backups: Backups, caller: Caller, stands: Shown) -> None:
    if said := st.session_state.pop(SAID, None):
        (st.success if said[0] else st.error)(said[1])
    seen = st.session_state.setdefault(SEEN, stands.choices.version)
    with st.form(f"messages_{seen}"):
        changes = _mail(stands) | _severities(stands) | _weekly(backups, caller, stands)
        if st.form_submit_button("Store", type="primary"):
            _store(backups, caller, seen, changes)
    if seen != stands.choices.version:  # somebody else changed them: show theirs
        st.session_state[SEEN] = stands.choices.version
        st.rerun()


def _mail(stands: Shown) -> dict[str, Any]:
    if MAIL not in stands.channels:
        return {}
    text = st.text_area("Recipients of the mails, one a line", "\n".join(stands.recipients), height=90,
                        placeholder="lab@example.org", disabled=stands.given,
                        help=f"Given by {OPTIONS['mail_to']}" if stands.given else None)
    if stands.given:
        st.caption(f":material/settings: Given by `{OPTIONS['mail_to']}` of this installation, and not changed here.")
        return {}
    return {"mail_to": text}


def _severities(stands: Shown) -> dict[str, Any]:
    chosen = {
        name: column.selectbox(f"Told by {plain(name)}", SEVERITIES, SEVERITIES.index(channel.least),
                               format_func=LEAST.__getitem__)
        for column, (name, channel) in zip(st.columns(max(3, len(stands.channels))), stands.channels.items(),
                                           strict=False)}
    on = [kind for kind in KINDS if kind not in stands.choices.off]
    told = st.multiselect("Somebody is told of", list(KINDS), on, format_func=lambda kind: KINDS[kind].title)
    changed = {name: least for name, least in chosen.items() if least != stands.channels[name].least}
    return {"least": {**stands.choices.least, **changed}, "off": [kind for kind in KINDS if kind not in told]}


def _weekly(backups: Backups, caller: Caller, stands: Shown) -> dict[str, Any]:
    choices = stands.choices
    columns = administration.columns(backups, caller)
    known = columns if choices.calibration_column in columns else [choices.calibration_column, *columns]
    summary = st.toggle("A summary every week", choices.summary)
    calibration = st.toggle("A calibration mail every week: what is overdue or falls due", choices.calibration)
    no_links = "" if get_settings().public_url else "; it has no links, because `EQUIPMENT_PUBLIC_URL` is not set"
    st.caption(f"It names IDs and days in groups by the column chosen here, and nothing else of a record{no_links}.")
    by, ahead, day, hour = st.columns([3, 2, 2, 1])
    return {
        "summary": summary, "calibration": calibration,
        "calibration_column": by.selectbox("Calibration by", known, known.index(choices.calibration_column)),
        "calibration_days": int(ahead.number_input("Days ahead", 1, 365, choices.calibration_days)),
        "weekday": day.selectbox("Sent on", range(7), choices.weekday, format_func=DAYS.__getitem__),
        "hour": int(hour.number_input("Hour", 0, 23, choices.hour)),
    }


def _store(backups: Backups, caller: Caller, version: int, changes: dict[str, Any]) -> None:
    try:
        after = administration.change(backups, caller, get_settings(), version, **changes)
    except BackupError as error:
        st.session_state[SAID] = (False, str(error))
        st.session_state.pop(SEEN)  # if somebody else changed them, the fields show theirs from now on
        st.rerun()
    else:
        st.session_state[SEEN], st.session_state[SAID] = after.version, (True, "Stored.")
        st.rerun()
