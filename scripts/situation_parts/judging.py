"""Outcomes out of what was seen."""

from __future__ import annotations

import re
import time
from pathlib import Path

from scripts.situation_parts.ground import ROOT, Ended, Ground
from scripts.situation_parts.situation import FAILS, SAYS, WORKS, Outcome
from tests.server.page_client import PageClient
from tests.server.running_app import RunningApp, wait_for

__all__ = ["judged", "page_drawn", "short"]

ADVICE = re.compile(r"\b(Set|Run|Start|Correct|Choose|Make|Mount|Free|Add|Take|Name|Wait|End|Is|Check|See|Install|Give|"
                    r"Split|Leave|sudo|Percent-encode|move)\b")
"""A message that says what to do has one of these words at the beginning of a sentence or a command."""
LONGEST = 330


def judged(ended: Ended, ground: Ground) -> Outcome:
    """Judge a command: it works, or it ends with words and advice and without a traceback."""
    lines = [line.strip() for line in ended.said.splitlines() if line.strip()]
    broken = "Traceback" in ended.said or "unexpected fault" in ended.said or "killed: " in ended.said
    if ended.code == 0 and not broken:
        notes = [line.partition(": ")[2] for line in lines if "Note: " in line or " WARNING " in line]
        said = notes[:1] or [line for line in lines if line.startswith("Backup created")] or lines[-1:]
        return Outcome(WORKS, short(" ".join(said), ground), ended.seconds)
    failed = [line for line in lines if line.startswith("FAIL")] or lines[-2:]
    advises = any(ADVICE.search(line) for line in failed)
    said = ". ".join(line.rstrip(".") for line in failed) + "."
    return Outcome(SAYS if advises and not broken else FAILS, short(said, ground), ended.seconds)


def page_drawn(
    ground: Ground, *, root: Path = ROOT, before: tuple[str, ...] = (), expect: str = "Create the administrator",
    **environment: str,
) -> Outcome:
    """Start the app, draw its page for a first visitor, and end it in order; the seconds are those of the start."""
    began = time.monotonic()
    with RunningApp(folder=ground.folder, root=root, before=before, **environment) as app:
        wait_for(lambda: app.get("/readyz")[0] == 200, "the database", 90)
        seconds = time.monotonic() - began
        with PageClient(app.url) as page:
            drawn = page.run().text()
        code = app.end()
        console = app.console()
    wrong = [what for what, is_so in (
        (f"the page has no {expect}", expect not in drawn), (f"it ended with {code}", code not in (0, -15)),
        ("a traceback", "Traceback" in console)) if is_so]
    warnings = [line.partition(": ")[2] for line in console.splitlines() if " WARNING " in line]
    said = "; ".join(wrong or warnings or ["the page is drawn"])
    return Outcome(FAILS if wrong else WORKS, short(said, ground), seconds)


def short(text: str, ground: Ground) -> str:
    """Give a message for the table: in one line, and without this machine's paths."""
    for place, name in ((str(ground.folder), "FOLDER"), (str(ROOT), "CHECKOUT")):
        text = text.replace(place, name)
    text = " ".join(re.sub(r"^(FAIL +Database: |Error: )", "", text).split())
    text = re.sub(r"/tmp/[\w./-]+", "/tmp/…", re.sub(r"(.)\1{30,}", r"\1…", text))
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
