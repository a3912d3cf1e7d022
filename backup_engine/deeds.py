"""What was done to backups and lists, told to whoever keeps a log of it.

A verb marked with ``told`` reports its outcome through ``Workspace.tell``. What cannot be told (the database is down,
the user may only read) is no reason to fail: it is noted in ``.state`` and said beside the verb's answer.
"""

from __future__ import annotations

import getpass
import logging
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from backup_engine.errors import BackupError, Busy, RestoreIncomplete
from backup_engine.model import BackupSet
from backup_engine.repository.notes import Note
from backup_engine.workspace import Workspace

__all__ = ["Deed", "measured", "system_user", "take_untold", "told", "untold"]

log = logging.getLogger(__name__)
KEPT = 200
"""Deeds in the run log of what could not be told."""
Rest = ParamSpec("Rest")
Result = TypeVar("Result")


def system_user() -> str:
    """Name the system's user who runs this process; empty for one without a name."""
    try:
        return getpass.getuser()
    # a user id without a name, as in containers: KeyError, OSError since 3.13; ImportError on Windows without USERNAME
    except (OSError, KeyError, ImportError):
        return ""


@dataclass(frozen=True)
class Deed:
    """One thing that was done, or failed."""

    action: str
    """Such as ``backup.replace``; of one that failed, with ``.failed`` behind it."""
    target: str
    """The backup it was about, by its label."""
    note: str
    """The answer, or the error."""
    when: datetime


def told(
    action: str,
) -> Callable[[Callable[Concatenate[Workspace, Rest], Result]], Callable[Concatenate[Workspace, Rest], Result]]:
    """Mark a verb whose outcome is told. A result that says that nothing was done (``deed`` is "") is not."""

    def decorate(
        verb: Callable[Concatenate[Workspace, Rest], Result]
    ) -> Callable[Concatenate[Workspace, Rest], Result]:
        def run(ws: Workspace, /, *arguments: Rest.args, **options: Rest.kwargs) -> Result:
            if ws.tell is None:
                return verb(ws, *arguments, **options)
            about = (*arguments, *options.values())
            try:
                result = verb(ws, *arguments, **options)
            except Busy:  # somebody else is at work, and that is told by them
                raise
            except BackupError as error:
                # a run that changed nothing is noted where that is possible, and nobody need hear that it was not
                _tell(ws, Deed(f"{action}.failed", _target(about), str(error), ws.clock()),
                      quietly=not isinstance(error, RestoreIncomplete))
                raise
            words = _words(result)
            if words is not None:
                _tell(ws, Deed(action, _target((result, *about)), words, ws.clock()))
            return result

        return wraps(verb)(measured(action)(run))

    return decorate


def measured(
    action: str,
) -> Callable[[Callable[Concatenate[Workspace, Rest], Result]], Callable[Concatenate[Workspace, Rest], Result]]:
    """Mark a verb that is counted, with its length and its outcome, in ``Workspace.runs``; what is told is as well."""

    def decorate(
        verb: Callable[Concatenate[Workspace, Rest], Result]
    ) -> Callable[Concatenate[Workspace, Rest], Result]:
        @wraps(verb)
        def run(ws: Workspace, /, *arguments: Rest.args, **options: Rest.kwargs) -> Result:
            return ws.runs.count(action, ws.clock, lambda: verb(ws, *arguments, **options))

        return run

    return decorate


def untold(ws: Workspace) -> list[Deed]:
    """Give the last deeds that could not be told, oldest first."""
    return _run_log.read_anyway(ws.storage)


def take_untold(ws: Workspace) -> str:
    """Give, once, why the last deeds could not be told; empty when they were."""
    problems, ws.remembered.untold = ws.remembered.untold, []
    return "; ".join(dict.fromkeys(problems))


def _tell(ws: Workspace, deed: Deed, *, quietly: bool = False) -> None:
    assert ws.tell is not None
    try:
        ws.tell(deed)
    except BackupError as problem:
        log.warning("not recorded in the activity log: %s %s: %s", deed.action, deed.target, problem)
        if not quietly:
            ws.remembered.untold.append(f"not recorded in the activity log: {problem.message}")
        try:
            _run_log.write(ws.storage, [asdict(known) for known in [*untold(ws), deed][-KEPT:]])
        except BackupError as refusal:  # a folder that can only be read: the warning is all that is left
            log.warning("nor in the folder of the backups: %s", refusal)


def _target(about: Iterable[object]) -> str:
    """Name the backup that a verb was about, by what it was given or gives."""
    for value in about:
        if isinstance(value, (list, tuple)):
            if name := _target(value):
                return name
        elif isinstance(value, BackupSet):
            return value.label
        else:
            backup = next((found for name in ("set", "backup", "plan") if (found := getattr(value, name, None))), None)
            if backup is not None and (name := _target([backup])):
                return name
    return ""


def _words(result: object) -> str | None:
    """Give a result in words, None when nothing was done."""
    deed = getattr(result, "deed", None)
    if deed is not None:
        return str(deed) or None
    if isinstance(result, BackupSet):
        counts = ", ".join(f"{count:,} {key}" for key, count in result.counts.items())
        return f"backup {result.label}: {counts}"
    if isinstance(result, list):
        return " ".join(filter(None, map(_words, result))) or None
    return str(getattr(result, "message", "")) or ""


def _deeds(rows: list[dict[str, Any]]) -> list[Deed]:
    return [Deed(str(row["action"]), str(row["target"]), str(row["note"]), datetime.fromisoformat(row["when"]))
            for row in rows]


_run_log: Note[list[Deed]] = Note("untold.json", _deeds, list)
