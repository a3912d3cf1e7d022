"""How `DatabaseBackupRestore` answers: what a method promises, whatever happens, from the folder or from a remote."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any, TypeVar

from backup_engine.errors import BackupError, BadInput
from backup_engine.model import SILENT, BackupSet, Watch
from backup_engine.workspace import Workspace

__all__ = ["Answering", "refused"]

log = logging.getLogger(__name__)
Answer = TypeVar("Answer")


class Answering:
    """What its methods share, and those that are about remotes. They never raise to their callers."""

    workspace: Workspace

    def push(self, remote: str) -> tuple[bool, str]:
        """Send now what waits for a remote: ``(everything is there, message)``."""
        from backup_engine.push import push

        def run() -> tuple[bool, str]:
            done = push(self.workspace, remote, now=True)
            return not done.problem and not done.waiting, done.message

        return self._answer(run, refused)

    def fetch(self, backup_metadata: Mapping[str, Any], remote: str) -> tuple[bool, str]:
        """Bring a set back from a remote into the backup folder: ``(success, message)``."""
        from backup_engine.fetch import fetch

        return self._answer(lambda: (True, fetch(self.workspace, remote, backup_metadata).message), refused)

    def _reading(
        self, which: Mapping[str, Any], remote: str | None, watch: Watch = SILENT, *, by_range: bool = False
    ) -> AbstractContextManager[tuple[Workspace, BackupSet]]:
        from backup_engine.fetch import reading

        return reading(self.workspace, remote, lambda ws: ws.catalog.find(which), by_range=by_range, watch=watch)

    def _answer(self, run: Callable[[], Answer], refuse: Callable[[str], Answer]) -> Answer:
        """Give what a method promises, whatever happens, with what could not be told to the activity log behind it."""
        from backup_engine.deeds import take_untold

        answer = _answer(run, refuse)
        if isinstance(answer, tuple) and self.workspace.remembered.untold:
            answer = (*answer[:-1], f"{answer[-1]} ({take_untold(self.workspace)})")  # type: ignore[assignment]
        return answer

    def _key(self, collection_type: str) -> str:
        keys = [source.key for source in self.workspace.sources]
        if collection_type not in keys:
            raise BadInput(f"Unknown collection type {collection_type!r:.40}: use one of {', '.join(keys)}.")
        return collection_type


def refused(message: str) -> tuple[bool, str]:
    """What a method gives that could not do what it was asked for."""
    return False, message


def _answer(run: Callable[[], Answer], refuse: Callable[[str], Answer]) -> Answer:
    try:
        return run()
    except BackupError as error:
        return refuse(str(error))
    except Exception:  # the callers were promised words: the traceback goes to the log, the reference to both
        reference = secrets.token_hex(4)
        log.exception("unexpected fault, reference %s", reference, extra={"reference": reference})
        return refuse(f"Backup error: unexpected fault (reference {reference}). See the log.")
