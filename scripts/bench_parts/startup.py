"""From the command to the first page, and what importing the backup module costs."""

from __future__ import annotations

import contextlib
import io
import subprocess
import sys

from scripts.bench_parts.table import Line, median, timed
from tests.server.page_client import PageClient
from tests.server.running_app import ROOT, RunningApp


def lines(rounds: int) -> list[Line]:
    """Measure both; the app starts with its embedded MongoDB over an empty folder."""
    return [
        Line("import of backup_csv_for_db_restore (reach: 0.5 s)", median(_import, rounds), "0.5 s", 0.5, 1.0),
        Line("app start to first page, embedded MongoDB included", timed(_first_page)),
    ]


def _import() -> None:
    subprocess.run([sys.executable, "-c", "import backup_csv_for_db_restore"], cwd=ROOT, check=True)


def _first_page() -> None:
    with contextlib.redirect_stdout(io.StringIO()), RunningApp() as app:  # it prints the app's console at the end
        PageClient(app.url).run()
