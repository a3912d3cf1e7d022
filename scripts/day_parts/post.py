"""The channels of a day: what arrives stands in a list; one may refuse, hang, or take nothing for a while."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Final
from unittest.mock import patch

from equipment.messages import messenger
from equipment.messages.channels import Channel
from equipment.messages.choices import Choices
from equipment.messages.wording import Message, Sender
from equipment.settings import Settings

__all__ = ["NAMES", "Post"]

NAMES: Final = ("mail", "chat")
END = "Sent by the equipment list"


class Post:
    """Who is told: a mail server and a chat."""

    def __init__(self) -> None:
        self.arrived: list[tuple[str, Message]] = []
        self.refuses: dict[str, str] = {}
        """Why a channel takes nothing now."""
        self._hanging = threading.Event()

    def hang(self) -> None:
        """Let the mail server answer nothing any more to whoever has connected."""
        self._hanging.clear()
        self.refuses["mail"] = ""

    def well(self) -> None:
        """Everything takes messages again."""
        self.refuses.clear()
        self._hanging.set()

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Let the messenger use these channels."""
        with ExitStack() as patches:
            patches.callback(self.well)
            patches.enter_context(patch.object(messenger, "channels", self._channels))
            patches.enter_context(patch.object(messenger, "sender_of", lambda _: Sender("lab")))
            yield

    def _channels(self, _settings: Settings, choices: Choices) -> Mapping[str, Channel]:
        return {name: Channel(name, name, choices.least_of(name), self._sender(name)) for name in NAMES}

    def _sender(self, name: str) -> Callable[[Message], str]:
        def send(message: Message) -> str:
            problem = self.refuses.get(name)
            if problem == "":
                self._hanging.wait()
                return "the connection was closed"
            if problem is None:
                self.arrived.append((name, message))
            return problem or ""

        return send


def said(message: Message) -> list[str]:
    """The lines of a message, without its end."""
    lines = message.text.split("\n\n")[0].splitlines()
    return [line for line in lines if not line.startswith(END)]
