"""Two things with files, and the screens about files as scripts of their own."""

from __future__ import annotations

import io
from typing import Any

from PIL import Image
from pymongo.database import Database

from equipment.domain.life.attachment import Attachment, Limits
from equipment.domain.roles import Role
from equipment.store.access import SYSTEM, Who
from equipment.store.life import attachments, filing
from equipment.store.list import records
from tests.equipment.store.people import signed_in
from tests.equipment.ui.records.loans.lab import key

Db = Database[dict[str, Any]]
PDF = b"%PDF-1.7 certificate"


def lab(database: Db, role: Role = "technician") -> Who:
    """Put the things into the list; gives somebody."""
    attachments.prepare(database)
    database["Equipment"].insert_many([{"_id": n, "ID": n, "Vendor": "Acme", "Model": f"M{n}"} for n in (1, 2)])
    return signed_in(database, role, "tom")


def picture() -> bytes:
    """Give a photo."""
    data = io.BytesIO()
    Image.new("RGB", (640, 480), "navy").save(data, "PNG")
    return data.getvalue()


def attached(database: Db, data: bytes = PDF, name: str = "cert.pdf", number: int = 1, note: str = "") -> Attachment:
    """Attach a file."""
    [entry] = records.entries(database, [key(number)])
    return filing.attach(database, SYSTEM, entry, name, io.BytesIO(data), Limits(9_000_000, 9_000_000), note=note)


# Without types: each runs as a script of its own.

def on_record(database, who, keys):
    from equipment.settings import Settings
    from equipment.store.access import identify
    from equipment.store.list import records
    from equipment.ui.context import App
    from equipment.ui.records.files import on_record

    app = App(Settings(), database, who, identify(database, who))  # type: ignore[arg-type]
    on_record.show(app, records.entries(database, keys)[0])


def attaching(database, who, keys):
    from equipment.settings import Settings
    from equipment.store.access import identify
    from equipment.store.list import records
    from equipment.ui.context import App
    from equipment.ui.records.files import attaching

    app = App(Settings(file_mb=1), database, who, identify(database, who))  # type: ignore[arg-type]
    attaching.dialog(app, records.entries(database, keys)[0])
