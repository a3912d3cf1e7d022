"""The fenced blocks of the documentation, and a checkout of a person's own in which they are typed."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

from tests import ordinary_user
from tests.doc_pages import ROOT, page
from tests.ports import free_port
from tests.server.running_app import wait_for

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.S | re.M)
MADE = re.compile(r"<!-- ([\w ]+) -->\n.*?<!-- /\1 -->", re.S)

LENDING = """#!{python}
# python3 as a person has it; what pip, and pip itself, would bring into an environment is lent to it.
import os, pathlib, subprocess, sys
words = sys.argv[1:]
makes = words[:2] == ["-m", "venv"]
ended = subprocess.run([{python!r}, *words, *(["--without-pip"] if makes else [])]).returncode
if makes:
    folder = pathlib.Path(words[-1]).absolute()
    [packages] = folder.glob("lib/python*/site-packages")
    (packages / "lent.pth").write_text({packages!r})
    for name, module in (("pip", "pip._internal.cli.main"), ("streamlit", "streamlit.web.cli"), ("pytest", "pytest")):
        text = f"#!{{folder}}/bin/python\\nimport sys\\nfrom {{module}} import main\\nsys.exit(main())\\n"
        (folder / "bin" / name).write_text(text)
        (folder / "bin" / name).chmod(0o755)
sys.exit(ended)
"""


@dataclass(frozen=True)
class Block:
    """What stands between two fences of a page."""

    page: str
    language: str
    text: str

    @property
    def first(self) -> str:
        """Its first line, by which it is known."""
        return self.text.splitlines()[0].strip()


def blocks(name: str) -> list[Block]:
    """Blocks of a page in order, without those that are made from the code."""
    return [Block(name, language, text) for language, text in FENCE.findall(MADE.sub("", page(name)))]


def inline(name: str) -> list[str]:
    """Commands in the text of a page that are whole as they stand: a program of the environment, nothing left open."""
    text = FENCE.sub("", MADE.sub("", page(name)))
    return [span for span in re.findall(r"`(\.venv/bin/[^`\n]+)`", text) if not re.search(r"\b[A-Z]{2,}\b|[…|]", span)]


class Checkout:
    """A fresh copy of the program of an ordinary user's, with a shell in it and nothing in the environment."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.folder = place / "checkout"
        self.port = free_port()
        shutil.copytree(ROOT, self.folder, ignore=_left_out, symlinks=True)
        (place / "bin").mkdir()
        # Everything installed where the tests run, wherever that lies.
        packages = "\n".join(dict.fromkeys([sysconfig.get_path("purelib"), *(
            path for path in sys.path if path and any(Path(path).glob("*.dist-info")))]))
        (place / "bin" / "python3").write_text(LENDING.format(python=sys.executable, packages=packages))
        (place / "bin" / "python3").chmod(0o755)
        ordinary_user.hand_over(place)
        self.environment = {
            "HOME": str(place), "PATH": os.pathsep.join([str(place / "bin"), "/usr/local/bin", "/usr/bin", "/bin"]),
            "STREAMLIT_SERVER_PORT": str(self.port),
            # pip finds everything there already, and says so without asking the network.
            "PIP_NO_INDEX": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_BUILD_ISOLATION": "0",
        }

    def run(self, text: str, *, folder: Path | None = None, answer: str = "", **more: str) -> str:
        """Type lines into a shell that stops at the first one that fails; gives what they print.

        ``answer`` is what the person at the terminal types; without it there is no terminal.
        """
        options: dict[str, object] = {"env": {**self.environment, **more}, "stderr": subprocess.STDOUT}
        ends = os.openpty() if answer else None
        if ends:
            os.write(ends[0], answer.encode())
            options["stdin"] = ends[1]
        try:
            done = ordinary_user.run(["/bin/sh", "-euc", text], folder=folder or self.folder,
                                     seconds=300, **options)
        finally:
            for end in ends or ():
                os.close(end)
        assert done.returncode == 0, f"{text}\nended with code {done.returncode}:\n{done.stdout}"
        return str(done.stdout)

    def python(self, text: str) -> str:
        """Run a program with the Python of the environment."""
        (self.folder / "typed.py").write_text(text)
        return self.run(".venv/bin/python typed.py")

    def serve(self, text: str) -> None:
        """Type lines of which the last one runs the app; end it as soon as it answers."""
        with ordinary_user.as_user(["/bin/sh", "-euc", text], folder=self.folder, env=self.environment,
                                   stderr=subprocess.STDOUT, start_new_session=True) as shell:
            asked = f"import urllib.request as u; u.urlopen('http://127.0.0.1:{self.port}/readyz', timeout=5)"

            def answers() -> bool:
                assert shell.poll() is None, shell.communicate()[0]
                return subprocess.run([sys.executable, "-c", asked], capture_output=True, check=False).returncode == 0

            try:
                wait_for(answers, f"an answer after {text}", 90)
            finally:
                os.killpg(shell.pid, 15)
            shell.communicate(timeout=60)


def _left_out(folder: str, names: list[str]) -> set[str]:
    """Whatever git would not give to a person: environments, caches, backups, data."""
    private = {".git", ".venv", ".data", "build", "dist", "secrets.toml", ".lock", ".state"}
    in_day = Path(folder).parent.name == "restore_data_to_db"
    return {name for name in names if name in private or name.endswith(("__pycache__", "_cache", ".egg-info"))
            or (in_day and name != ".gitkeep")}
