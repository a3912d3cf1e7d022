"""The version before and this one, over the same folders."""

from __future__ import annotations

from scripts.situation_parts.ground import Ground
from scripts.situation_parts.judging import short
from scripts.situation_parts.situation import FAILS, WORKS, NotHere, Outcome, Situation

KIND = "upgrade"


def _check(ground: Ground) -> Outcome:
    ended = ground.shell('exec "$PYTHON" scripts/upgrade_check')
    if ended.code == 2:
        raise NotHere(short(ended.said, ground))
    said = ended.said.strip().splitlines()[-1]
    return Outcome(FAILS if ended.code else WORKS, short(said, ground), ended.seconds)


SITUATIONS = (Situation(KIND, "the last release and this one take turns over one data and backup folder", WORKS, _check,
                        600),)
