"""Auto Backup: the places off this machine, how they stand, and what an administrator can do with them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import streamlit as st

from backup_engine.api import BackupError, Standing
from backup_engine.errors import ForeignTarget
from equipment import offsite
from equipment.backups import Backups, Caller
from equipment.jobs import Job
from equipment.offsite import There
from equipment.ui import asking, time_zone
from equipment.ui.backup import background, targets, words
from equipment.ui.backup.restore import place
from equipment.ui.entrance import again
from equipment.ui.parts import metric_cards
from equipment.ui.plain import plain
from equipment.ui.progress import follow

__all__ = ["show"]

BADGES = {"up to date": (":material/cloud_done:", "green", "Up to date"),
          "waiting": (":material/cloud_upload:", "blue", "Waiting"),
          "trouble": (":material/cloud_off:", "red", "Trouble")}
ONLY_READ = (":material/visibility:", "gray", "Only read")
"""Of a recovered copy that stands by: "up to date" would say that its backups are there."""
EXAMPLE = "s3://bucket/prefix?endpoint=https://host&region=us-east-1"
HELP = ("s3://, gs://, az://, sftp://user@host/path or file:///path. No passwords here: they come from the environment "
        "or from a private file that credentials=file:/path names.")


def show(backups: Backups, caller: Caller) -> None:
    """Draw the section."""
    st.subheader("Off this machine")
    try:
        standings = offsite.standings(backups, caller)
    except BackupError as error:
        st.error(plain(str(error)))
        return
    if not standings:
        st.write("Backups lie on this machine only: a fire or a broken disk takes them along. Add a place elsewhere; "
                 "every backup is sent there by itself.")
    if _stands_by(backups):
        st.caption(":material/visibility: Remotes are only read: this is a recovered copy that stands by. Look at what "
                   "is there and fetch it; sending, testing, adding and taking over come when it is let act.")
    for standing in standings:
        _remote(backups, caller, standing)
    busy = follow(backups.jobs, offsite.JOB, lambda job: _outcome(backups, caller, job))
    if not _stands_by(backups):
        _add(backups, caller, busy)


def _remote(backups: Backups, caller: Caller, standing: Standing) -> None:
    remote, line, name = standing.remote, standing.line, standing.name
    assert remote is not None
    icon, color, label = ONLY_READ if _stands_by(backups) else BADGES[standing.state]
    with st.container(border=True, key=f"remote_{name}"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{plain(name)}**", width="content")
            st.badge(label, icon=icon, color=color)  # type: ignore[arg-type] # one of the names it knows
            st.text(remote.address.shown, width="content")
        now, zone = backups.now(), time_zone.of_reader()
        st.markdown(f"**{plain(targets.in_words(standing, now, zone))}**")
        schedule = backups.scheduler.preferences.sending(name)
        if not _stands_by(backups) and (why := targets.waits(standing, now, schedule, zone)):
            st.caption(f":material/pause: {plain(why)}")
        cards = metric_cards.row()
        cards.metric("Waiting", len(standing.waiting), border=True)
        cards.metric("Last upload", _ago(backups, line.last_sent), border=True)
        cards.metric("Last read-back", _ago(backups, line.read_back), border=True,
                     help=f"Backup {plain(line.read_back_label)}" if line.read_back_label else None)
        tiers = remote.address.tiers.words
        cards.metric("Kept there", words.count(remote.address.keep_days, "day") if remote.address.keep_days
                     else "for ever", border=True,
                     help=f"And the newest of each of {plain(tiers)}" if tiers else None)
        if line.problem:
            # text, not Markdown: parts of it were said by somebody else
            st.error("It does not work at present.", icon=":material/cloud_off:")
            st.text(line.problem)
            if line.next_try:
                st.caption(f"Next try at {words.moment(line.next_try, zone)}.")
        if line.damage:
            st.error("A backup there is damaged.", icon=":material/broken_image:")
            st.text(line.damage)
        if line.retention:
            st.caption("Nothing is deleted there:")
            st.text(line.retention)
        if line.replaced:
            st.caption("As they were before they were stored anew, there still lie:")
            for each in line.replaced.values():
                st.text(f"{each.label}: {each.why}")
        if remote.lock:
            st.caption(f":material/lock: New backups cannot be deleted there: {plain(remote.lock)}.")
        if remote.cannot:
            with st.expander("What it cannot do"):
                for said in remote.cannot:
                    st.text(f"It {said}.")
        _buttons(backups, caller, standing)


def _buttons(backups: Backups, caller: Caller, standing: Standing) -> None:
    name, remote = standing.name, standing.remote
    assert remote is not None
    still = _stands_by(backups)
    with st.container(horizontal=True):
        if st.button("Send now", icon=":material/cloud_upload:", key=f"push_{name}",
                     disabled=still or not standing.waiting):
            _do(lambda: offsite.push(backups, caller, name))
        if st.button("Test this target", icon=":material/network_check:", key=f"test_{name}", disabled=still):
            _do(lambda: offsite.test(backups, caller, name))
        if st.button("Show what is there", icon=":material/folder_open:", key=f"look_{name}"):
            _do(lambda: offsite.listed(backups, caller, name))
        if not remote.set_up:
            st.space("large")  # apart from those that take nothing away
            what = f"**{plain(name)}** gets no more backups and is read by nobody here. What lies there stays there."
            if asking.button("Remove", what, "Remove this remote", f"remove_{name}", icon=":material/delete:"):
                _do(lambda: offsite.remove(backups, caller, name))
    if remote.address.kind == "sftp" and not remote.host_key and "host_key" not in remote.address.options:
        _confirm(backups, caller, name)
    if ForeignTarget.opening in standing.line.problem and not still:
        st.write("Its backups stay and are adopted; the other installation is refused there from then on.")
        sure = st.checkbox("That installation is no more, or shall not write there any longer", key=f"sure_{name}")
        if st.button("Take over this target", icon=":material/swap_horiz:", key=f"take_{name}", disabled=not sure):
            _do(lambda: offsite.take_over(backups, caller, name))


def _confirm(backups: Backups, caller: Caller, name: str) -> None:
    with st.form(f"confirm_{name}", border=False):
        fingerprint = st.text_input(
            "Fingerprint of the server's key", placeholder="SHA256:…", key=f"fingerprint_{name}",
            help="Ask the server's administrator, or run ssh-keygen -lf there; do not copy it from a message here.")
        if st.form_submit_button("Confirm this key", icon=":material/fingerprint:"):
            _do(lambda: offsite.confirm_key(backups, caller, name, fingerprint.strip()))


def _add(backups: Backups, caller: Caller, busy: bool) -> None:
    begun = bool(st.session_state.get("add_remote_url"))
    with st.expander("Add a remote", icon=":material/add:", expanded=begun), st.form("add_remote", border=False):
        name = st.text_input("Name", placeholder="cloud", max_chars=32, key="add_remote_name")
        url = st.text_input("Address", placeholder=EXAMPLE, help=HELP, key="add_remote_url")
        if st.form_submit_button("Add and try out", type="primary", disabled=busy):
            _do(lambda: offsite.add(backups, caller, name.strip(), url.strip()))


def _outcome(backups: Backups, caller: Caller, job: Job) -> None:
    if isinstance(job.result, There):
        _there(backups, caller, job.about, job.result)
        return
    with st.container(border=True):
        st.text(getattr(job.result, "message", job.title))
        if st.button("Dismiss", key="dismiss_remote"):
            backups.jobs.clear(offsite.JOB)
            st.rerun()


def _there(backups: Backups, caller: Caller, name: str, there: There) -> None:
    sets = there.sets
    with st.container(border=True):
        st.markdown(f"**{words.count(len(sets), 'backup')} in {plain(name)}**")
        for sentence in there.unseen:
            st.text(f"{sentence}.")
        if sets:
            st.dataframe(place.table(sets), hide_index=True, width="stretch")
        usable = {backup.label: backup.backup_id for backup in sets if backup.usable}
        with st.container(horizontal=True, vertical_alignment="bottom"):
            label = st.selectbox("Backup", list(usable), key="fetch_label")
            if st.button("Fetch into the backup folder", icon=":material/cloud_download:", disabled=not usable,
                         help="To have it here again. To preview, compare and restore it from there: Restore Data."):
                _do(lambda: offsite.fetch(backups, caller, name, usable[str(label)]))
            if st.button("Close", key="close_remote"):
                backups.jobs.clear(offsite.JOB)
                st.rerun()


def _do(work: Callable[[], object]) -> None:
    try:
        work()
    except BackupError as error:
        again.if_needed(error)
        st.error(plain(str(error)))
    else:
        background.forget(place.VERB)  # what Restore Data was told before may be otherwise now
        st.rerun()


def _stands_by(backups: Backups) -> bool:
    return backups.scheduler.standby is not None


def _ago(backups: Backups, when: datetime | None) -> str:
    return words.ago(backups.now() - when) if when else "never"
