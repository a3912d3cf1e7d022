"""The one handler: everything that anybody logs in this process, as lines on standard error.

It never breaks what it tells about: a full disk, a closed stream and a reader who went away lose lines and nothing
else, and the next line that can be written says how many.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Iterable
from types import TracebackType
from typing import Any, Final

from equipment.logs.flood import Flood
from equipment.logs.lines import JsonLines, TextLines
from equipment.logs.redaction import Redaction

__all__ = ["FORMATS", "LEVELS", "hide", "say", "start"]

FORMATS: Final = ("text", "json")
LEVELS: Final = ("debug", "info", "warning", "error")
OURS: Final = ("equipment", "backup_engine", "backup_csv_for_db_restore")
SERVER: Final = ("streamlit", "uvicorn", "starlette")
"""What runs the page. They put handlers of their own on each of their loggers."""

log = logging.getLogger("equipment.console")


class Console(logging.Handler):
    """Writes to what is standard error at that moment."""

    def __init__(self) -> None:
        super().__init__()
        self.lost = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line, whole or not at all; count the ones that cannot be written."""
        try:
            line = self.format(record) + "\n"
            stream = sys.stderr
            stream.write(line)
            stream.flush()
        except RecursionError:
            raise
        except Exception:  # noqa: BLE001 - the disk, the pipe, the stream, the record: no deed fails for its line
            self.lost += 1
        else:
            if self.lost:
                lost, self.lost = self.lost, 0
                log.warning("%s lines of this log could not be written", lost)


_console = Console()
_console.addFilter(Flood(SERVER))
_redaction = Redaction()


def start(form: str = "text", level: str = "info", *, deeds: bool = True) -> None:
    """Let this process log to the console in this form. Repeatable: the last call counts.

    Without ``deeds`` none is told, not one that failed either, for a command that answers in words.

    ``level`` is for this program; other libraries are heard from warnings on, so that ``debug`` brings no traffic of
    the driver, which holds records.
    """
    chosen = getattr(logging, level.upper()) if level in LEVELS else logging.INFO
    _console.setFormatter((JsonLines if form == "json" else TextLines)(_redaction))
    root = logging.getLogger()
    if _console not in root.handlers:
        root.addHandler(_console)
        logging.captureWarnings(True)
        _hear_what_nobody_caught()
    root.setLevel(max(chosen, logging.WARNING))
    for name in OURS:
        logging.getLogger(name).setLevel(chosen)
    logging.getLogger("equipment.deeds").setLevel(chosen if deeds else logging.CRITICAL)
    _take_over(chosen)


def hide(secrets: Iterable[str]) -> None:
    """Never show these texts, whatever anybody logs."""
    _redaction.hide(secrets)


def say(text: str, level: int = logging.INFO) -> None:
    """Tell the person at the console something that is no secret to them, past the filter, as a line of its own."""
    record = log.makeRecord(log.name, level, "", 0, "%s", (text,), None)
    form = _console.formatter
    plain = JsonLines(str) if isinstance(form, JsonLines) else TextLines(str)
    try:
        sys.stderr.write(plain.format(record) + "\n")
        sys.stderr.flush()
    except Exception:  # noqa: BLE001 - as in ``emit``
        _console.lost += 1


def _take_over(level: int) -> None:
    """Let Streamlit's and the server's loggers, those to come too, speak through the root's handler."""
    with_handlers = [name for name in logging.root.manager.loggerDict if name.partition(".")[0] in SERVER]
    for name in {*SERVER, *with_handlers}:
        logger = logging.getLogger(name)
        for handler in list(logger.handlers):
            logger.removeHandler(handler)
        logger.propagate = True
        # What the server says of itself in passing is no deed.
        logger.setLevel(max(level, logging.WARNING))
    streamlit: Any = sys.modules.get("streamlit.logger")
    if streamlit is not None:
        streamlit.setup_formatter = _no_handler_of_its_own
        streamlit._global_log_level = max(level, logging.WARNING)


def _no_handler_of_its_own(logger: logging.Logger) -> None:
    logger.propagate = True


def _hear_what_nobody_caught() -> None:
    def main(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, trace)
        else:
            log.critical("nobody caught %s", kind.__name__, exc_info=(kind, error, trace))

    def thread(args: threading.ExceptHookArgs) -> None:
        if args.exc_type is not SystemExit and args.exc_value is not None:
            log.critical("thread %s ended: nobody caught %s", args.thread.name if args.thread else "?",
                         args.exc_type.__name__, exc_info=(args.exc_type, args.exc_value, args.exc_traceback))

    def unraisable(args: Any) -> None:
        if args.exc_value is not None:
            log.error("%s: %s", args.err_msg or "an exception that could not be raised", args.exc_type.__name__,
                      exc_info=(args.exc_type, args.exc_value, args.exc_traceback))

    sys.excepthook, threading.excepthook, sys.unraisablehook = main, thread, unraisable
