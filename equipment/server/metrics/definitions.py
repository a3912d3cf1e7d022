"""Every metric that this application tells, with its labels and what it means. ``docs/metrics.md`` is made from it.

Names: https://prometheus.io/docs/practices/naming/ (base units; the values of no label grow in number with what users
do: places are those that an administrator named, all other values stand in the code).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

__all__ = ["METRICS", "PREFIX", "Metric"]

PREFIX: Final = "equipment_"
Kind = Literal["gauge", "counter", "histogram", "info"]


@dataclass(frozen=True)
class Metric:
    """One of them. ``name`` is without the prefix, and of a counter without ``_total``."""

    name: str
    meaning: str
    labels: tuple[str, ...] = ()
    kind: Kind = "gauge"

    @property
    def full_name(self) -> str:
        """As an expression of Prometheus names it; a histogram's with ``_bucket``, ``_sum`` and ``_count`` behind."""
        return f"{PREFIX}{self.name}{'_total' if self.kind == 'counter' else ''}"


_ALL = (
    Metric("info", "This application.", ("version",), "info"),
    Metric("source_up", "Whether what is told of this source is of now; 0 while it does not answer in time, and the "
                        "values heard last are told.", ("source",)),
    Metric("source_age_seconds", "Since what is told of this source was read.", ("source",)),
    # the database and the disks
    Metric("database_up", "Whether MongoDB answers."),
    Metric("list_read_only", "Whether the list takes no changes because the disk of the data folder is nearly full."),
    Metric("disk_free_bytes", "Free on the disk of the backup folder (backups) and under MongoDB's files (database).",
           ("disk",)),
    Metric("disk_total_bytes", "Size of that disk.", ("disk",)),
    Metric("disk_min_free_bytes", "What should be free there: EQUIPMENT_MIN_FREE_MB.", ("disk",)),
    Metric("standing_by", "Whether this is a recovered copy that makes no backups by itself."),
    # the backups of each place
    Metric("place_up", "Whether the folder can be read, and whether the last try to reach the remote went well.",
           ("place",)),
    Metric("backup_sets", "Backups that can be restored.", ("place",)),
    Metric("backup_damaged_sets", "Backups found damaged; of a remote 1 where its last reading back found damage.",
           ("place",)),
    Metric("backup_newest_age_seconds", "Since the newest good backup was begun.", ("place",)),
    Metric("backup_newest_bytes", "Stored bytes of the newest good backup.", ("place",)),
    Metric("backup_newest_records", "Records in the newest good backup.", ("place",)),
    Metric("backup_newest_encrypted", "Whether its files are encrypted.", ("place",)),
    Metric("backup_newest_verified", "1 for the level to which it was verified last: listing, sent, read back, stored "
                                     "bytes, every row, restored.", ("place", "level")),
    Metric("verification_age_seconds", "Since any backup there was last found sound by a verification or a drill; in a "
                                       "remote, since one was last read back.", ("place",)),
    # what waits for the remotes
    Metric("upload_waiting_sets", "Backups that are still to be sent.", ("place",)),
    Metric("upload_waiting_bytes", "Their stored bytes.", ("place",)),
    Metric("upload_waiting_age_seconds", "Since the oldest of them was begun; 0 while none waits.", ("place",)),
    # what would be lost
    Metric("at_risk_changes", "Records that are new, changed or gone since the newest good backup."),
    Metric("at_risk_seconds", "How long the first of them has been waiting, by the server's clock; 0 while none is."),
    # who works, and how it goes
    Metric("schedule_leader", "Whether this process keeps the schedule."),
    Metric("schedule_kept", "Whether it is known who keeps the schedule, this process or another."),
    Metric("automatic_backups", "Whether automatic backups are on."),
    Metric("backup_interval_seconds", "The longest time between two backups by the schedule."),
    Metric("continuous_protection", "Whether every change is backed up within a minute."),
    Metric("continuous_protection_up", "Whether that works at present: 0 where the list cannot be followed."),
    Metric("continuous_holes", "Stretches of time whose states no backup may have, of the last 20 that are noted."),
    Metric("continuous_hole_age_seconds", "Since the newest of them was closed."),
    Metric("drill_age_seconds", "Since a restore drill last succeeded."),
    Metric("last_run_failed", "Whether the last backup, verification, drill or upload of this kind failed; of uploads, "
                              "to any remote.", ("operation",)),
    Metric("operations", "Ended backups, restores, verifications, drills and uploads of this process by how they "
                         "ended: done, nothing (to do), failed, cancelled, busy (somebody else was at it).",
           ("operation", "outcome"), "counter"),
    Metric("operation_duration_seconds", "How long those took that were done or failed.", ("operation",), "histogram"),
    # the pages
    Metric("page_run_duration_seconds", "How long the server took to draw the page, by its open tab.", ("tab",),
           "histogram"),
    Metric("open_pages", "Browser tabs that are connected."),
    Metric("signed_in_sessions", "Sessions that are signed in, by role.", ("role",)),
)
METRICS: Final[dict[str, Metric]] = {metric.name: metric for metric in _ALL}
"""All of them by their short names, in the order in which they are told."""
