"""The address at which Amazon hands out the rights of a machine: version 2 of its metadata service, with a token.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-metadata-security-credentials.html
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.backup_engine.remotes.servers import KEY, SECRET
from tests.ports import free_port

TOKEN = "of-this-machine"
ROLES = "/latest/meta-data/iam/security-credentials"


@dataclass
class Role:
    """The service: where it is, and what it was asked."""

    address: str
    asked: list[str] = field(default_factory=list)


@contextmanager
def machine_role() -> Iterator[Role]:
    """Hand out the login of the S3 server here."""
    role = Role(f"http://127.0.0.1:{free_port()}")

    class Handler(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            self._answer(TOKEN if self.path == "/latest/api/token" else "")

        def do_GET(self) -> None:
            login = {"Code": "Success", "AccessKeyId": KEY, "SecretAccessKey": SECRET, "Token": "",
                     "Expiration": "2100-01-01T00:00:00Z"}
            known = self.headers.get("X-aws-ec2-metadata-token") == TOKEN
            self._answer({f"{ROLES}/": "lab", f"{ROLES}/lab": json.dumps(login)}.get(self.path, "") if known else "")

        def _answer(self, text: str) -> None:
            role.asked.append(self.path)
            self.send_response(200 if text else 403)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", int(role.address.rpartition(":")[2])), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield role
    finally:
        server.shutdown()
        server.server_close()
