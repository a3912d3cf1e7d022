"""However a user of the embedded MongoDB ends: the server ends too."""

from __future__ import annotations

import signal
import time
from functools import partial

from scripts.situation_parts.ground import Ground
from scripts.situation_parts.situation import FAILS, WORKS, Outcome, Situation
from tests.nightmares.test_users_end import COMMANDS, SIGNALS, started
from tests.server.running_app import RunningApp, mongods, wait_for

KIND = "end"


def _command(command: str, number: signal.Signals, ground: Ground) -> Outcome:
    process = started(command, ground.folder)
    wait_for(lambda: mongods(ground.data), "the server")
    sent = time.monotonic()
    process.send_signal(number)
    said, _ = process.communicate(timeout=60)
    wanted = -number if number == signal.SIGKILL else 128 + number
    return _gone(ground, sent, process.returncode, said, (wanted,))


def _app(number: signal.Signals, ground: Ground) -> Outcome:
    with RunningApp(folder=ground.folder) as app:
        sent = time.monotonic()
        app.process.send_signal(number)
        # Streamlit's command takes Ctrl-C for a refusal: "Aborted!" and 1, after everything has ended in order.
        wanted = {signal.SIGKILL: (-signal.SIGKILL,), signal.SIGINT: (0, 1)}.get(number, (0, -signal.SIGTERM))
        return _gone(ground, sent, app.process.wait(60), app.console(), wanted)


def _gone(ground: Ground, sent: float, code: int, said: str, wanted: tuple[int, ...]) -> Outcome:
    wait_for(lambda: not mongods(ground.data), "the end of the server", 40)
    seconds = time.monotonic() - sent
    well = seconds < 30 and code in wanted and "Traceback" not in said
    return Outcome(WORKS if well else FAILS, f"code {code}, MongoDB ended with it", seconds)


SITUATIONS = (
    *(Situation(KIND, f"{number.name} to the {command}", WORKS, partial(_command, command, number), 30)
      for command in COMMANDS for number in SIGNALS),
    *(Situation(KIND, f"{number.name} to the app", WORKS, partial(_app, number), 30) for number in SIGNALS),
)
