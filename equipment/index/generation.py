"""A segment in files: a folder with one file an array and a manifest, which is written last.

Nothing in it is trusted that the manifest does not prove: noise in a file of texts raises nothing, it gives wrong
totals. What was made by other rules (of folding, order, numbers, dates) is of no use and made anew.
"""

from __future__ import annotations

import json
import os
import unicodedata
import zlib
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import pyarrow as pa

from backup_engine.machine import private
from backup_engine.records import decimals, folding
from equipment.domain import record
from equipment.domain.values import collation, dates, fields, month_names, units
from equipment.domain.values.fields import TYPES, USUAL_TYPES, FieldType
from equipment.index import arrays, rows_of_text
from equipment.index.column import Column, name_of
from equipment.index.segment import Segment

__all__ = ["About", "Unusable", "is_whole", "mark_of", "read", "rules", "write"]

FORMAT: Final = 1
MANIFEST: Final = "manifest.json"
_RULES: Final[tuple[ModuleType, ...]] = (
    folding, decimals, record, collation, dates, fields, month_names, units, rows_of_text)


class Unusable(Exception):
    """The files are not those that were written, or were written by other rules."""


@dataclass(frozen=True)
class About:
    """What a generation was made of: a ``mark`` that the database knows too, the place in its change stream from which
    on changes are missing here (BSON in hexadecimal), and the rules."""

    mark: str
    token: str
    rules: str
    format: int = FORMAT


@cache
def rules() -> str:
    """Name the rules by which texts are made, folded, ordered and read, as this program has them: a sum over their
    source, so that nobody has to remember to count them up."""
    told = zlib.crc32(unicodedata.unidata_version.encode())
    for module in _RULES:
        told = zlib.crc32(Path(str(module.__file__)).read_bytes(), told)
    return f"{told:08x}"


def write(folder: Path, segment: Segment, about: About) -> None:
    """Write a segment into an empty folder, with the orders in which people look at it. Raises ``OSError``."""
    with ThreadPoolExecutor(2, "make-index") as both:
        of_columns = both.map(lambda name: (name, _known(name, segment.column(name))), segment.columns)
        known = dict(of_columns)
    files: dict[str, str] = {}

    def keep(key: str, array: Any) -> str:
        files[key] = arrays.write(folder, key, array)
        return files[key]

    rows = {name: keep(name, array) for name, array in (
        ("keys", segment.keys), ("all", segment.all), ("by_key", segment.by_key))}
    columns = []
    for number, (name, made) in enumerate(known.items()):
        stored = {what: keep(f"{number}-{place}", array) for place, (what, array) in enumerate(made.items())}
        columns.append({"name": name, "files": stored})
    sums = {file: arrays.check_sum(folder / file) for file in files.values()}
    manifest = {"about": asdict(about), "rows": rows, "columns": columns, "files": sums}
    told = json.dumps(manifest).encode()
    with private.open_file(folder / MANIFEST, "xb") as out:
        out.write(b"%08x\n" % zlib.crc32(told) + told)
        out.flush()
        os.fsync(out.fileno())


def read(folder: Path) -> tuple[Segment, About]:
    """Map a generation after its files were proven. Raises ``Unusable``."""
    manifest = _manifest(folder)
    if not _are_whole(folder, manifest["files"]):
        raise Unusable("a file is not the one that was written")
    try:
        columns = {}
        for one in manifest["columns"]:
            stored = {what: arrays.read(folder / file) for what, file in one["files"].items()}
            words = stored.pop("words")
            columns[one["name"]] = Column(words, stored.pop("codes"), {"composed": words} | stored)
        rows = {what: arrays.read(folder / file) for what, file in manifest["rows"].items()}
        return Segment(rows["keys"], rows["all"], columns, rows["by_key"]), About(**manifest["about"])
    except (OSError, ValueError, KeyError, TypeError, pa.ArrowException) as error:
        raise Unusable(f"{type(error).__name__}: {error}") from error


def mark_of(folder: Path) -> str | None:
    """Give the mark of a generation; None for one that cannot be used."""
    try:
        return str(_manifest(folder)["about"]["mark"])
    except Unusable:
        return None


def is_whole(folder: Path) -> bool:
    """Whether the files still are those that were written."""
    try:
        return _are_whole(folder, _manifest(folder)["files"])
    except Unusable:
        return False


def _known(name: str, column: Column) -> dict[str, Any]:
    """Give the arrays of a column that are kept, by their name in it."""
    made: dict[str, Any] = {
        "words": column.words, "codes": column.codes, "folded": column.folded,
        "places": column.places, "order": column.order(None), "counted": column.counted(None),
    } | _in_order("", *column.words_in_order(None))
    numbers, looks = column.looks
    if numbers is not None:
        made |= {"composed": column.composed, "look of": numbers, "looks like": looks}
    for kind in _kinds(name, column):
        made |= {f"numbers {name_of(kind)}": column.numbers(kind)}
        if name != record.ID:
            made |= {f"order {name_of(kind)}": column.order(kind)}
            made |= _in_order(name_of(kind), *column.words_in_order(kind))
    return made


def _in_order(kind: str, by: Any, ends: Any) -> dict[str, Any]:
    return {f"by {kind}".strip(): by, f"ends {kind}".strip(): ends}


def _kinds(name: str, column: Column) -> Iterable[FieldType]:
    """Give the kinds with numbers by which a column was looked at, or by which it usually is. The numbers in IDs, which
    only a range of IDs needs, took a fifth of the time."""
    usual = TYPES["text" if name == record.ID else USUAL_TYPES.get(name, "text")]
    return dict.fromkeys([*column.kinds_asked(), *([usual] if usual.has_range else [])])


def _manifest(folder: Path) -> Mapping[str, Any]:
    try:
        said, _, told = (folder / MANIFEST).read_bytes().partition(b"\n")
        if said != b"%08x" % zlib.crc32(told):
            raise Unusable("the manifest is not the one that was written")
        manifest = json.loads(told)
        about = manifest["about"]
        if (about["format"], about["rules"]) != (FORMAT, rules()):
            raise Unusable("it was made by other rules")
        names = [file for one in (manifest["rows"], *(column["files"] for column in manifest["columns"]))
                 for file in one.values()]
        if not set(names) <= set(manifest["files"]) or any(Path(file).name != file for file in names):
            raise Unusable("the manifest names files that it does not prove")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise Unusable(f"{type(error).__name__}: {error}") from error
    return dict(manifest)


def _are_whole(folder: Path, files: Mapping[str, Any]) -> bool:
    def whole(file: str) -> bool:
        try:
            return list(arrays.check_sum(folder / file)) == list(files[file])
        except OSError:
            return False

    with ThreadPoolExecutor(2, "prove-index") as both:
        return all(both.map(whole, files))
