"""Every option of the application.

Those in ``PLAIN`` go by their plain names (``MONGODB_URI``, ``BACKUP_FOLDER`` …); every other one is its field's name
in capitals after ``EQUIPMENT_``.
"""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import ConfigDict

from equipment.settings.backup_options import TIERS, BackupOptions
from equipment.settings.message_options import MessageOptions
from equipment.settings.place_options import PlaceOptions
from equipment.settings.places import PREFIX
from equipment.settings.server_options import ServerOptions
from equipment.settings.sign_in_options import SignInOptions

__all__ = ["SERVER_ONLY", "Settings", "not_given", "option_name", "unknown_options"]

SERVER_ONLY = frozenset({"admin_user", "admin_password", "health_token"})
"""Of no use to a command that makes backups, so that no settings file repeats these secrets."""
PLAIN = frozenset({"mongodb_uri", "mongodb_database", "backup_folder", "backup_interval_hours", "backup_continuous",
                   "backup_compression", "backup_recipients", "backup_signing_key", "backup_remote", "backup_schedule",
                   "backup_time_zone", "backup_verify_schedule", "backup_drill_schedule",
                   *(f"backup_keep_{tier}" for tier in TIERS)})

NOT_IN_BACKUPS = {
    "public_url": "the address people use, when a proxy stands in front",
    "oidc": "sign-in through an identity provider, with its secrets under [auth] and EQUIPMENT_OIDC_ROLES",
    "health_token": "the secret of whoever watches /healthz and /metrics",
    "smtp_url": "the mail server of messages, with its password and sender",
    "notify": "the other channels of messages",
    "dead_man_url": "the address that tells somebody when no backup is made",
    "backup_remote": "the places off this machine, and the login each address refers to; those that were added in the "
                     "app as well",
    "backup_continuous": "whether every change is backed up within a minute; also when the app was told",
    "backup_schedule": "when backups are made, like the other BACKUP_…_SCHEDULE; also when the app was told",
    "backup_keep_yearly": "how many years have a backup kept, like the other BACKUP_KEEP_…; also when the app was told",
    "backup_recipients": "the public keys of new backups, if they are to be encrypted; also when the app was told",
    "backup_signing_key": "the key that signs new backups, if they were signed",
}
"""What whoever sets up another machine has to give again, if the first one had it."""


# The last named comes first: a validator sees only the fields above, and every folder starts at ``home``.
class Settings(SignInOptions, MessageOptions, ServerOptions, BackupOptions, PlaceOptions):
    """One installation's options. Build it with field names for a test; ``get_settings`` reads the real sources."""

    # validate_default: the default folders are relative and must be resolved too.
    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)


def option_name(field: str) -> str:
    """Name of a field's option in the environment and in the secrets file."""
    return field.upper() if field in PLAIN else PREFIX + field.upper()


def not_given(settings: Settings) -> dict[str, str]:
    """Say which options that no backup holds, as they are secrets or this machine's, are not given here: what each is
    for, by its name."""
    return {option_name(field): words for field, words in NOT_IN_BACKUPS.items()
            if getattr(settings, field) == Settings.model_fields[field].default}


def unknown_options(environment: Mapping[str, str]) -> list[str]:
    """Names in the environment that look like options of ours and are none: most likely misspelt."""
    known = {option_name(field) for field in Settings.model_fields}
    return sorted(name for name in environment if name.startswith(PREFIX) and name not in known)
