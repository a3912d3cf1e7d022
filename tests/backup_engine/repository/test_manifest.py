"""Names, hashes and Extended JSON of the metadata."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import Any

import bson
import pytest
from bson import Binary, Decimal128, Int64, MaxKey, ObjectId, Regex, Timestamp
from bson.son import SON

from backup_engine.repository import manifest


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("equipment_backup_20250604_120000.csv", ("equipment", "20250604_120000")),
        ("select_options_backup_20250604_120000.csv.zst.age", ("select_options", "20250604_120000")),
        ("equipment_backup_20250604_120000.csv.gz", ("equipment", "20250604_120000")),
        ("equipment_backup_20250604_120000.csv\n", None),
        ("equipment_backup_20250604_120000.csv.age.gz", None),
        ("equipment_backup_20250604_120000.CSV", None),
        ("../equipment_backup_20250604_120000.csv", None),
        ("_backup_20250604_120000.csv", None),
    ],
)
def test_only_exact_names_are_ours(name: str, split: tuple[str, str] | None) -> None:
    assert manifest.split_part_name(name) == split


def test_the_hash_covers_every_key_value_and_their_order() -> None:
    about: dict[str, Any] = {"b": 1, "a": {"y": 1, "x": "ü"}}
    sealed = json.loads(manifest.encode(about))

    assert sealed["metadata_hash"] == manifest.metadata_hash(about) == manifest.metadata_hash(sealed)
    for edited in ({"b": 2, "a": about["a"]}, {"a": about["a"], "b": 1}, {"b": 1, "a": {"x": "ü", "y": 1}}, {"b": 1}):
        assert manifest.metadata_hash(edited) != manifest.metadata_hash(about)


def test_anybody_can_check_the_hash_with_jq(tmp_path: Any) -> None:
    jq, sha = shutil.which("jq"), shutil.which("sha256sum")
    if jq is None or sha is None:
        pytest.skip("no jq here: apt-get install jq")
    (tmp_path / "m.json").write_bytes(manifest.encode({"b": 1, "a": "ü\n\"", "n": [1.5, None, True]}))

    text = subprocess.run([jq, "-cj", "del(.metadata_hash)", "m.json"], cwd=tmp_path, capture_output=True, check=True)
    printed = subprocess.run([sha], input=text.stdout, capture_output=True, check=True).stdout.split()[0].decode()

    assert printed == json.loads((tmp_path / "m.json").read_bytes())["metadata_hash"]


@pytest.mark.parametrize(
    "value",
    [
        {}, {"expireAfterSeconds": 3600.0}, {"n": Int64(5)}, {"key": SON([("b", -1), ("a", 1)])},
        {"v": {"x": {"$regex": "^a", "$options": "i"}}}, {"v": Regex("a", "x")}, {"o": ObjectId()},
        {"d": Decimal128("1.10")}, {"t": Timestamp(1, 2)}, {"b": Binary(b"\0", 128)}, {"m": MaxKey()},
        {"odd": {"$oid": "no id"}}, {"": {"a.b": 1}},
    ],
)
def test_options_come_back_byte_for_byte(value: dict[str, Any]) -> None:
    written = json.loads(json.dumps(manifest.bson_to_json(value)))

    assert bson.encode(manifest.json_to_bson(written)) == bson.encode(value)
