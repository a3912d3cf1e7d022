"""The options of backups: how often, how long they are kept, how they are stored, and where else they go."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field, ValidationInfo, field_validator

from equipment.settings.places import FromHome

__all__ = ["TIERS", "BackupOptions"]

TIERS = ("hourly", "daily", "weekly", "monthly", "yearly")


class BackupOptions(BaseModel):
    """What an installation says about its backups."""

    backup_folder: FromHome = Field(
        default=Path("restore_data_to_db"),
        description="Folder of the backups; relative to the folder of app.py or EQUIPMENT_HOME.")
    backup_interval_hours: float = Field(
        default=1, ge=0.1, le=168, allow_inf_nan=False,
        description="Hours between automatic backups (0.1–168) until an administrator chooses otherwise in the app.")
    backup_continuous: bool | None = Field(
        default=None,
        description="Back up every change within a minute (`true`, `false`). Unset, what an administrator chose in the "
                    "app, else `false`.")
    backup_schedule: str = Field(
        default="",
        description="Cron text such as `30 2 * * *` that decides in place of the interval. Unset, as for the next "
                    "three, what an administrator chose in the app.")
    backup_time_zone: str = Field(
        default="", description="Whose clock cron texts go by, such as `Europe/Berlin`; else this machine's.")
    backup_verify_schedule: str = Field(
        default="",
        description="Cron text for verifying every backup that nobody verified for 7 days; else once a day.")
    backup_drill_schedule: str = Field(
        default="", description="Cron text for the restore drill; else every 7 days.")
    backup_keep_days: int = Field(
        default=7, ge=1, le=3650,
        description="Days after which retention may delete a backup; the newest good ones always stay.")
    backup_keep_hourly: int | None = Field(
        default=None, ge=0, le=8784,
        description="Besides the days: hours of which the newest good backup is kept. Unset, as for the next four, "
                    "what an administrator chose in the app, else 0.")
    backup_keep_daily: int | None = Field(
        default=None, ge=0, le=3650, description="Days of which the newest good backup is kept.")
    backup_keep_weekly: int | None = Field(
        default=None, ge=0, le=520, description="Weeks (from Monday) of which the newest good backup is kept.")
    backup_keep_monthly: int | None = Field(
        default=None, ge=0, le=120, description="Months of which the newest good backup is kept.")
    backup_keep_yearly: int | None = Field(
        default=None, ge=0, le=100, description="Years of which the newest good backup is kept.")
    backup_compression: Literal["none", "gzip", "zstd"] | None = Field(
        default=None,
        description="How backup files are compressed: `none`, `gzip` or `zstd`. Unset, what an administrator chose in "
                    "the app, else `none`.")
    backup_recipients: str = Field(
        default="",
        description="Public keys (`age1…,age1…`) to encrypt backups for; `keys new` makes them. `none` for plain "
                    "files. Unset, what an administrator chose in the app.")
    backup_signing_key: FromHome | None = Field(
        default=None,
        description="File of the signature key that signs backups (`keys signer` makes it); relative to the folder of "
                    "app.py or EQUIPMENT_HOME.")
    backup_remote: str = Field(
        default="",
        description="Places off this machine that get every backup: `name=URL`, several with blanks between them, such "
                    "as `cloud=s3://bucket/prefix?region=eu-west-1 disk=file:///mnt/disk`. No secrets stand in it.")

    @property
    def backup_tiers(self) -> dict[str, int]:
        """The tiers of retention that an option decides, by name."""
        return {tier: number for tier in TIERS if (number := getattr(self, f"backup_keep_{tier}")) is not None}

    @property
    def backup_schedules(self) -> dict[str, str]:
        """What an option decides about schedules: cron texts by what is done, the time zone, and
        whether every change is backed up within a minute."""
        given = {"backup": self.backup_schedule, "verify": self.backup_verify_schedule,
                 "drill": self.backup_drill_schedule, "time_zone": self.backup_time_zone}
        if self.backup_continuous is not None:
            given["continuous"] = str(self.backup_continuous).lower()
        return {name: text for name, text in given.items() if text}

    @field_validator("backup_schedule", "backup_verify_schedule", "backup_drill_schedule", "backup_time_zone")
    @classmethod
    def _can_be_used(cls, value: str, info: ValidationInfo) -> str:
        from backup_engine.api import BadInput, check_zone, parse_cron

        text = value.strip()
        try:
            if info.field_name == "backup_time_zone":
                return check_zone(text)
            return parse_cron(text).text if text else ""
        except BadInput as error:
            raise ValueError(str(error).rstrip(".")) from None

    @field_validator("backup_recipients")
    @classmethod
    def _public_keys(cls, value: str) -> str:
        from backup_engine.api import BadInput, checked_recipients  # pyrage only where somebody encrypts

        if value.strip() in ("", "none"):
            return value.strip()
        try:
            return ",".join(checked_recipients(value))
        except BadInput as error:
            raise ValueError(str(error).rstrip(".")) from None
