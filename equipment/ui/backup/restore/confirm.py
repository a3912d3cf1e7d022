"""The confirmation before a restore: tied to this backup, these collections and this mode."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from backup_engine.api import BackupSet, called
from equipment.backups import from_words
from equipment.domain.counting import number_of
from equipment.ui.backup import words
from equipment.ui.backup.restore import picks
from equipment.ui.backup.restore.picks import Picks
from equipment.ui.plain import plain


def show(
    backup: BackupSet, keys: tuple[str, ...], mode: str, *, remote: str = "", here: str = "", blocked: str = "",
    since: str = "", picked: Mapping[str, Picks] = {},
) -> bool:
    """Draw tick, typed count (Replace only) and button; True when the person confirmed just now.

    Pressed before all is ticked and typed, the button says what is missing.

    ``remote`` is where the backup lies, unless in the folder. ``here`` names this database when the backup is of
    another one, which then has to be ticked as well. ``picked`` is what a merge is confined to. What is ticked and
    typed counts for just that, until the list is changed by another restore: ``since`` names the last one.
    """
    only = picks.wording(picked)
    about = f"{remote}_{backup.backup_id}_{'_'.join(keys)}_{mode}_{since}{picks.mark(picked)}"
    names = " and ".join(words.COLLECTIONS.get(key, key) for key in keys if not only or picked[key].there)
    with st.container(border=True):
        st.caption("A safety backup is made first; Undo brings the present state back.")
        what = f"Restore {only} of {names} from" if only else f"{mode.title()} {names} with"
        ticked = st.checkbox(f"{what} the backup of {words.moment(backup.started)}{plain(from_words(remote))}",
                             key=f"tick_{about}")
        meant = not here or st.checkbox(
            f"This backup is of the database {plain(called(backup))}: put it into “{plain(here)}” all the same",
            key=f"meant_{about}")
        missing = [] if ticked and meant else ["Tick the box above." if here == "" else "Tick both boxes above."]
        if mode == "replace":
            missing += _miscounted(backup, keys, about)
        place = st.empty()  # taken in any case, so that the button is not made anew when something is said
        # It can be pressed before all is filled in: the keyboard does not reach a button that is off.
        pressed = st.button(
            f"Restore {plain(only)}" if only else "Confirm and Restore", type="primary",
            icon=":material/settings_backup_restore:", disabled=bool(blocked), key=f"confirm_{about}",
        )
        if blocked:
            place.error(plain(blocked), icon=":material/block:")
        elif pressed and missing:
            place.warning(" ".join(["Nothing is restored yet.", *missing]), icon=":material/edit:")
        return pressed and not blocked and not missing


def _miscounted(backup: BackupSet, keys: tuple[str, ...], about: str) -> list[str]:
    """Ask for the number of records, and give what is wrong with it."""
    wanted = str(sum(backup.counts.get(key, 0) for key in keys))
    typed = st.text_input(
        f"Type the number of records in this backup ({wanted}) to confirm", key=f"count_{about}", max_chars=12
    ).strip()
    if typed.replace(",", "") == wanted:
        return []
    if not typed:
        return [f"Type the number of records in this backup: {wanted}."]
    return [f"The backup has {number_of(int(wanted), 'record')}, not “{plain(typed)}”."]
