"""A visitor without a browser: speaks the page's web socket as Streamlit's own front end does.

    with PageClient(app.url, cookie=cookie) as page:
        page.run()
        page.fill("Name", "Ada").fill("Password", "…").press("Sign in")
        assert "User Management" in page.text()

It also does what a front end would not: foreign origins, forged widget states.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from ssl import SSLContext
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.sync.client import connect

from tests.server.running_app import cookie_header

SECONDS = 60


class PageClient:
    """One tab. ``text()`` is everything on the page as text; ``errands`` what the page asked the browser to post.

    ``heard`` are the messages of the last run, each its kind and its bytes; those that draw something are ``delta``.
    """

    def __init__(self, url: str, *, cookie: str = "", headers: dict[str, str] | None = None,
                 trust: SSLContext | None = None, address: str = "") -> None:
        """``address`` is one of this machine's that the visitor comes from, such as 127.0.0.2."""
        own = {"Origin": "{0.scheme}://{0.netloc}".format(urlsplit(url))}
        if cookie:
            own["Cookie"] = cookie_header(url, cookie)
        self._open = ExitStack()
        self._socket = self._open.enter_context(connect(
            url.replace("http", "ws", 1) + "/_stcore/stream", additional_headers={**own, **(headers or {})},
            subprotocols=["streamlit"], max_size=None, open_timeout=SECONDS,  # type: ignore[list-item]
            ssl=trust, **({"source_address": (address, 0)} if address else {}),
        ))
        self._shown: dict[tuple[int, ...], Any] = {}
        self._states: dict[str, WidgetState] = {}
        self.heard: list[tuple[str, int]] = []

    def __enter__(self) -> PageClient:
        return self

    def __exit__(self, _kind: type[BaseException] | None, _value: BaseException | None,
                 _trace: TracebackType | None) -> None:
        self._open.close()

    def run(self, query: str = "", extra: list[WidgetState] | None = None, part: str = "") -> PageClient:
        """Run the script once with what was filled in; further runs it asks for itself are waited for.

        ``part`` is the id of the fragment that a click was in: only that runs.
        """
        message = BackMsg()
        message.rerun_script.query_string = query
        message.rerun_script.fragment_id = part
        message.rerun_script.widget_states.widgets.extend([*self._states.values(), *(extra or [])])
        self._socket.send(message.SerializeToString())
        self._states = {key: state for key, state in self._states.items() if not state.HasField("trigger_value")}
        self.heard = []
        if not part:
            self._shown = {}
        while not self._finished():
            pass
        return self

    def click(self, kind: str, label: str, state: Callable[[WidgetState], object]) -> PageClient:
        """Set the state of a widget and run as the front end would: alone the fragment it is in, if it is in one."""
        widget, part = next((_widget(delta), delta.fragment_id) for delta in self._shown.values()
                            if _kind(delta) == kind and _widget(delta).label == label)
        self._states[widget.id] = WidgetState(id=widget.id)
        state(self._states[widget.id])
        return self.run(part=part)

    def _finished(self) -> bool:
        message, received = ForwardMsg(), self._socket.recv(timeout=SECONDS)
        message.ParseFromString(received)  # type: ignore[arg-type]
        kind = str(message.WhichOneof("type"))
        self.heard.append((kind, len(received)))
        if kind == "new_session" and not message.metadata.run.fragment_ids:
            self._shown = {}
        elif kind == "delta":
            self._shown[tuple(message.metadata.delta_path)] = message.delta
        return kind == "script_finished" and message.script_finished in (
            ForwardMsg.FINISHED_SUCCESSFULLY, ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY)

    def elements(self, kind: str) -> list[Any]:
        """Give the page's elements of that kind, such as ``text_input``."""
        elements = [delta.new_element for delta in self._shown.values() if delta.WhichOneof("type") == "new_element"]
        return [getattr(element, kind) for element in elements if element.WhichOneof("type") == kind]

    def text(self) -> str:
        """Give everything on the page."""
        return "\n".join(str(delta) for delta in self._shown.values())

    def fill(self, label: str, value: str) -> PageClient:
        """Type into a field."""
        field = next(field for field in self.elements("text_input") if field.label == label)
        self._states[field.id] = WidgetState(id=field.id, string_value=value)
        return self

    def press(self, label: str, query: str = "") -> PageClient:
        """Press a button and run."""
        button = next(button for button in self.elements("button") if button.label == label)
        self._states[button.id] = WidgetState(id=button.id, trigger_value=True)
        return self.run(query)

    def choose(self, menu: str, option: str) -> PageClient:
        """Choose from a menu button and run."""
        button = next(button for button in self.elements("menu_button") if button.label == menu)
        shown = next(label for label in button.options if label.endswith(option))
        state = WidgetState(id=button.id)
        state.string_trigger_value.data = shown
        return self.run(extra=[state])

    def upload_path(self, name: str) -> str:
        """Ask where a file of that name is to be put, as the page does before an upload."""
        question = BackMsg()
        question.file_urls_request.request_id = name
        question.file_urls_request.file_names.append(name)
        self._socket.send(question.SerializeToString())
        answer = ForwardMsg()
        while answer.WhichOneof("type") != "file_urls_response":
            answer.ParseFromString(self._socket.recv(timeout=SECONDS))  # type: ignore[arg-type]
        return str(answer.file_urls_response.file_urls[0].upload_url)

    def has_field(self, label: str) -> bool:
        """Tell whether a field of that label is on the page."""
        return any(field.label == label for field in self.elements("text_input"))

    @property
    def errands(self) -> list[str]:
        """Give what the page hands to the browser for a route of ours, as JSON text."""
        components = self.elements("bidi_component")
        return [component.json for component in components if component.component_name == "equipment_errand"]


def _kind(delta: Any) -> str:
    """Name what a delta draws: an element, or a block such as ``popover``."""
    if delta.WhichOneof("type") == "new_element":
        return str(delta.new_element.WhichOneof("type"))
    return str(delta.add_block.WhichOneof("type"))


def _widget(delta: Any) -> Any:
    drawn = delta.new_element if delta.WhichOneof("type") == "new_element" else delta.add_block
    return getattr(drawn, str(drawn.WhichOneof("type")))
