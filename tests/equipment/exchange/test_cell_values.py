"""What was exported comes back as it is: every type of value, in every format that is a table, changes nothing."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Sequence
from typing import Any

import bson
import pytest
from bson import Binary, Code, Decimal128, Int64, MinKey, ObjectId, Regex, Timestamp
from bson.datetime_ms import DatetimeMS
from bson.errors import BSONError
from hypothesis import HealthCheck, given, settings, strategies as st

from backup_engine.records import raw
from backup_engine.records.live_profile import LiveProfile
from backup_engine.records.planner import Planned
from backup_engine.records.table_plan import plan_rows
from equipment.domain.column_names import suggest
from equipment.domain.values.fields import TYPES
from equipment.exchange import cell_values, export, importing
from equipment.exchange.reading import tables
from equipment.store.list.indexing.forgiving import FORGIVING
from tests.backup_engine.bson_corpus import VALUES as EVERY, corpus, document, element, string

FORMATS = ("csv", "xlsx")
CASES: list[dict[str, Any]] = [
    {"Note": note} for note in ("'=x", "'-5", "''Foo''", "''", "=1+1", "-5 V", "plain", "'", "+", "'+' terminal", "\t=")
] + [{"Spare": True, "Tags": ["a", None], "Map": {"x": None}}, {"Spare": False, "Tags": [], "Map": {}}]


def columns_of(documents: Sequence[bytes]) -> list[str]:
    return list(dict.fromkeys(name for each in documents for name in bson.decode(each, FORGIVING) if name != "_id"))


def exported(documents: Sequence[bytes], form: str, kind: str = "text") -> bytes:
    records = ({name: value for name, value in bson.decode(each, FORGIVING).items() if name != "_id"}
               for each in documents)
    columns = columns_of(documents)
    if form == "csv":
        return b"".join(export.to_csv(records, columns, cell_values.shown))
    types = dict.fromkeys(columns, TYPES[kind])
    return b"".join(export.to_xlsx(records, columns, cell_values.shown, types=types))


def imported(data: bytes, form: str, live: Sequence[bytes], identity: Sequence[str], clear: bool) -> list[Planned]:
    table = tables.read(io.BytesIO(data), f"list.{form}")
    assert table.own
    rows = importing.apply_mapping(table, suggest(table.headers, columns_of(live)))
    return list(plan_rows(rows, [b"".join(live)], identity, profile=lambda: LiveProfile.over(live), clear_empty=clear,
                          numbered="ID", shown=cell_values.shown, read=cell_values.read))


def actions(documents: Sequence[bytes], form: str, identity: Sequence[str], *, kind: str = "text",
            clear: bool = True) -> Counter[str]:
    return Counter(each.action for each in imported(exported(documents, form, kind), form, documents, identity, clear))


def with_uuid(documents: Sequence[bytes]) -> list[bytes]:
    return [raw.build([*raw.elements(each), (b"uuid", raw.element_of(f"u{number}"))])
            for number, each in enumerate(documents)]


def readable(document: bytes) -> bool:
    """Whether the list can show it: with one that the driver cannot decode there is no list."""
    try:
        return bool(bson.decode(document, FORGIVING))
    except BSONError:
        return False


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("clear", [True, False])
def test_every_value_and_every_odd_document_is_unchanged(form: str, clear: bool) -> None:
    cases = (bson.encode({"_id": number, **case}) for number, case in enumerate(CASES, 9_000))
    documents = with_uuid([*filter(readable, corpus().values()), *cases])

    assert actions(documents, form, ("uuid",), clear=clear) == {"unchanged": len(documents)}


def test_columns_of_one_type_are_unchanged_where_nothing_tells_the_records_apart() -> None:
    for kind, value in EVERY.values():
        documents = [document(element(0x10, "_id", bytes([number, 0, 0, 0])), element(kind, "v", value),
                              element(0x02, "w", string("x"))) for number in range(2)]
        if not all(map(readable, documents)):
            continue
        assert actions(documents, "csv", ()) == {"unchanged": 2}, (kind, value)


VALUES = (
    st.none() | st.booleans() | st.integers(-(2**31), 2**31 - 1) | st.integers(-(2**63), 2**63 - 1).map(Int64)
    | st.floats() | st.decimals(places=2, min_value=-(10**15), max_value=10**15).map(Decimal128)
    | st.text(st.characters(exclude_categories=["Cs"])) | st.text("'=+-@1.e 0\r\n\t\",;", max_size=5)
    | st.dates().map(str) | st.datetimes().map(lambda moment: moment.replace(microsecond=0)) | st.datetimes().map(
        lambda moment: DatetimeMS(int(moment.timestamp() * 1000))) | st.binary(max_size=5)
    | st.builds(Binary, st.binary(max_size=5), st.sampled_from([3, 4, 128]))
    | st.binary(min_size=12, max_size=12).map(ObjectId) | st.builds(Timestamp, st.integers(0, 9), st.integers(0, 9))
    | st.builds(Regex, st.sampled_from(["", "a.b"])) | st.builds(Code, st.text("ab=", max_size=5)) | st.just(MinKey()))
DEEP = st.recursive(VALUES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
    st.text("ab'", max_size=2), inner, max_size=3), max_leaves=5)


@given(st.lists(st.dictionaries(st.sampled_from(["ID", "Note", " Note", "Cal Due", "a,b", "=x"]), DEEP), min_size=1,
                max_size=4), st.sampled_from(FORMATS), st.sampled_from(["text", "number", "date"]), st.booleans())
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_whatever_is_in_a_record_is_unchanged(
    records: list[dict[str, Any]], form: str, kind: str, clear: bool
) -> None:
    documents = with_uuid([bson.encode({"_id": number, **record}) for number, record in enumerate(records)])

    assert actions(documents, form, ("uuid",), kind=kind, clear=clear) == {"unchanged": len(documents)}


@pytest.mark.parametrize("form", FORMATS)
def test_what_is_edited_in_the_file_keeps_its_type(form: str) -> None:
    before = {"uuid": "u", "Spare": True, "Tags": ["a", None], "Map": {"x": None}, "Value": 5, "Note": "'=x"}
    after = {"uuid": "u", "Spare": False, "Tags": ["b", None], "Map": {"x": 1}, "Value": 6, "Note": "=y"}
    live = bson.encode({"_id": 1, **before})

    [planned] = imported(exported([bson.encode({"_id": 1, **after})], form), form, [live], ("uuid",), clear=False)

    assert planned.change is not None and planned.change.after is not None
    assert bson.decode(planned.change.after) == {"_id": 1, **after}


def test_a_text_without_its_apostrophe_stays_text() -> None:
    live = bson.encode({"_id": 1, "uuid": "u", "Value": 5.0})
    table = tables.read(io.BytesIO(b"uuid,Value\nu,'-7\n"), "list.csv", tables.Choices(apostrophes=True))
    rows = importing.apply_mapping(table, suggest(table.headers, ["uuid", "Value"]))

    [planned] = plan_rows(rows, [live], ("uuid",), profile=lambda: LiveProfile.over([live]), read=cell_values.read)

    assert planned.change is not None and planned.change.after is not None
    assert bson.decode(planned.change.after)["Value"] == "-7"


@pytest.mark.parametrize("typed", ["[99999999999999999999]", '["\\ud800"]', "[" * 5_000, "x"])
def test_what_no_list_can_hold_is_none(typed: str) -> None:
    assert cell_values.read(typed, list) is None
