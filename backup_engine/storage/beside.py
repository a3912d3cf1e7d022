"""Sets that were fetched from elsewhere, read as if they lay in the backup folder, which is written as ever."""

from __future__ import annotations

from backup_engine.errors import PermissionDenied
from backup_engine.storage.overlay import OverlayStorage

__all__ = ["BesideStorage"]


class BesideStorage(OverlayStorage):
    """The union of a backup folder and a folder of fetched sets; of two files with one name the fetched one counts.

    Whatever comes new, above all the safety backup of a restore, goes into the backup folder or where that one sends
    it: what was fetched is gone when the restore is over.
    """

    def refusal(self) -> PermissionDenied | None:
        """Ask the backup folder."""
        return self.main.refusal()

    def inside(self, name: str) -> OverlayStorage:
        """Give the two places inside as one."""
        return BesideStorage(self.main.inside(name), self.work.inside(name))

    @property
    def aside(self) -> str:
        """Name the work folder of the backup folder, if it has one."""
        return self.main.aside
