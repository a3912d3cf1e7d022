"""A real nginx in front of a running app, with the lines of ``deploy/nginx.conf`` and a certificate of its own.

    with Nginx(prefix="/lab", strip=True) as proxy, RunningApp(EQUIPMENT_PUBLIC_URL=proxy.page) as app:
        proxy.serve(app.port)
        proxy.browser().get(proxy.page + "healthz")
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import ssl
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path
from types import TracebackType

import httpx
import pytest

from tests.ports import free_port
from tests.server.page_client import PageClient
from tests.server.running_app import ROOT, wait_for

PATH = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])
"""Debian keeps it where only root looks."""
SITE = ROOT / "deploy" / "nginx.conf"
AROUND = """
daemon off;
pid {folder}/pid;
error_log stderr;
{user}
events {{ }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/site.conf;
}}
"""


class Nginx:
    """One nginx. ``origin`` is what a browser calls it, ``page`` the address of the page, ``plain`` the port of HTTP.

    Skips the test where there is no nginx.
    """

    def __init__(self, *, prefix: str = "", strip: bool = False) -> None:
        if not shutil.which("nginx", path=PATH) or not shutil.which("openssl"):
            pytest.skip("no nginx here, or no openssl: apt-get install nginx-light openssl")
        self.prefix, self.strip = prefix, strip
        self.port, self.plain = free_port(), free_port()
        self.origin = f"https://127.0.0.1:{self.port}"
        self.page = f"{self.origin}{prefix}/"
        self.folder = Path(tempfile.mkdtemp(prefix="equipment-nginx-"))
        certificate(self.folder)
        self.trust = ssl.create_default_context(cafile=str(self.folder / "equipment.pem"))
        self._process: subprocess.Popen[bytes] | None = None

    def serve(self, app_port: int) -> None:
        """Start in front of the app at this port."""
        user = "user root;" if os.geteuid() == 0 else ""  # its workers must reach the temporary folder
        (self.folder / "site.conf").write_text(self._site(app_port))
        (self.folder / "nginx.conf").write_text(AROUND.format(folder=self.folder, user=user))
        command = [str(shutil.which("nginx", path=PATH)), "-p", str(self.folder), "-c", str(self.folder / "nginx.conf")]
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        wait_for(self._listens, "nginx")

    def _site(self, app_port: int) -> str:
        text = SITE.read_text("utf-8")
        if self.prefix:
            text = _uncomment(text.replace("/lab", self.prefix), strip=self.strip)
        for line, ours in (
            ("server 127.0.0.1:8501;", f"server 127.0.0.1:{app_port};"),
            ("listen 80;", f"listen 127.0.0.1:{self.plain};"), ("listen [::]:80;", ""),
            ("listen 443 ssl;", f"listen 127.0.0.1:{self.port} ssl;"), ("listen [::]:443 ssl;", ""),
            ("/etc/ssl/certs/", f"{self.folder}/"), ("/etc/ssl/private/", f"{self.folder}/"),
        ):
            assert text.count(line) == 1, line
            text = text.replace(line, ours)
        return text

    def _listens(self) -> bool:
        assert self._process is not None and self._process.poll() is None, "nginx did not start: see above"
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
            return True
        return False

    def browser(self) -> httpx.Client:
        """Give what keeps cookies as a browser does, by path and by ``Secure``, and trusts the certificate."""
        return httpx.Client(verify=self.trust, headers={"Origin": self.origin}, timeout=60)

    def tab(self, browser: httpx.Client) -> PageClient:
        """Open the page with the cookies that this browser would send there."""
        sent = browser.build_request("GET", self.page + "_stcore/stream").headers.get("cookie", "")
        headers = {"Origin": self.origin} | ({"Cookie": sent} if sent else {})
        return PageClient(self.page.rstrip("/"), headers=headers, trust=self.trust)

    def __enter__(self) -> Nginx:
        return self

    def __exit__(self, _kind: type[BaseException] | None, _value: BaseException | None,
                 _trace: TracebackType | None) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(20)
        shutil.rmtree(self.folder, ignore_errors=True)



def _uncomment(text: str, *, strip: bool) -> str:
    """Take the location at the root away and one of the others in."""
    text, gone = re.subn(r"^ {4}location / \{.*?^ {4}\}\n", "", text, flags=re.S | re.M)
    wanted = "http://equipment/;" if strip else "http://equipment;"
    blocks = [block for block in re.findall(r"(?:^ {4}#.*\n)+", text, re.M) if f"proxy_pass {wanted}" in block]
    assert gone == len(blocks) == 1
    lines = blocks[0].splitlines(keepends=True)
    code = [line if re.match(r" {4}# \S", line) else line.replace("#", "", 1) for line in lines]  # words stay words
    return text.replace(blocks[0], "".join(code))


def certificate(folder: Path) -> None:
    """Write equipment.pem and equipment.key, which nobody has signed, into a folder."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-addext", "keyUsage=digitalSignature",
         "-keyout", str(folder / "equipment.key"), "-out", str(folder / "equipment.pem")],
        check=True, capture_output=True, stdin=subprocess.DEVNULL,
    )
