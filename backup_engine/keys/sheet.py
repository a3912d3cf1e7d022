"""The recovery sheet: one page to print, with the key and the commands that bring everything back on another machine.

It is kept on paper because the machine it is needed for has burnt down. A key under a passphrase is printed as it is
stored, so the paper alone opens nothing.
"""

from __future__ import annotations

import html
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import segno

from backup_engine.keys.identity import fingerprint
from backup_engine.remotes import address as addresses, credentials

__all__ = ["Sheet", "commands_on", "page", "without_secrets"]

PROGRAM = ".venv/bin/python backup_csv_for_db_restore.py"
KEY_FILE, FOLDER = "identity.txt", "backups"
SHORT = 40
"""Letters of a word that is not broken: half a line of the sheet."""
BY_HAND = f"age -d -i {KEY_FILE} FILE.csv.age"


@dataclass(frozen=True)
class Sheet:
    """What stands on it. ``key`` is the text of the identity file, plain or under a passphrase."""

    recipient: str
    key: str
    made: datetime
    wrapped: bool = False
    version: str = ""
    places: Mapping[str, str] = field(default_factory=dict)
    """Where backups and database are, by what each is called."""
    signature_key: str = ""
    """Public half of the key that signs the backups; empty where none does."""
    remotes: Mapping[str, str] = field(default_factory=dict)
    """Addresses of the places off the machine, by name, as they are typed to read there (``Address.to_read``)."""

    @property
    def commands(self) -> tuple[str, ...]:
        """What is typed on the new machine: one a place, of which one is enough."""
        signed = f" --signed-by {self.signature_key}" if self.signature_key else ""
        return tuple(f"{PROGRAM} recover --from {shlex.quote(place)} --identity {KEY_FILE}{signed} --yes"
                     for place in self.remotes.values() or (FOLDER,))


def without_secrets(address: str) -> str:
    """Give an address without user, password and query; a path stays as it is."""
    if "://" not in address:
        return address
    scheme, _, rest = address.partition("://")
    # the last @: what stands before it may be a password with an @ or a / of its own
    bare = rest.partition("?")[0].partition("#")[0].rpartition("@")[2]
    return f"{scheme}://{bare}"


def page(sheet: Sheet) -> str:
    """Give the HTML of the sheet. It loads nothing from anywhere."""
    secret = "".join(line for line in sheet.key.splitlines(keepends=True) if not line.startswith("#")).strip()
    code = segno.make(secret, error="m", micro=False)
    rows = {"Public key": sheet.recipient, "Fingerprint": fingerprint(sheet.recipient),
            "Made": f"{sheet.made:%Y-%m-%d}",
            **{name: without_secrets(place) for name, place in sheet.places.items()},
            **({"Program": f"version {sheet.version}"} if sheet.version else {}),
            **({"Signatures": sheet.signature_key} if sheet.signature_key else {})}
    facts = "".join(f"<tr><th>{_text(name)}</th><td>{_text(value)}</td></tr>" for name, value in rows.items())
    typed = "".join(f'<pre class="command">{_words(command)}</pre>' for command in sheet.commands)
    again = "It is under a passphrase, which the command asks for. " if sheet.wrapped else (
        "Whoever has this paper and a copy of the backups can read them. ")
    program = f"version {_text(sheet.version)} of the program, or a later one" if sheet.version else "the program"
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Recovery sheet</title><style>
@page {{ size: A4; margin: 15mm; }}
body {{ font: 10.5pt/1.4 "Helvetica Neue", Arial, sans-serif; color: #000; background: #fff; max-width: 180mm;
  margin: 0 auto; }}
h1 {{ font-size: 18pt; margin: 0 0 2mm; }} h2 {{ font-size: 12pt; margin: 5mm 0 1mm; }}
th {{ text-align: left; padding: 0 6mm 1mm 0; vertical-align: top; white-space: nowrap; }}
td {{ overflow-wrap: anywhere; font-family: monospace; font-size: 9.5pt; }}
pre {{ font-size: 9pt; white-space: pre-wrap; overflow-wrap: anywhere; margin: 1mm 0; padding: 1.5mm 2mm;
  border: 0.3mm solid #999; }}
svg {{ width: 48mm; height: 48mm; }} #key {{ white-space: pre; }} pre span {{ white-space: nowrap; }}
pre span.long {{ display: inline-block; white-space: normal; word-break: break-all; }}
</style></head><body>
<h1>Recovery sheet</h1>
<p>Keep it away from the machine it is for, one copy in a place that burns on another day. {again}Without it
and without the identity file the encrypted backups are lost.</p>
<table>{facts}</table>
<h2>The secret key</h2>
{code.svg_inline(border=2, omitsize=True)}<pre id="key">{_text(sheet.key.strip())}</pre>
<h2>Getting everything back on another machine</h2>
<ol>
<li>Set up {program}, as its README says: an empty database, no backup yet.</li>
<li>Put the key above into a text file <code>{KEY_FILE}</code> in the folder of the program; scanning the code gives its
secret line.</li>
{_where(sheet)}{typed}</li>
</ol>
<p>The command shows the newest good backup, brings back list, accounts, settings, trash and activity, and says what is
not in it and what this machine has to be told again. It changes nothing where it reads from.</p>
<h2>Without the program</h2>
<p><code>{_text(BY_HAND)}</code> writes the table as plain CSV; files that end in <code>.zst.age</code> go through
<code>zstd -d</code> after it, those in <code>.gz.age</code> through <code>gzip -d</code>. age is at
https://age-encryption.org.</p>
</body></html>
"""


def _where(sheet: Sheet) -> str:
    """What to do before the command, and the words that lead to it."""
    if not sheet.remotes:
        return (f"<li>Copy the backups, with the folder <code>.app</code> in them, into a folder <code>{FOLDER}</code> "
                "there.</li>\n<li>In the folder of the program run:")
    logins = "".join(f"<br><code>{_text(name)}</code>: {_text(login)}" for name, url in sheet.remotes.items()
                     if (login := credentials.wanted(addresses.parse(url))))
    told = ("<li>Give it the login of the place, which stands on no paper; one that may only read is enough:"
            f"{logins}</li>\n")
    which = "In the folder of the program run" + (
        ", for one of the places where the backups are, whichever is still there:" if len(sheet.remotes) > 1 else ":")
    return f"{told if logins else ''}<li>{which}"


def _words(command: str) -> str:
    """A line may end between words, and not behind the hyphens of a flag; an address may be longer than a line."""
    return " ".join(f'<span{"" if len(word) <= SHORT else " class=long"}>{_text(word)}</span>'
                    for word in command.split(" "))


def _text(value: str) -> str:
    return html.escape(value)


def commands_on(document: str) -> list[str]:
    """Give the commands that stand on a sheet."""
    found = re.findall(r'<pre class="command">((?>(?:[^<]|<(?!/?pre\b))*))</pre>', document)
    return [html.unescape(re.sub(r"<[^<>]*>", "", command)) for command in found]
