"""Put into the app's process by its module path: starts heavy work on demand, as a click on the page does.

Listens at the socket that ``BENCH_JOBS`` names; one line is one piece of work, answered with ``done`` when it is over.
"""

from __future__ import annotations

import os
import socket
import threading


def _listen(path: str) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        server.listen()
        while True:
            talk, _ = server.accept()
            with talk, talk.makefile("rw") as lines:
                try:
                    lines.write(f"done {_do(*lines.readline().split())}\n")
                except Exception as error:  # noqa: BLE001 - it is told to the measurement, which raises it
                    lines.write(f"failed {error!r}\n")


def _do(what: str, count: str = "0") -> str:
    from equipment import backups
    from equipment.caller import NOBODY
    from equipment.server import application
    from equipment.settings import get_settings

    settings = get_settings()
    connect = application.connector(settings)
    here = backups.of(settings, connect)
    if what == "backup":
        job = here.create(NOBODY, force=True)
    elif what == "replace":
        job = here.replace(NOBODY, here.sets(NOBODY)[0], ("equipment",))
    else:
        from equipment.aside import imports as imports_aside
        from equipment.store.access import SYSTEM
        from equipment.ui.list_jobs import list_jobs

        rows = [{"Model": f"imported {row}", "Vendor": f"vendor {row % 7}", "Location": f"Lab {row % 24}",
                 "Serial": f"I-{row:07d}"} for row in range(int(count))]

        def work(watch):  # type: ignore[no-untyped-def]
            planned = imports_aside.plan(settings, connect(), rows, ("Serial",), clear_empty=False, watch=watch)
            return imports_aside.run(settings, connect(), SYSTEM, planned, watch=watch)

        job = list_jobs().start("import", "Import", "bench", work)
    job.done.wait()
    if job.error is not None:
        raise job.error
    return str(getattr(job.result, "message", ""))


if os.environ.get("BENCH_JOBS"):
    threading.Thread(target=_listen, args=(os.environ["BENCH_JOBS"],), name="bench-jobs", daemon=True).start()
