"""In front of the app: a port that is taken, and a real nginx with TLS, at the root and below a path."""

from __future__ import annotations

import socket
import time
from functools import partial

from _pytest.outcomes import Skipped

from scripts.situation_parts.ground import Ground
from scripts.situation_parts.judging import short
from scripts.situation_parts.situation import FAILS, SAYS, WORKS, NotHere, Outcome, Situation
from tests.mongod import Mongod
from tests.server.accounts import inhabited
from tests.server.nginx import Nginx
from tests.server.test_nginx import PATH, sign_in

KIND = "front"


def _taken(ground: Ground) -> Outcome:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        ended = ground.shell(f'exec "$PYTHON" -m streamlit run app.py --server.port {port}')
    # Streamlit's own words, before anything of ours runs; the README has the remedy.
    says = ended.code == 1 and ended.said.strip().endswith(f"Port {port} is not available")
    return Outcome(SAYS if says else FAILS, short(ended.said.partition(" Port ")[2] and f"Port {port} is not available",
                                                  ground), ended.seconds)


def _behind(way: str, ground: Ground) -> Outcome:
    try:
        proxy = Nginx(prefix="" if way == "root" else PATH, strip=way == "taken off")
    except Skipped as reason:
        raise NotHere(str(reason)) from None
    options = {"root": {}, "passed on": {"STREAMLIT_SERVER_BASE_URL_PATH": PATH},
               "taken off": {"EQUIPMENT_PUBLIC_URL": proxy.page}}[way]
    server, began = Mongod(), time.monotonic()
    try:
        with proxy, inhabited(server, people=("admin",), **options) as (app, _), proxy.browser() as browser:
            proxy.serve(app.port)
            cookie = sign_in(proxy, browser)
            health = browser.get(proxy.page + "healthz").json()
            seconds = time.monotonic() - began
    finally:
        server.stop()
    path = "/" if way == "root" else PATH
    well = health == {"status": "ok", "code": "OK"} and cookie.secure and cookie.path == path
    said = "signed in, cookie marked Secure for that path, /healthz" if well else f"{health}, {cookie.path}"
    return Outcome(WORKS if well else FAILS, short(said, ground), seconds)


SITUATIONS = (
    Situation(KIND, "a port that is taken", SAYS, _taken, 10),
    *(Situation(KIND, f"behind nginx with TLS, {where}", WORKS, partial(_behind, way)) for way, where in (
        ("root", "at the root"), ("passed on", "below a path that it passes on"),
        ("taken off", "below a path that it takes off"))),
)
