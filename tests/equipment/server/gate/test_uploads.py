"""Whether an upload is read is decided before its first byte."""

from __future__ import annotations

from typing import Any

import anyio
import pytest
from streamlit import config

from equipment.domain.roles import Role
from equipment.server.gate import uploads
from equipment.server.gate.uploads import GuardedUploads
from equipment.store.access import Account

LARGEST = config.get_option("server.maxUploadSize") * 1024 * 1024
PATIENCE = 30


class Known:
    """Stands for ``Visitors``."""

    def __init__(self, role: Role | None, *, must_change: bool = False) -> None:
        self.role, self.must_change = role, must_change

    async def account(self, _connection: Any) -> Account | None:
        role = self.role
        return role and Account("ada", "Ada", role, must_change_password=self.must_change, local=True)


class Gate:
    """The gate before an app that says how many uploads are with it, and holds them until ``go``."""

    def __init__(self, known: Known) -> None:
        self.gate: Any = GuardedUploads(self._app, known)  # type: ignore[arg-type]
        self.inside = 0
        self.go = anyio.Event()

    async def _app(self, _scope: Any, _receive: Any, send: Any) -> None:
        self.inside += 1
        await self.go.wait()
        self.inside -= 1
        await send({"type": "http.response.start", "status": 204})

    async def put(self, size: str | int | None, answers: list[int], path: str = "/lab/_stcore/upload_file/s/f",
                  method: str = "PUT") -> None:
        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                answers.append(message["status"])

        async def receive() -> Any:
            raise AssertionError("nothing is read before it is decided")

        headers = [] if size is None else [(b"content-length", str(size).encode())]
        with anyio.fail_after(PATIENCE):  # one that is let in although it should not be waits for ``go``
            await self.gate({"type": "http", "method": method, "path": path, "headers": headers}, receive, send)


def answer(known: Known, size: str | int | None = 10, **request: str) -> int:
    async def put() -> int:
        gate = Gate(known)
        gate.go.set()
        answers: list[int] = []
        await gate.put(size, answers, **request)
        return answers[0]

    return anyio.run(put)


def test_only_whoever_may_import_or_restore_may_send_a_file() -> None:
    roles: list[Role | None] = [None, "user", "technician", "manager", "admin"]
    assert [answer(Known(role)) for role in roles] == [403, 403, 204, 204, 204]
    assert answer(Known("admin", must_change=True)) == 403


def test_what_is_no_upload_passes() -> None:
    assert answer(Known(None), path="/healthz") == 204
    assert answer(Known(None), method="GET") == 204
    assert answer(Known(None), method="DELETE") == 204


@pytest.mark.parametrize(("size", "status"), [
    (None, 411), ("", 411), ("-1", 411), ("1e3", 411), ("9" * 30, 411), (str(LARGEST + 2 * 1024 * 1024), 413),
    (LARGEST, 204), (0, 204),
])
def test_its_size_is_said_and_bounded(size: str | int | None, status: int) -> None:
    assert answer(Known("technician"), size) == status


def test_an_account_sends_four_at_once_and_all_together_so_many_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "_lying", lambda: LARGEST)

    async def several() -> None:
        gate, answers = Gate(Known("technician")), list[int]()
        async with anyio.create_task_group() as tasks:
            for _ in range(3):
                tasks.start_soon(gate.put, LARGEST, answers)
            await anyio.wait_all_tasks_blocked()
            assert gate.inside == 3 and answers == []
            await gate.put(LARGEST + 1, answers)
            assert answers == [503], "with what lies there it would be one too many"
            tasks.start_soon(gate.put, 1, answers)
            await anyio.wait_all_tasks_blocked()
            await gate.put(1, answers)
            assert answers == [503, 429]
            gate.go.set()
        assert sorted(answers) == [204, 204, 204, 204, 429, 503]
        await gate.put(1, answers)
        assert answers[-1] == 204 and not gate.gate._coming, "what has arrived is on its way no more"

    anyio.run(several)
