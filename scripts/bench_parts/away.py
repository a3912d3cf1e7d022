"""To an S3 server and back, whole commands, beside restic on the same files and the same server.

restic gets the folder as our backup left it: files compressed with zstd and encrypted with age. Both prove what they
have read by its hash. Every round writes to a place of its own, so that nobody finds what is there already.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count, islice
from pathlib import Path

import pymongo

from scripts.bench_parts.documents import documents
from scripts.bench_parts.table import Line, interleaved
from tests.backup_engine.remotes.servers import ENVIRONMENT, seaweed
from tests.server.running_app import ROOT

RESTIC = {"RESTIC_PASSWORD": "for the bench", **ENVIRONMENT}


@dataclass
class Trip:
    """One folder of backups, the server it is sent to, and the ways there and back."""

    uri: str
    folder: Path
    endpoint: str
    secret: Path
    turn: Callable[[], int] = field(default_factory=lambda: count(1).__next__)

    def ours(self, *words: str, database: str = "away", **environment: str) -> None:
        """Run one of our commands."""
        command = [sys.executable, "backup_csv_for_db_restore.py", "--uri", self.uri, "--database", database,
                   "--folder", str(self.folder / "backups"), *words]
        _run(command, ENVIRONMENT | environment)

    def address(self, turn: int) -> str:
        """Where a round of ours goes."""
        return f"s3://backups/ours-{turn}?endpoint={self.endpoint}&allow=http"

    def repository(self, turn: int) -> dict[str, str]:
        """Where a round of restic's goes; made before it is timed."""
        return RESTIC | {"RESTIC_REPOSITORY": f"s3:{self.endpoint}/backups/restic-{turn}",
                         "RESTIC_CACHE_DIR": str(self.folder / "cache")}

    def send(self) -> None:
        """Send everything by our command."""
        turn = self.turn()
        self.ours("push", "away", "--now", BACKUP_REMOTE=f"away={self.address(turn)}")

    def restic_send(self) -> None:
        """Send the same files by restic, into a repository that is there."""
        environment = self.repository(self.turn())
        _run(["restic", "init"], environment)
        _run(["restic", "backup", "--quiet", str(self.folder / "backups")], environment)

    def recover(self, turn: int) -> None:
        """From the server to a list that is proven, by our command, into a database of its own."""
        database = f"away_{self.turn()}"
        self.ours("recover", "--from", self.address(turn), "--identity", str(self.secret), "--yes", database=database)

    def restic_recover(self, turn: int) -> None:
        """The same by restic, which brings the files, and our command that restores them from the folder."""
        database, target = f"away_{self.turn()}", self.folder / "restored"
        _run(["restic", "restore", "latest", "--target", str(target)], self.repository(turn))
        brought = str(target / str(self.folder / "backups").lstrip("/"))
        self.ours("recover", "--from", brought, "--identity", str(self.secret), "--yes", database=database)
        shutil.rmtree(target)

    def restic_init(self) -> None:
        """What making a repository takes, which is not sending."""
        _run(["restic", "init"], self.repository(self.turn()))


def lines(uri: str, number: int, rounds: int) -> list[Line]:
    """Measure the way there and the way back; nothing where restic is not installed."""
    if shutil.which("restic") is None:
        return []
    with tempfile.TemporaryDirectory() as place, seaweed() as endpoint, pymongo.MongoClient(uri) as client:
        folder = Path(place)
        trip = Trip(uri, folder, endpoint, folder / "identity.txt")
        made = documents(number)
        while batch := list(islice(made, 10_000)):
            client["away"]["Equipment"].insert_many(batch, ordered=False)
        trip.ours("keys", "new", str(trip.secret))
        public = next(line.split()[-1] for line in trip.secret.read_text().splitlines() if "public key" in line)
        trip.ours("--compression", "zstd", "--recipient", public, "backup", "--force")
        ways = {"ours": trip.send, "restic": trip.restic_send, "restic_init": trip.restic_init}
        sent = interleaved(ways, rounds)
        turn_ours, turn_restic = trip.turn(), trip.turn()
        trip.ours("push", "away", "--now", BACKUP_REMOTE=f"away={trip.address(turn_ours)}")
        _run(["restic", "init"], trip.repository(turn_restic))
        _run(["restic", "backup", "--quiet", str(folder / "backups")], trip.repository(turn_restic))
        back = interleaved({"ours": lambda: trip.recover(turn_ours),
                            "restic": lambda: trip.restic_recover(turn_restic)}, rounds)
        for name in client.list_database_names():
            if name == "away" or name.startswith("away_"):
                client.drop_database(name)
    return [
        Line("push to S3, the whole command", sent["ours"], "restic backup of the folder",
             sent["restic"] - sent["restic_init"], 1.5),
        Line("recover from S3, the whole command", back["ours"], "restic restore, then recover from the folder",
             back["restic"], 1.0),
    ]


def _run(command: list[str], environment: dict[str, str]) -> None:
    done = subprocess.run(command, cwd=ROOT, env=os.environ | environment, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(command[:4])} … failed: {done.stderr.strip() or done.stdout.strip()}")
