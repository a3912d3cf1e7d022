"""Sets as the original system wrote them: eight keys of metadata and a pandas CSV."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd

from backup_engine.model import DAYS


def write_legacy_set(
    folder: Path, moment: datetime, records: list[dict[str, Any]], options: list[dict[str, Any]] | None = None
) -> str:
    """Write one set into its day's folder and give its label; an empty collection gets no file."""
    label = moment.strftime("%Y%m%d_%H%M%S")
    day = DAYS[moment.weekday()]
    place = folder / day
    place.mkdir(parents=True, exist_ok=True)
    tables = {"equipment": records, "select_options": options or []}
    for key, rows in tables.items():
        if rows:
            pd.DataFrame(rows).to_csv(place / f"{key}_backup_{label}.csv", index=False)
    metadata = {
        "backup_timestamp": moment.isoformat(), "backup_interval_hours": 1, "day_of_week": day,
        **{f"{key}_records_count": len(rows) for key, rows in tables.items()},
        **{f"{key}_file": f"{key}_backup_{label}.csv" for key in tables}, "backup_hash": "0" * 32,
    }
    (place / f"backup_metadata_{label}.json").write_text(json.dumps(metadata, indent=2))
    return label
