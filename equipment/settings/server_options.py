"""The options of the server itself: its address, its log, and who may look at its health."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import BaseModel, Field, SecretStr, field_validator

__all__ = ["ServerOptions"]

_HOST = re.compile(r"\*|(\*\.)?[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_.])?")


class ServerOptions(BaseModel):
    """What an installation says about its server."""

    public_url: str = Field(
        default="", pattern=r"^(https?://[^/\s]+(/\S*)?)?$",
        description="Address people use to reach the app, such as https://example.org/lab, when a proxy stands in "
                    "front. Labels bear it, and links to a new password are made of it alone. With https the sign-in "
                    "cookie is always marked Secure.")
    allowed_hosts: str = Field(
        default="",
        description="Names under which the server may be reached, besides its own, loopback, addresses in numbers and "
                    "the host of EQUIPMENT_PUBLIC_URL; with commas; `*.lab.example` for all below, `*` for any. "
                    "Requests under other names are refused.")
    health_token: SecretStr | None = Field(
        default=None, min_length=16,
        description="Whoever sends it to /healthz or /metrics as `Authorization: Bearer …` is told details. "
                    "At least 16 characters.")
    log_format: Literal["text", "json"] = Field(
        default="text", description="How the log is written to standard error: text, or json with one object a line.")
    log_level: Literal["", "debug", "info", "warning", "error"] = Field(
        default="", description="What is logged: debug, info, warning or error. By default info in the app and "
                                "the daemon, and warning on the command line, whose answer is no log.")
    activity_days: int = Field(
        default=0, ge=0, le=36500,
        description="Days after which entries of the activity log are forgotten; 0 keeps them forever.")
    file_mb: int = Field(
        default=50, ge=1, le=200, description="Megabytes that one file attached to a record may have.")
    files_gb: float = Field(
        default=2, ge=0.001, le=100_000, allow_inf_nan=False,
        description="Gigabytes that all attached files together may have; the same file counts once. Full backups hold "
                    "them all.")

    @property
    def file_limits(self) -> tuple[int, int]:
        """Bytes that one attached file, and all of them together, may have."""
        return self.file_mb * 1_000_000, round(self.files_gb * 1e9)

    @field_validator("allowed_hosts")
    @classmethod
    def _names(cls, value: str) -> str:
        names = [name.strip() for name in value.split(",") if name.strip()]
        for name in names:
            if not _HOST.fullmatch(name):
                raise ValueError(f"{name!r} is no name of a host: no scheme, port or path, such as lab.example.org")
        return ",".join(names)

    @field_validator("log_format", "log_level", mode="before")
    @classmethod
    def _in_small_letters(cls, value: object) -> object:
        return value.strip().lower() if isinstance(value, str) else value
