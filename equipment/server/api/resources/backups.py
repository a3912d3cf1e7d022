"""Backups: which there are, making one, and reading one back. Nothing is restored or deleted here."""

from __future__ import annotations

from typing import Any, Final

from pydantic import BaseModel, Field

from backup_engine.api import BackupSet, Verification
from backup_engine.errors import VerificationFailed
from equipment.jobs import Job, in_words
from equipment.server.api import jobs
from equipment.server.api.operation import Answer, Asked, Body, Operation
from equipment.server.api.problems import Problem, of_error

__all__ = ["OPERATIONS"]

CHECKING: Final = "api-verify"
"""The kind of job of a check that a program asked for: its outcome is not drawn on anybody's screen."""


class Backup(BaseModel):
    """One backup."""

    id: str
    label: str
    started: str
    kind: str = Field(description="full or differential")
    trigger: str = Field(description="What it was made by")
    state: str
    usable: bool
    problem: str
    counts: dict[str, int] = Field(description="Documents by collection")
    pinned: bool
    encrypted: bool
    comment: str


class Backups(BaseModel):
    """The backups, the newest first."""

    items: list[Backup]


class JobDocument(BaseModel):
    """Work that goes on, or how it ended."""

    id: str
    title: str
    state: str = Field(description="running, done or failed")
    phase: str
    done: int
    total: int | None
    result: str = Field(description="What came of it, in words")
    code: str = Field(description="The code of the error; empty without one")
    error: str


class NewBackup(Body):
    """How to make one."""

    force: bool = Field(False, description="Also when nothing has changed")


class Check(Body):
    """Nothing is asked."""


def _listed(asked: Asked) -> Answer:
    here, caller = asked.backups()
    return Answer({"items": [_shown(each) for each in here.sets(caller)]})


def _created(asked: Asked) -> Answer:
    here, caller = asked.backups()
    job = here.create(caller, force=asked.body.force)
    if job.about != "backup.create":
        raise Problem(409, "Busy", f"{job.title} is running.", hint="Ask again when it has ended.")
    return _accepted(asked, job)


def _verified(asked: Asked) -> Answer:
    here, caller = asked.backups()
    backup = here.find(caller, asked.path["id"])
    job = here.verify(caller, backup, kind=CHECKING, about=backup.backup_id)
    if job.about != backup.backup_id:
        raise Problem(409, "Busy", f"{job.title} is running.", hint="Ask again when it has ended.")
    return _accepted(asked, job)


def _job(asked: Asked) -> Answer:
    job = jobs.find(asked.path["id"])
    if job is None:
        raise Problem(404, "NoSuchJob", "There is no such job.",
                      hint="They are known until the server starts anew; Activity tells how they ended.")
    return Answer(_told(job))


def _accepted(asked: Asked, job: Job) -> Answer:
    return Answer(_told(job), 202, {"Location": f"{asked.base}/jobs/{jobs.number_of(job)}"})


def _told(job: Job) -> dict[str, Any]:
    running, error = job.running, job.error
    if isinstance(job.result, Verification) and not job.result.ok:
        error = VerificationFailed(job.result.message)  # the work went well, and what it found did not
    problem = of_error(error) if error else None
    state = "running" if running else "failed" if problem else "done"
    return {
        "id": jobs.number_of(job), "title": job.title, "state": state, "phase": job.progress.phase,
        "done": job.progress.done, "total": job.progress.total,
        "result": in_words(job.result) if state == "done" else "", "code": problem.code if problem else "",
        "error": f"{problem.message} {problem.hint}".strip() if problem else ""}


def _shown(backup: BackupSet) -> dict[str, Any]:
    return {
        "id": backup.backup_id, "label": backup.label, "started": backup.started.isoformat(), "kind": backup.kind,
        "trigger": backup.trigger, "state": backup.state, "usable": backup.usable, "problem": backup.problem,
        "counts": dict(backup.counts), "pinned": backup.pinned, "encrypted": backup.encrypted,
        "comment": backup.comment}


OPERATIONS: Final = (
    Operation("GET", "/backups", "listBackups", "The backups of this database", "backup.see", _listed, {200: Backups}),
    Operation("POST", "/backups", "makeBackup", "Make a backup, if anything has changed", "backup.create", _created,
              {202: JobDocument}, (409,), body=NewBackup, about="Location is where to ask how far it is."),
    Operation("POST", "/backups/{id}/verify", "verifyBackup", "Read a backup back", "backup.create", _verified,
              {202: JobDocument}, (404, 409), body=Check, about="Location is where to ask how it ended."),
    Operation("GET", "/jobs/{id}", "getJob", "How far work is", "backup.see", _job, {200: JobDocument}, (404,)),
)
