"""Preferences in words, for people who read what was changed."""

from __future__ import annotations

from dataclasses import replace

from backup_engine.policy.tiers import Tiers
from backup_engine.scheduling.preferences import Preferences, Version

__all__ = ["changes", "version"]

ABOUT = {"automatic": "automatic", "interval_hours": "backups", "backup_cron": "backups", "verify_cron": "verification",
         "drill_cron": "drills", "drill_every_days": "drills", "continuous": "continuous"}


def changes(before: Preferences, after: Preferences) -> str:
    """Say what is different now: ``Automatic backups off; Schedule: at 02:30 every day (Europe/Berlin)``."""
    old = _said(before)
    said = [words for about, words in _said(after).items() if old.get(about) != words]
    said += [f"{about}: sent after every backup" for about in old if about not in _said(after)]
    return "; ".join(said) or "Nothing changed"


def version(entry: Version) -> str:
    """Say what one change set: ``Automatic backups off``. Texts in it are those that somebody stored."""
    values = {name: value for name, value in entry.values.items() if name != "tiers"}  # no preference of a schedule
    said = _said(replace(Preferences(), **values))
    words = [said[about] for about in dict.fromkeys(ABOUT[name] for name in entry.values if name in ABOUT)]
    if "remote_crons" in entry.values:
        words += [text for about, text in said.items() if about.startswith("Remote ")] or [
            "Remotes: sent after every backup"]
    if "tiers" in entry.values:
        words.append(f"Kept in tiers: {Tiers(**entry.values['tiers']).words or 'nothing'}")
    if "time_zone" in entry.values and not entry.values["time_zone"]:
        words.append("Time zone: this machine's")
    elif "time_zone" in entry.values:
        words.append(f"Time zone: {entry.values['time_zone']}")
    return "; ".join(words)


def _said(preferences: Preferences) -> dict[str, str]:
    """What each preference amounts to, by what it is about; of remotes those that have a schedule."""
    drills = preferences.drills
    if drills is None:
        rehearsed = "off"
    elif drills.cron is not None:
        rehearsed = drills.words
    else:
        days = preferences.drill_every_days
        rehearsed = "every day" if days == 1 else f"every {days:g} days"
    verified = preferences.verification.words if preferences.verify_cron else "every day"
    sending = {f"Remote {name}": f"Remote {name}: sent {schedule.words}" for name in preferences.remote_crons
               if (schedule := preferences.sending(name)) is not None}
    return {
        "automatic": f"Automatic backups {'on' if preferences.automatic else 'off'}",
        "continuous": f"Continuous protection {'on' if preferences.continuous else 'off'}",
        "backups": f"Schedule: {preferences.backups.words}",
        "verification": f"Verification: {verified}",
        "drills": f"Restore drill: {rehearsed}",
        **sending,
    }
