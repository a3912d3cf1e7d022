"""Commands about keys: making an identity with its recovery sheet, and storing backups anew under other keys."""

from __future__ import annotations

import platform
from pathlib import Path

import click

from backup_engine import reseal as resealing
from backup_engine.cli import passphrase
from backup_engine.cli.make import WARNED
from backup_engine.cli.restore import ask
from backup_engine.cli.session import Answer, Session, verb
from backup_engine.cli.words import as_data
from backup_engine.csv_format import age
from backup_engine.errors import BackupError
from backup_engine.keys import identity, sheet, signing
from backup_engine.keys.sheet import Sheet
from backup_engine.remotes import registry
from backup_engine.workspace import Workspace

__all__ = ["COMMANDS"]


@verb("new", help="Make a key pair: an identity file for you to keep, and a recovery sheet to print. The public key "
                  "goes into BACKUP_RECIPIENTS; the file belongs on another machine.")
@click.argument("path", metavar="[FILE]", default="backup-identity.txt", type=click.Path(path_type=Path))
@click.option("--sheet", "sheet_path", metavar="FILE", type=click.Path(path_type=Path),
              help="Where the sheet is written; by default beside the identity file, ending in .html.")
@click.option("--with-passphrase", "wrap", is_flag=True,
              help="Put the key under a passphrase, which is asked for.")
def new(session: Session, path: Path, sheet_path: Path | None, wrap: bool) -> Answer:
    """Make a key pair."""
    ws = session.workspace
    now = ws.clock()
    secret = age.new_identity()
    public = age.public_half(secret)
    text = identity.identity_text(secret, now)
    if wrap:
        words = passphrase.ask("Passphrase for the new key", twice=True)
        text = identity.wrapped(text, words)
    beside = sheet_path or path.with_suffix(".html")
    address = f"{ws.storage.describe()} on {platform.node()}" if "://" not in ws.storage.describe() else (
        ws.storage.describe())
    made = Sheet(public, text, now, wrapped=wrap, version=session.backups.version, places={
        "Backups": address, "Database": ws.database_name or "as the installation says"},
        signature_key=ws.signer.public if ws.signer else "", remotes=_remotes(ws))
    document = sheet.page(made)
    identity.write_private(path, text)
    try:
        identity.write_private(beside, document)
    except BaseException:  # an identity without its sheet would be half of what was asked for; nobody uses it yet
        path.unlink()
        raise
    data = {"recipient": public, "fingerprint": identity.fingerprint(public), "identity_file": str(path),
            "sheet": str(beside)}
    lines = (f"Identity file:   {path}  (keep it away from this machine)", f"Recovery sheet:  {beside}  (print it)",
             f"Fingerprint:     {identity.fingerprint(public)}",
             *([f"On the sheet:    recover from {', '.join(made.remotes)}"] if made.remotes else []),
             "Make a second one for another person or place: either alone opens the backups.",
             "Then BACKUP_RECIPIENTS=age1…,age1… or Backup & Restore, Auto Backup; and a drill with --identity.")
    return Answer(f"Public key: {public}", data, lines)


def _remotes(ws: Workspace) -> dict[str, str]:
    """The places where the backups are as well; with the database down those of the settings."""
    try:
        known = registry.known(ws, ws.connect())
    except BackupError:
        known = registry.set_up(ws)
    return {name: remote.address.to_read(remote.host_key) for name, remote in known.items()}


@verb("reseal", help="Store the backups that are there as new ones are stored: encrypted, for other keys, or "
                      "compressed otherwise. Nothing is removed before its copy is read back.")
@click.option("--keep-old", is_flag=True, help="Keep the old ones, marked as superseded.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def reseal(session: Session, keep_old: bool, yes: bool) -> Answer:
    """Store anew."""
    if not yes and not keep_old:
        ask("Store all backups anew, and remove each once its copy is proven?")
    with session.watch() as watch:
        done = resealing.reseal(session.workspace, keep_old=keep_old, watch=watch)
    lines = tuple(f"Left as it was: {backup.label}: {reason}." for backup, reason in done.left)
    left = [{"backup_id": backup.backup_id, "label": backup.label, "reason": reason} for backup, reason in done.left]
    data = {"made": [as_data(backup) for backup in done.made], "removed": [old.backup_id for old in done.removed],
            "left": left}
    return Answer(done.message, data, lines, WARNED if done.left else 0)


@verb("signer", help="Make a signature key for this host. BACKUP_SIGNING_KEY names the file; its public half stands on "
                     "the recovery sheets that are made after that.")
@click.argument("path", metavar="[FILE]", default="backup-signer.pem", type=click.Path(path_type=Path))
def signer(session: Session, path: Path) -> Answer:
    """Make a signature key."""
    identity.write_private(path, signing.new_pem())
    public = signing.Signer(path).public
    return Answer(f"Public half: {public}", {"public": public, "file": str(path)},
                  (f"Signature key:   {path}  (stays on this host, for the account that makes the backups)",))


keys = click.Group("keys", commands=[new, signer], help="Make keys for encrypted backups.")

COMMANDS = (keys, reseal)
