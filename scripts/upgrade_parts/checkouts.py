"""The two checkouts as folders of their own: an earlier commit, and the files as they lie here now.

Both are copies without ``.data``, backups and ``.streamlit/secrets.toml``, so that no installation is ever touched; and
``git archive`` leaves no trace in ``.git``, which a worktree would after a kill.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

__all__ = ["NoHistory", "earlier", "full_name", "present"]

PARTS = "scripts/upgrade_parts"


class NoHistory(Exception):
    """The earlier commit cannot be had; the message says why and what to do."""


def full_name(root: Path, commit: str) -> str:
    """Give the full hash of a commit. Raises ``NoHistory``."""
    if _git(root, "rev-parse", "--git-dir").returncode != 0:
        raise NoHistory(f"{root} is not a git checkout, so there is no earlier commit: run this in a clone.")
    named = _git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", commit + "^{commit}")
    if named.returncode == 0:
        return named.stdout.decode().strip()
    if _git(root, "rev-parse", "--is-shallow-repository").stdout.strip() == b"true":
        raise NoHistory(f"Commit {commit} is not here, because this clone is shallow: run git fetch --unshallow.")
    raise NoHistory(f"There is no commit {commit} here: run git fetch, or name another one.")


def earlier(root: Path, commit: str, folder: Path) -> None:
    """Write the files of that commit to ``folder``, with the present parts of this check. Raises ``NoHistory``."""
    archive = folder.with_suffix(".zip")
    done = _git(root, "archive", "--format=zip", f"--output={archive}", commit)
    if done.returncode != 0:
        raise NoHistory(f"git cannot give the files of {commit}: {done.stderr.decode().strip()}")
    shutil.unpack_archive(archive, folder)
    archive.unlink()
    shutil.rmtree(folder / PARTS, ignore_errors=True)
    shutil.copytree(root / PARTS, folder / PARTS, ignore=shutil.ignore_patterns("__pycache__"))


def present(root: Path, folder: Path) -> None:
    """Copy the files as they are now, committed or not, without what git ignores."""
    listed = _git(root, "ls-files", "-z", "--cached", "--others", "--exclude-standard").stdout
    for name in filter(None, listed.decode().split("\0")):
        if (root / name).is_file():  # git still lists what was only just deleted
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(root / name, folder / name)


def _git(root: Path, *words: str) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(["git", "-C", str(root), *words], capture_output=True, check=False)
    except FileNotFoundError:
        raise NoHistory("git is not installed here: the earlier commit comes out of it.") from None
