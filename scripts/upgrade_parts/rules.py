"""What the format promises to the version before (docs/backup-format.md, "Versions side by side")."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scripts.upgrade_parts.steps import Steps, require

__all__ = ["check"]

Record = Mapping[str, Any]


def check(earlier: Record, present: Record, steps: Steps) -> None:
    """Compare what both versions noted about sets of the same kind, and the triggers they know."""
    with steps.step("min_reader_version stays"):
        before, now = _reader_versions(earlier), _reader_versions(present)
        require(before and before.keys() == now.keys(), f"there are sets to compare: {sorted(before)}, {sorted(now)}")
        raised = [f"{what}: {before[what]} became {now[what]}" for what in before if before[what] != now[what]]
        require(not raised, "; ".join(raised))
    with steps.step("no new trigger"):
        used = {about["trigger"] for about in present["all"]}
        new = sorted({*present["triggers"], *used} - {*earlier["triggers"]})
        require(not new, f"the earlier version calls a set damaged whose trigger is {', '.join(new)}")


def _reader_versions(record: Record) -> dict[str, Any]:
    return {about["what"]: about["min_reader_version"] for about in record["sets"]}
