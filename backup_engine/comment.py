"""What a person says about a backup: one line beside it, in its metadata, and in a note of its own in every remote.

It is never encrypted, as the rest of the metadata is not, and no signature covers it: it may be said years later.
"""

from __future__ import annotations

from backup_engine.deeds import told
from backup_engine.errors import BadInput
from backup_engine.model import COMMENT_LENGTH, BackupSet
from backup_engine.prune import mark
from backup_engine.workspace import Workspace

__all__ = ["comment"]


@told("backup.comment")
def comment(ws: Workspace, backup: BackupSet, text: str) -> BackupSet:
    """Say something about a set, instead of what was said before; empty text takes it away. Gives it as it is now.

    Line breaks and further blanks become one blank. Raises ``BadInput`` for more than 500 characters, for what cannot
    be shown, and for a set that cannot be marked.
    """
    said = " ".join(str(text).split())
    if len(said) > COMMENT_LENGTH:
        raise BadInput(f"A comment may have {COMMENT_LENGTH} characters; this one has {len(said):,}.")
    if not said.isprintable():
        raise BadInput("A comment is plain text: it has characters in it that cannot be shown.")
    return mark(ws, backup, comment=said)
