"""Identity files and pasted keys: what is understood, what is refused, and that ``age`` understands them as well."""

from __future__ import annotations

import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from backup_engine.csv_format import age
from backup_engine.csv_format.seal import Seal
from backup_engine.errors import BadInput, KeyNeeded, WrongKey
from backup_engine.keys.identity import Keys, fingerprint, identity_text, keys_in, read_file, wrapped, write_private
from tests.programs import program

SECRET = age.new_identity()
PUBLIC = age.public_half(SECRET)
TEXT = identity_text(SECRET, datetime(2026, 3, 29, tzinfo=UTC))
WRAPPED = wrapped(TEXT, "correct horse")


@pytest.mark.parametrize("text", [
    SECRET, TEXT, f"  {SECRET.lower()}  \n", TEXT.replace("\n", "\r\n"), f"two\n{SECRET}\n{SECRET}",
], ids=["bare", "file", "small letters", "from Windows", "twice"])
def test_an_identity_is_understood_however_it_was_copied(text: str) -> None:
    assert keys_in(text) == Keys((SECRET,))


@pytest.mark.parametrize(("text", "error", "words"), [
    (SECRET[:-1] + ("A" if SECRET[-1] != "A" else "C"), WrongKey, "not an age secret key"),
    (PUBLIC, WrongKey, "a public key, which encrypts and opens nothing"), ("", BadInput, "holds no key"),
    (WRAPPED, KeyNeeded, "under a passphrase"),
    (WRAPPED.replace("\n", "!\n", 3), WrongKey, "Wrong key"),
], ids=["typing error", "public", "nothing", "no passphrase", "torn"])
def test_what_is_no_identity_says_what_it_is(text: str, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words) as caught:
        keys_in(text, ask=None if error is KeyNeeded else lambda: "correct horse")

    assert text == "" or text not in str(caught.value)


def test_a_passphrase_wraps_an_identity() -> None:
    asked = []

    assert keys_in(WRAPPED, ask=lambda: asked.append(1) or "correct horse") == Keys((SECRET,))
    assert asked == [1]
    with pytest.raises(WrongKey):
        keys_in(WRAPPED, ask=lambda: "wrong horse")
    assert SECRET not in WRAPPED


def test_any_other_text_is_the_passphrase_of_an_old_backup() -> None:
    keys = keys_in("correct horse battery\n")

    assert keys == Keys(phrases=("correct horse battery",))
    assert "horse" not in repr(keys) and "horse" not in repr(Seal().with_keys(phrases=keys.phrases))


def test_the_file_is_its_owners_alone_and_never_overwritten(tmp_path: Path) -> None:
    before, path = os.umask(0), tmp_path / "key.txt"
    try:
        write_private(path, TEXT)
    finally:
        os.umask(before)

    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(BadInput, match="not overwritten"):
        write_private(path, "other")
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(BadInput, match="not overwritten"):
        write_private(tmp_path / "link", "other")
    with pytest.raises(BadInput, match="no folder"):
        write_private(tmp_path / "gone" / "key.txt", TEXT)
    assert read_file(path) == Keys((SECRET,))
    assert not (tmp_path / "elsewhere").exists()


def test_a_file_that_is_none_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "words").write_text("correct horse")
    for name, words in (("pipe", "no file"), ("words", "holds no identity"), ("gone", "cannot be read")):
        with pytest.raises(BadInput, match=words):
            read_file(tmp_path / name)


def test_age_opens_with_either_kind_of_file(tmp_path: Path) -> None:
    """The wrapped one asks on the terminal, so it runs under one."""
    for name, text in (("plain.txt", TEXT), ("wrapped.txt", WRAPPED)):
        write_private(tmp_path / name, text)
    sink = (tmp_path / "x.age").open("wb")
    with sink:
        out = Seal(recipients=(PUBLIC,)).wrap(sink)
        out.write(b"planted")
        out.close()

    plain = subprocess.run([program("age"), "-d", "-i", "plain.txt", "x.age"], cwd=tmp_path, capture_output=True,
                           check=True)
    typed = under_terminal(f"{program('age')} -d -i wrapped.txt -o out x.age", "correct horse", tmp_path)

    assert plain.stdout == b"planted"
    assert (tmp_path / "out").read_bytes() == b"planted", typed


def under_terminal(command: str, line: str, folder: Path) -> str:
    """Run a command with a terminal of its own and type a line when it asks."""
    import pty

    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(folder)
        os.execv("/bin/sh", ["sh", "-c", command])
    said = b""
    try:
        while b"assphrase" not in said:
            said += os.read(terminal, 1024)
        os.write(terminal, f"{line}\n".encode())
        while chunk := os.read(terminal, 1024):
            said += chunk
    except OSError:  # the terminal is gone with its program
        pass
    os.waitpid(pid, 0)
    return said.decode()


def test_a_fingerprint_tells_keys_apart() -> None:
    assert fingerprint(PUBLIC) == fingerprint(PUBLIC) != fingerprint(age.public_half(age.new_identity()))
    assert len(fingerprint(PUBLIC)) == 19


def test_a_secret_key_in_the_place_of_a_public_one_is_not_repeated() -> None:
    with pytest.raises(BadInput, match="That is a secret key") as caught:
        age.recipient(SECRET)

    assert SECRET not in str(caught.value)
