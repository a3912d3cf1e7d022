"""A table read apart: what it costs stays in the reader's process, and every end of that is a sentence."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
import xlsxwriter

from backup_engine.errors import BadInput
from equipment.exchange.reading import apart, tables

MB = 1 << 20


def workbook(*cells: tuple[int, int, str]) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        for row, column, text in cells:
            sheet.write_string(row, column, text)
    return out.getvalue()


def with_strings(data: bytes, text: str) -> bytes:
    """Put another text into the strings of a workbook."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            content = old.read(entry)
            new.writestr(entry.filename, content.replace(b"@@", text.encode()) if "sharedStrings" in entry.filename
                         else content)
    return out.getvalue()


def read(data: bytes, name: str = "list.csv", **limits: float) -> tables.Table:
    return apart.read(io.BytesIO(data), name, **limits)  # type: ignore[arg-type]


@pytest.mark.parametrize(("name", "data"), [
    ("list.csv", "ID,Ort\n1,Zürich\n2\n".encode("cp1252")), ("list.tsv", b"ID\tPlace\n1\t\"a\nb\"\n"),
    ("list.xlsx", workbook((0, 0, "ID"), (0, 1, "Place"), (1, 0, "1"), (1, 1, "x"))),
])
def test_it_reads_what_is_read_here(name: str, data: bytes) -> None:
    assert read(data, name) == tables.read(io.BytesIO(data), name)


@pytest.mark.parametrize(("data", "said"), [(b"", "is empty"), (b"a\0b,c\n1,2\n", "is not a text table")])
def test_a_refusal_is_the_same_sentence(data: bytes, said: str) -> None:
    with pytest.raises(BadInput, match=said) as caught:
        read(data)
    assert caught.value.hint


HOSTILE = {
    "two cells at the far corners": ("list.xlsx", lambda: workbook((0, 0, "ID"), (1_048_575, 16_383, "x"))),
    "one long text that many cells share": ("list.xlsx", lambda: with_strings(
        workbook(*((row, 0, "@@") for row in range(200))), "x" * 8 * MB)),
    "a text that unpacks to hundreds of times its size": ("list.xlsx", lambda: with_strings(
        workbook((0, 0, "ID"), (1, 0, "@@")), "x" * 300 * MB)),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_file_that_asks_for_more_than_it_may_is_a_sentence(kind: str) -> None:
    name, make = HOSTILE[kind]
    data = make()
    assert len(data) < MB

    with pytest.raises(BadInput, match=r"more than the 256 MB|more than can be taken in") as caught:
        read(data, name, most_memory=256 * MB)

    assert "CSV" in caught.value.hint


def test_many_short_rows_below_many_headers_stay_short() -> None:
    data = (",".join(f"c{n}" for n in range(999)) + "\n" + "1\n" * 100_000).encode()

    table = read(data)

    assert len(table.headers) == 999 and sum(map(len, table.rows)) == 100_000
    assert next(table.records())["c998"] == ""
    assert len(table.notes) <= tables.MAX_NOTES + 1


def test_a_row_that_is_wider_than_any_table_is_named() -> None:
    with pytest.raises(BadInput, match="row 3 has 20,001 cells"):
        read(b"a,b\n1,2\n" + b"x," * 20_000 + b"x\n")


def test_many_notes_are_counted_and_not_listed() -> None:
    table = read((",".join(["same"] * 900) + "\n" + "1," * 899 + "1\n").encode())

    assert len(table.notes) == tables.MAX_NOTES + 1
    assert table.notes[-1] == "And 879 more of this kind."


def test_a_reader_that_takes_too_long_is_ended() -> None:
    data = ("ID,Text\n" + "1,abcdefghijkl\n" * 400_000).encode()

    with pytest.raises(BadInput, match=r"not read within 0\.05 s"):
        read(data, seconds=0.05)


def test_a_reader_that_dies_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart, "PROGRAM", "import os; os.abort()")

    with pytest.raises(BadInput, match="or it is damaged"):
        read(b"ID\n1\n")


def test_half_of_what_was_read_is_not_taken_for_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    told = b'{"rows":2,"cells":2,"characters":2,"headers":["ID"],"notes":[]}\n["1"]\n'
    monkeypatch.setattr(apart, "PROGRAM", f"import sys; sys.stdout.buffer.write({told!r})")

    with pytest.raises(BadInput, match="or it is damaged"):
        read(b"ID\n1\n2\n")


def test_the_reader_knows_no_secrets_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MONGODB_URI", "mongodb://ada:hunter2@db/")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    seen = tmp_path / "seen"
    monkeypatch.setattr(apart, "PROGRAM", f"import os; open({str(seen)!r}, 'w').write(repr(dict(os.environ)))")

    with pytest.raises(BadInput):
        read(b"ID\n1\n")

    assert "hunter2" not in seen.read_text() and "PYTHONPATH" in seen.read_text()
    assert [path.name for path in tmp_path.iterdir()] == ["seen"]


def test_a_name_is_only_a_name() -> None:
    assert read(b"ID\n1\n", "-c import os\0.csv").rows == (("1",),)
    assert read(workbook((0, 0, "ID"), (1, 0, "1")), "x" * 5_000 + ".xlsx").rows == (("1",),)
