"""A stranger at the first page of a running server: without the set-up code nothing is opened, run or shown."""

from __future__ import annotations

import socket
import uuid
from collections.abc import Iterator
from contextlib import closing

import pytest
from streamlit.proto.WidgetStates_pb2 import WidgetState

from tests.mongod import Mongod
from tests.server.page_client import PageClient
from tests.server.running_app import RunningApp, wait_for


@pytest.fixture(scope="module")
def app(shared_mongod: Mongod) -> Iterator[RunningApp]:
    name = f"test_{uuid.uuid4().hex[:12]}"
    with shared_mongod.client() as client:
        with RunningApp(MONGODB_URI=shared_mongod.uri, MONGODB_DATABASE=name, SFTP_PASSWORD="x") as running:
            yield running
        client.drop_database(name)


def choose_recovery(page: PageClient) -> WidgetState:
    """The state of the page whose second way is chosen."""
    (ways,) = page.elements("button_group")
    state = WidgetState(id=ways.id)
    state.string_array_value.data.append("Recover from a backup")
    return state


def place(page: PageClient, url: str) -> list[WidgetState]:
    """The states that the front end sends when that address is looked at."""
    address = next(each.id for each in page.elements("text_input") if each.label == "Where the backups lie")
    button = next(each.id for each in page.elements("button") if each.label == "Look")
    return [WidgetState(id=address, string_value=url), WidgetState(id=button, trigger_value=True)]


def called(listener: socket.socket) -> bool:
    """Whether anybody has connected."""
    listener.settimeout(0.2)
    try:
        listener.accept()[0].close()
    except TimeoutError:
        return False
    return True


def told(page: PageClient) -> bool:
    """Whether the page speaks of the look: that it goes on, or what came of that address."""
    return "Look for backups" in page.text() or any(r"127\.0\.0\.1" in each.body for each in page.elements("alert"))


def test_forged_states_open_nothing_and_see_nothing(app: RunningApp) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as listener, PageClient(app.url) as owner:
        url = f"sftp://ada@127.0.0.1:{listener.getsockname()[1]}/backups"
        owner.run()
        way = choose_recovery(owner)
        owner.run(extra=[way]).fill("Set-up code", app.setup_code())
        code = next(each.id for each in owner.elements("text_input") if each.label == "Set-up code")
        forward = next(each.id for each in owner.elements("button") if each.label == "Continue")
        owner.run(extra=[way, WidgetState(id=forward, trigger_value=True)])
        forged = [way, *place(owner, url)]

        with PageClient(app.url) as stranger:
            for states in (forged, [*forged, WidgetState(id=code, string_value="AAAA-AAAA-AAAA"),
                                    WidgetState(id=forward, trigger_value=True)],
                           [*forged, WidgetState(id="_equipment_setup_pass", string_value=app.setup_code())]):
                stranger.run().run(extra=states)
                assert "Where the backups lie" not in stranger.text()
            assert not called(listener)

            # with the code the very same states do connect, and the stranger is not told of it
            owner.run(extra=forged)
            wait_for(lambda: called(listener), "a connection")
            wait_for(lambda: told(owner.run(extra=[way])), "what came of it")
            stranger.run(extra=[way])
            assert not told(stranger) and "Look" not in stranger.text()
