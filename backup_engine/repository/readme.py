"""The README that lies beside the backups, for the day on which nothing else of this program is at hand."""

from __future__ import annotations

from contextlib import suppress

from backup_engine.storage.base import Storage

NAME = "README.txt"

TEXT = """\
These are backups of a MongoDB database, made to be read without the program that wrote them.

WHAT LIES HERE
  monday/ ... sunday/   backups by the weekday on which they started; three files with the same date and time:
      equipment_backup_YYYYMMDD_HHMMSS.csv        the equipment list
      select_options_backup_YYYYMMDD_HHMMSS.csv   the select options
      backup_metadata_YYYYMMDD_HHMMSS.json        counts, hashes, column types, indexes. Written last:
                                                  without it a backup is unfinished
  .state/               second copies of the metadata, and notes that can be rebuilt
  .app/                 the application's own data (accounts, settings, trash, log) in the same format,
                        made together with the lists; keep it from other people's eyes
  .lock                 taken while a backup or a restore runs

  .gz  opens with gunzip, .zst with zstd -d, .age with age -d -i KEYFILE (https://age-encryption.org).

CHECK A BACKUP
  In the folder of the day, with the date and time of the backup:
      sha256sum equipment_backup_X.csv select_options_backup_X.csv | sha256sum
  prints "backup_hash" of the metadata file. And
      jq -cj 'del(.metadata_hash)' backup_metadata_X.json | sha256sum
  prints its "metadata_hash".

RESTORE A BACKUP WITH THE PROGRAM
  In the program's folder, with an ID of the first command in place of "newest":
      .venv/bin/python backup_csv_for_db_restore.py list
      .venv/bin/python backup_csv_for_db_restore.py verify newest
      .venv/bin/python backup_csv_for_db_restore.py restore newest --mode replace

READ A BACKUP WITH BARE HANDS
  The CSV files are UTF-8 with comma, double quotes and CRLF; the first row names the fields. Open them in any
  spreadsheet to look; do not save over them.
  * An empty cell: the record has no such field.
  * A cell that begins with ~: MongoDB Extended JSON after the ~ (~null, ~"", ~{"$numberLong":"5"}, ~"=1+1").
  * Any other cell: plain text of the column's type, which stands under "columns" in the metadata file
    (string, int32, int64, double, bool, date, objectId, decimal, uuid, json).
  * The last column, if it is named ~: {"more":{...}} are fields without a column of their own;
    {"order":n} says that the fields stand in the order "orders"[n] of the metadata file;
    {"bson":"..."} is the whole record as base64 BSON and counts instead of the other cells;
    {"deleted":true} says that the record was deleted since the full backup (see below).
  * "kind": "differential" in the metadata: the file holds only what changed since the full backup whose
    "backup_id" stands under "base". Take that one and lay these rows over it, by _id.

RESTORE WITH BARE HANDS, APPROXIMATELY (all values come back as text or numbers)
      mongoimport --db Equipment_DB --collection Equipment --type csv --headerline --ignoreBlanks \\
          --file equipment_backup_X.csv
"""


OF_APPLICATION = """\
These are backups of what the application keeps beside the list: accounts with the hashes of their passwords, settings,
trash, activity. Whoever reads them learns who works here, and can try passwords at leisure. Do not pass them on.

They lie here in the same format as the lists: the README one folder up says how to read it. Each belongs to the backup
of the list whose "backup_id" stands under "of" in its metadata, and was read in the same instant. Later lists of the
day name it as well ("application") as long as nothing in it has changed.

      .venv/bin/python backup_csv_for_db_restore.py restore-application ID --dry-run
"""


def leave_readme(storage: Storage, role: str = "") -> None:
    """Write the README if there is none."""
    if all(entry.name != NAME for entry in storage.entries("")):
        with suppress(FileExistsError):
            storage.put("", NAME, (OF_APPLICATION if role else TEXT).encode(), exclusive=True)
