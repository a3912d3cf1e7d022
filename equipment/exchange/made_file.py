"""The file of an export, made from the bytes of its records: here, or in a process of its own when they are many.

Making it is Python from end to end, and a thread that makes it shares the interpreter with everybody's pages: beside an
export of 100,000 records a page took nine times as long as alone. The process reads documents from its input and
writes pieces to its output, so that neither side holds more than a pipe does.
"""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import IO, Any, Final

import bson
import orjson

from backup_engine.errors import BackupError, BadInput
from backup_engine.machine import children
from equipment.domain.values.fields import TYPES
from equipment.exchange import cell_values, export
from equipment.store.list.indexing.forgiving import FORGIVING

__all__ = ["FEW", "Asked", "here", "pieces"]

FEW: Final = 2_000
"""Records up to which the file is made here: that takes a tenth of a second, and starting a process 0.4 s of a core."""
NICE: Final = 10
PROGRAM: Final = "from equipment.exchange import made_file; made_file.serve()"
PIECE, REFUSED, END = b"p", b"r", b"e"


@dataclass(frozen=True)
class Asked:
    """What is wanted: ``form`` as in ``list_export.FORMS``, the columns in their order, and the types' names."""

    form: str
    names: list[str]
    types: dict[str, str]
    whole: bool = True
    """Whether JSON is to have every field, and not only those of the columns."""


def pieces(asked: Asked, documents: Iterable[bytes], count: int) -> Iterator[bytes]:
    """Give the file of ``count`` documents piece by piece. Raises ``BadInput`` for what the form cannot hold."""
    return here(asked, documents) if count <= FEW else _beside(asked, documents)


def here(asked: Asked, documents: Iterable[bytes]) -> Iterator[bytes]:
    """Make it in this process."""
    if asked.form == "json":
        return export.to_json(documents, None if asked.whole else asked.names)
    records = map(_record, documents)
    if asked.form == "xlsx":
        types = {name: TYPES[kind] for name, kind in asked.types.items()}
        return export.to_xlsx(records, asked.names, cell_values.shown, types=types)
    return export.to_csv(records, asked.names, cell_values.shown)


def serve() -> None:
    """Be the process: what is asked comes as the first message of the input, then the documents."""
    if hasattr(os, "nice"):
        os.nice(NICE)  # pages come first
    gc.disable()  # records make no cycles
    source, out = sys.stdin.buffer, sys.stdout.buffer
    asked = Asked(**orjson.loads(_received(source)))
    try:
        for piece in here(asked, iter(lambda: _received(source), END)):
            _send(out, PIECE + piece)
    except BadInput as error:
        _send(out, REFUSED + orjson.dumps([error.message, error.hint]))
    except EOFError:
        pass  # the other side could not read on: what there is must not look like a whole file
    else:
        _send(out, END)


def _beside(asked: Asked, documents: Iterable[bytes]) -> Iterator[bytes]:
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        cwd=children.ABOVE_THE_PACKAGES, env=children.of_python())
    assert process.stdin is not None and process.stdout is not None
    feeder = _Feeder(process.stdin, asked, documents)
    feeder.start()
    try:
        while (said := _received(process.stdout)) != END:
            if said[:1] == REFUSED:
                message, hint = orjson.loads(said[1:])
                raise BadInput(message, hint=hint)
            yield said[1:]
    except EOFError:
        feeder.join()
        raise feeder.error or BackupError(
            "the process that made the file ended before it was whole", hint="Try again.") from None
    finally:  # also when nobody wants the rest
        process.kill()
        feeder.join()
        process.stdout.close()
        process.wait()


class _Feeder(threading.Thread):
    """Hands the documents over; ``error`` is what reading them met. It ends with its pipe."""

    def __init__(self, pipe: IO[bytes], asked: Asked, documents: Iterable[bytes]) -> None:
        super().__init__(name="export", daemon=True)
        self.error: Exception | None = None
        self._pipe, self._asked, self._documents = pipe, asked, documents

    def run(self) -> None:
        try:
            with self._pipe:
                _send(self._pipe, orjson.dumps(asdict(self._asked)))
                for document in self._documents:
                    _send(self._pipe, document, flush=False)
                _send(self._pipe, END)
        except BrokenPipeError:
            pass  # the process said why, or nobody wants the rest
        except Exception as error:  # noqa: BLE001 - raised again where the pieces are taken
            self.error = error


def _record(document: bytes) -> dict[str, Any]:
    record: dict[str, Any] = bson.decode(document, codec_options=FORGIVING)
    record.pop("_id", None)
    return record


def _send(pipe: IO[bytes], message: bytes, *, flush: bool = True) -> None:
    pipe.write(len(message).to_bytes(4, "little"))
    pipe.write(message)
    if flush:
        pipe.flush()


def _received(pipe: IO[bytes]) -> bytes:
    """Give the next message. Raises ``EOFError`` where the other side is gone."""
    message = pipe.read(int.from_bytes(size, "little")) if len(size := pipe.read(4)) == 4 else b""
    if not message or len(message) < int.from_bytes(size, "little"):
        raise EOFError
    return message
