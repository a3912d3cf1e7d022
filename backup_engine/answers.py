"""What a method of the public class promises: a success flag and a sentence, never an exception."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from typing import TypeVar

from backup_engine.errors import BackupError

__all__ = ["Answer", "refused", "words_of"]

log = logging.getLogger(__name__)
Answer = TypeVar("Answer")


def refused(message: str) -> tuple[bool, str]:
    """Give the answer of most methods for a failure."""
    return False, message


def words_of(run: Callable[[], Answer], refuse: Callable[[str], Answer]) -> Answer:
    """Give what ``run`` gives, or what ``refuse`` makes of the reason why there is nothing."""
    try:
        return run()
    except BackupError as error:
        return refuse(str(error))
    except Exception:  # the callers were promised words: the traceback goes to the log, the reference to both
        reference = secrets.token_hex(4)
        log.exception("unexpected fault, reference %s", reference, extra={"reference": reference})
        return refuse(f"Backup error: unexpected fault (reference {reference}). See the log.")
