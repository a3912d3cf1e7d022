"""How cron and systemd read what is written for them."""

from __future__ import annotations

import re

ODD = "sp ace 50%d 'quoted' \"twice\" $HOME `x` \\n ü & ;"
"""A name that a folder may have and that is hard on quoting."""


def as_cron_runs_it(crontab: str) -> list[str]:
    """What cron does with a crontab: comments, settings, then five fields and the command up to the first % without a
    backslash, which the shell that is set runs."""
    comment, shell, line = crontab.splitlines()
    assert comment.startswith("# ") and shell == "SHELL=/bin/sh"
    command = line.split(None, 5)[5]
    assert not re.search(r"(?<!\\)%", command)
    return ["/bin/sh", "-c", command.replace("\\%", "%")]


def as_systemd_runs_it(service: str) -> list[str]:
    """The words of the command of a service."""
    return systemd_words(dict(re.findall(r"^(\w+)=(.*)$", service, re.M))["ExecStart"])


def systemd_words(value: str) -> list[str]:
    """Take a command line of systemd's apart as systemd.service(5) and systemd.unit(5) say."""
    words = re.findall(r'"(?:[^"\\]|\\.)*"|\S+', value.removeprefix(":"))
    plain = [word[1:-1] if word.startswith('"') else word for word in words]
    return [re.sub(r"\\(.)", r"\1", word).replace("%%", "%") for word in plain]
