"""What mongod says was wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from equipment.server import server_log


@pytest.mark.parametrize(("entries", "said"), [
    ([{"s": "I", "msg": "starting"}], ""),
    ([{"s": "E", "msg": "first"}, {"s": "F", "msg": "Failed", "attr": {"error": "no space"}}, {"s": "I", "msg": "bye"}],
     "Failed: no space"),
    ([{"s": "F", "msg": "Failed", "attr": {"error": "no space"}}, {"s": "F", "msg": "\n\naborting"}],
     "Failed: no space"),
    ([{"s": "F", "msg": "\n\naborting"}], "aborting"),
    ([{"s": "E", "msg": "Exception", "attr": {"error": {"errmsg": "locked"}}}], "Exception: locked"),
    ([{"s": "E", "msg": "WiredTiger error message", "attr": {"error": 28, "message": {
        "msg": "__posix_file_write:621:/data/x.wt: handle-write: pwrite: failed to write 32768 bytes",
        "error_str": "No space left on device"}}}],
     "WiredTiger error message: No space left on device (failed to write 32768 bytes)"),
    (["no object", 7], ""),
])
def test_the_last_error_is_given(entries: list[object], said: str, tmp_path: Path) -> None:
    log = tmp_path / "mongod.log"
    log.write_text("{broken\n" + "".join(json.dumps(entry) + "\n" for entry in entries))

    assert server_log.complaint(log, 0) == said
    assert server_log.complaint(log, log.stat().st_size) == ""
    assert server_log.complaint(tmp_path / "none", 0) == ""
