"""One message to a service that apprise knows: chats, pagers, webhooks. ``apprise`` is loaded by whoever sends."""

from __future__ import annotations

from equipment.messages.kinds import Severity
from equipment.messages.wording import Message, in_one_line

__all__ = ["kind_of", "send"]

TYPES: dict[Severity, str] = {"info": "info", "warning": "warning", "error": "failure"}


def kind_of(url: str) -> str:
    """Name the service without its keys: ``slack``."""
    return url.partition("://")[0].lower()


def send(url: str, message: Message) -> str:
    """Send it; gives why it was not taken, in words that may quote the service, and nothing when it was."""
    from apprise import Apprise, AppriseAsset, LogCapture, NotifyFormat, NotifyType

    asset = AppriseAsset(app_id="Equipment list", app_desc="Equipment list", app_url="", async_mode=False,
                         secure_logging=True)
    service = Apprise.instantiate(url, asset=asset, suppress_exceptions=True)
    if service is None:
        return f"apprise cannot use this {kind_of(url)} address"
    with LogCapture(level=30, fmt="%(message)s") as said:  # its warnings are all that tells why
        taken = Apprise(service, asset=asset).notify(
            body=message.text, title=message.subject, notify_type=NotifyType(TYPES[message.severity]),
            body_format=NotifyFormat.TEXT)
        why = said.getvalue()
    return "" if taken else f"{kind_of(url)} did not take it: {in_one_line(why, 200) or 'it did not say why'}"
