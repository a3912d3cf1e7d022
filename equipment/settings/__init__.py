"""Every option of the application, and where it is said."""

from __future__ import annotations

from equipment.settings.options import Settings, not_given, option_name, unknown_options
from equipment.settings.places import ROOT, home, is_checkout
from equipment.settings.sources import (
    divert_backups,
    file_of,
    get_settings,
    in_force,
    installed,
    is_current,
    read,
    secrets_of,
    use,
    write_file,
)

__all__ = [
    "ROOT", "Settings", "divert_backups", "file_of", "get_settings", "home", "in_force", "installed", "is_checkout",
    "is_current", "not_given", "option_name", "read", "secrets_of", "unknown_options", "use", "write_file",
]
