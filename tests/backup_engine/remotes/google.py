"""A stand-in for Google Cloud Storage: what of its XML interface the library uses, answered as Google describes it.

https://cloud.google.com/storage/docs/xml-api/reference-methods (objects and listing), …/reference-headers for
``x-goog-if-generation-match`` and ``x-goog-generation``. No emulator that can be installed here speaks this interface:
the one on PyPI lacks listing, HEAD, DELETE and the entity tag.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

from tests.ports import free_port

BUCKET = "backups"
PAGE = 3
"""Names an answer to a listing has; Google gives a thousand."""


def login(endpoint: str) -> dict[str, str]:
    """The key of a service account that asks that server instead of Google's, and without a token."""
    key = {"gcs_base_url": endpoint, "disable_oauth": True, "client_email": "", "private_key": "", "private_key_id": ""}
    return {"GOOGLE_SERVICE_ACCOUNT_KEY": json.dumps(key)}


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.objects: dict[str, tuple[bytes, int, datetime]] = {}
        self.generation = 0
        self.writing = threading.Lock()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_PUT(self) -> None:
        data = self.rfile.read(int(self.headers["Content-Length"]))
        with self.server.writing:
            wanted = self.headers.get("x-goog-if-generation-match")
            there = self.server.objects.get(self._key)
            if wanted is not None and int(wanted) != (there[1] if there else 0):
                self._refuse(412, "PreconditionFailed")
                return
            self.server.generation += 1
            self.server.objects[self._key] = data, self.server.generation, datetime.now(UTC)
        self._answer(200, b"", self.server.objects[self._key])

    def do_GET(self) -> None:
        if not self._key:
            self._list()
        elif self._key not in self.server.objects:
            self._refuse(404, "NoSuchKey")
        else:
            entry = self.server.objects[self._key]
            asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
            if asked:
                end = min(int(asked[2] or len(entry[0]) - 1), len(entry[0]) - 1)
                part = entry[0][int(asked[1]):end + 1]
                self._answer(206, part, entry, {"Content-Range": f"bytes {asked[1]}-{end}/{len(entry[0])}"})
            else:
                self._answer(200, entry[0], entry)

    do_HEAD = do_GET  # noqa: N815

    def do_DELETE(self) -> None:
        gone = self.server.objects.pop(self._key, None)
        self._answer(204, b"") if gone else self._refuse(404, "NoSuchKey")

    def _list(self) -> None:
        asked = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
        after = asked.get("continuation-token", asked.get("start-after", ""))
        keys = sorted(key for key in self.server.objects if key.startswith(asked.get("prefix", "")) and key > after)
        entries = "".join(self._entry(key) for key in keys[:PAGE])
        more = f"<NextContinuationToken>{escape(keys[PAGE - 1])}</NextContinuationToken>" if len(keys) > PAGE else ""
        self._answer(200, ('<?xml version="1.0" encoding="UTF-8"?><ListBucketResult xmlns="http://doc.s3.amazonaws.com/'
                           f'2006-03-01"><Name>{BUCKET}</Name><IsTruncated>{str(bool(more)).lower()}</IsTruncated>'
                           f"{more}{entries}</ListBucketResult>").encode())

    def _entry(self, key: str) -> str:
        data, generation, at = self.server.objects[key]
        return (f"<Contents><Key>{escape(key)}</Key><Generation>{generation}</Generation><LastModified>"
                f"{at:%Y-%m-%dT%H:%M:%S.%f}Z</LastModified><ETag>\"{hashlib.md5(data).hexdigest()}\"</ETag>"
                f"<Size>{len(data)}</Size></Contents>")

    @property
    def _key(self) -> str:
        return unquote(urlsplit(self.path).path).removeprefix(f"/{BUCKET}").removeprefix("/")

    def _refuse(self, status: int, code: str) -> None:
        self._answer(status, f"<Error><Code>{code}</Code></Error>".encode())

    def _answer(
        self, status: int, body: bytes, entry: tuple[bytes, int, datetime] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        self.send_response(status)
        if entry is not None:
            self.send_header("ETag", f'"{hashlib.md5(entry[0]).hexdigest()}"')
            self.send_header("x-goog-generation", str(entry[1]))
            self.send_header("Last-Modified", format_datetime(entry[2], usegmt=True))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def google() -> Iterator[str]:
    """The server with one bucket; gives its address."""
    port = free_port()
    server = _Server(port)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.shutdown()
        server.server_close()
