"""The records everything is measured with: 20 fields, about 570 bytes of BSON, the same for the same seed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import bson
from bson import Decimal128, Int64, ObjectId

from backup_engine.model import Batch

__all__ = ["documents", "raw_batches"]

CATEGORIES = ["Oscilloscope", "Power supply", "Spectrum analyzer", "Multimeter", "Signal generator", "Climate chamber"]
VENDORS = ["Keysight", "Rohde & Schwarz", "Tektronix", "Fluke", "National Instruments", "Ametek", "Vötsch"]
LOCATIONS = [f"Lab {number}" for number in range(1, 25)]
NOTES = ["ok", "", "NO CAL NEEDED", "3,000 h on display, replace \"soon\"", "Fan loud\nBearing ordered", "see ticket",
         "Übergabe geprüft, Zubehör fehlt", "=see the manual", "on loan to Lab 7, back in spring"]
PEOPLE = ["ana", "bo", "chris"]
START = datetime(2015, 1, 1)
BATCH = 10_000


def documents(count: int, seed: int = 1) -> Iterator[dict[str, Any]]:
    """Give that many documents, ``_id`` ascending."""
    random_ = random.Random(seed)
    for number in range(count):
        yield _document(random_, number)


def _document(random_: random.Random, number: int) -> dict[str, Any]:
    bought = START + timedelta(milliseconds=random_.randrange(10 * 365 * 86_400_000))
    return {
        "_id": ObjectId(number.to_bytes(12, "big")),
        "ID": number + 1,
        "Category": random_.choice(CATEGORIES),
        "Vendor": random_.choice(VENDORS),
        "Model": f"{random_.choice('ABCDE')}{random_.randrange(10_000)}",
        "Serial": f"{random_.randrange(10**9):012d}",
        "Description": f"{random_.choice(CATEGORIES)} {random_.randrange(100)} MHz, {random_.randrange(8)} channels",
        "Modules": [f"M{random_.randrange(50)}" for _ in range(random_.randrange(4))],
        "ETAG": f"E-{random_.randrange(10**6):06d}",
        "Last Cal Date": bought + timedelta(days=200),
        "Next Cal Date": bought + timedelta(days=565),
        "IP Address": f"10.{random_.randrange(256)}.{random_.randrange(256)}.{random_.randrange(256)}",
        "Purchase Value": Decimal128(f"{random_.randrange(5_000_000) / 100:.2f}"),
        "Year of Purchase": bought.year,
        "check": random_.random() < 0.5,
        "Location": random_.choice(LOCATIONS),
        "Comments": random_.choice(NOTES),
        "uuid": f"{random_.getrandbits(128):032x}",
        "Hours": random_.random() * 10_000,
        "State": {"counter": Int64(random_.randrange(2**40)), "by": random_.choice(PEOPLE), "on": bought},
    }


def raw_batches(count: int, seed: int = 1) -> Iterator[Batch]:
    """Give the same documents as BSON, 10,000 at a time."""
    batch: list[bytes] = []
    for document in documents(count, seed):
        batch.append(bson.encode(document))
        if len(batch) == BATCH:
            yield b"".join(batch)
            batch = []
    if batch:
        yield b"".join(batch)
