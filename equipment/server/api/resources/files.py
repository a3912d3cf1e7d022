"""Files of records: listing, fetching, attaching and removing."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import quote

from pydantic import BaseModel, Field

from backup_engine.errors import BadInput
from equipment.domain.life.attachment import LONGEST_NAME, Attachment, Limits
from equipment.server.api.operation import Answer, Asked, Operation, Parameter
from equipment.server.api.problems import Problem
from equipment.server.api.resources.records import entry_of
from equipment.server.downloads import file_download
from equipment.store.life import attachments, filing

__all__ = ["OPERATIONS"]

LONGEST_SENT: Final = 1_000
"""Characters of a name as it is sent."""


class FileDocument(BaseModel):
    """A file that is attached to a record."""

    number: str
    record: str = Field(description="The key of the record")
    name: str
    type: str = Field(description="What its bytes say; application/octet-stream for all but pictures and PDF")
    size: int = Field(description="Bytes")
    sha256: str
    note: str
    by: str
    at: str
    removed: str | None = Field(description="When it was taken off its record; null while it is there")


class Files(BaseModel):
    """Files of a record, at most 200."""

    items: list[FileDocument]


def _listed(asked: Asked) -> Answer:
    found = attachments.of_thing(asked.db, entry_of(asked).key)
    return Answer({"items": list(map(_shown, found))})


def _one(asked: Asked) -> Answer:
    return Answer(_shown(_known(asked)))


def _content(asked: Asked) -> Answer:
    known = _known(asked)
    if known.removed:
        raise Problem(404, "NoSuchFile", f"{known.name} was removed.", hint="It can be brought back in the app.")
    attached, parts = file_download.started(asked.db, asked.who, known.number)
    return Answer(headers=file_download.headers_of(attached), parts=parts)


def _attached(asked: Asked) -> Answer:
    entry, name = entry_of(asked), asked.one("name")
    if not name or len(name) > LONGEST_SENT:
        raise BadInput(f"name has 1 to {LONGEST_SENT} characters.", hint="Send what the file is called.")
    if asked.upload is None:
        raise BadInput("There is no file.", hint="Send its bytes as the body.")
    attached = filing.attach(asked.db, asked.who, entry, name, asked.upload, Limits(*asked.settings.file_limits),
                             note=asked.one("note"))
    return Answer(_shown(attached), 201, {"Location": f"{asked.base}/files/{quote(attached.number, safe='')}"})


def _removed(asked: Asked) -> Answer:
    known = _known(asked)
    if known.removed:
        raise Problem(409, "Conflict", f"{known.name} is removed already.")
    return Answer(_shown(filing.remove(asked.db, asked.who, known.number)))


def _known(asked: Asked) -> Attachment:
    known = attachments.find(asked.db, asked.path["number"])
    if known is None:
        raise Problem(404, "NoSuchFile", "There is no such file.")
    return known


def _shown(attached: Attachment) -> dict[str, Any]:
    return {"number": attached.number, "record": attached.thing, "name": attached.name, "type": attached.type,
            "size": attached.size, "sha256": attached.sha256, "note": attached.note, "by": attached.by,
            "at": attached.at.isoformat(), "removed": attached.removed.isoformat() if attached.removed else None}


OPERATIONS: Final = (
    Operation("GET", "/records/{key:path}/files", "listFiles", "The files of a record", "records.read", _listed,
              {200: Files}, (404,), about="The newest first, at most 200."),
    Operation("POST", "/records/{key:path}/files", "attachFile", "Attach a file to a record", filing.RIGHT, _attached,
              {201: FileDocument}, (404, 507), takes_file=True, parameters=(
                  Parameter("name", f"What it is called; kept are at most {LONGEST_NAME} characters, and no path",
                            {"type": "string", "minLength": 1, "maxLength": LONGEST_SENT}, required=True),
                  Parameter("note", "A note")),
              about="The body is the file. The same one twice on a record is refused."),
    Operation("GET", "/files/{number}", "getFile", "What is known of a file", "records.read", _one,
              {200: FileDocument}, (404,)),
    Operation("GET", "/files/{number}/content", "getFileContent", "The bytes of a file", "records.read", _content,
              {200: None}, (404,), gives_file=True),
    Operation("DELETE", "/files/{number}", "removeFile", "Remove a file from its record", filing.RIGHT, _removed,
              {200: FileDocument}, (404, 409, 507), about="It can be brought back in the app."),
)
