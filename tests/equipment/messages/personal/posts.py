"""The post of a test: what it would send is kept, and nothing is done before ``tick``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from equipment.messages.personal import letters, post
from equipment.messages.personal.post import Letter, Post
from equipment.messages.wording import Message
from equipment.settings import Settings

ADDRESS = "https://example.org/lab"
SETTINGS = Settings(smtp_url="smtp://127.0.0.1:1?starttls=off", mail_from="lab@example.org", public_url=ADDRESS)


class Kept(Post):
    """Sends nothing; ``problem`` is why not, to be tried again."""

    def __init__(self, address: str = ADDRESS) -> None:
        super().__init__(SETTINGS, address=address, clock=lambda: self.seconds)
        self._send = self._keep
        self.seconds = 0.0
        self.standing_by = False
        self._silent = lambda: self.standing_by
        self.sent: list[Letter] = []
        self.problem = ""

    def _keep(self, to: Sequence[str], message: Message) -> str:
        if not self.problem:
            self.sent.append(Letter(to[0], message))
        return self.problem

    @property
    def secrets(self) -> list[str]:
        """What stands in the links that were sent."""
        return [match[1] for letter in self.sent
                if (match := re.search(rf"#{letters.FRAGMENT}(\S+)", letter.message.text))]


@contextmanager
def kept(address: str = ADDRESS) -> Iterator[Kept]:
    """Let it be the post of this process."""
    here = Kept(address)
    post._running.append(here)
    try:
        yield here
    finally:
        post._running.remove(here)
