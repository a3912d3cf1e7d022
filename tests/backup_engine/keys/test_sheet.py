"""What stands on the recovery sheet: commands that can be typed, and no secret but the key."""

from __future__ import annotations

import re
import shlex
from datetime import UTC, datetime

from backup_engine.csv_format import age
from backup_engine.keys.identity import fingerprint
from backup_engine.keys.sheet import Sheet, commands_on, page
from backup_engine.remotes.address import parse

NOW = datetime(2026, 3, 31, tzinfo=UTC)
KEY = f"SHA256:{'A+/' * 14}x"
REMOTES = {
    "cloud": parse("s3://lab/a/b?endpoint=https://s3.example.org&region=eu-west-1&keep_days=30&hours=20-6"),
    "ssh": parse("sftp://lab@host:2222/srv/it's here"), "role": parse("s3://lab/x?credentials=instance-role"),
    "private": parse("az://lab/x?credentials=file:/etc/az.toml"), "disk": parse("file:///mnt/a disk"),
}


def made(**about: object) -> tuple[str, list[list[str]]]:
    """The sheet, and its commands as a shell splits them."""
    secret = age.new_identity()
    text = page(Sheet(age.public_half(secret), secret, NOW, version="9.9", **about))  # type: ignore[arg-type]
    assert fingerprint(age.public_half(secret)) in text and "version 9.9" in text
    return text, [shlex.split(command) for command in commands_on(text)]


def test_one_command_for_each_place_whose_address_comes_through_a_shell() -> None:
    text, commands = made(remotes={name: address.to_read(KEY) for name, address in REMOTES.items()})

    sources = [command[command.index("--from") + 1] for command in commands]
    assert [parse(source).path for source in sources] == [address.path for address in REMOTES.values()]
    assert parse(sources[0]).options == {"endpoint": "https://s3.example.org", "region": "eu-west-1"}
    assert parse(sources[1]).options == {"host_key": KEY} and "host_key" not in " ".join(sources[2:])
    assert all(command[2] == "recover" and command[-1] == "--yes" for command in commands)
    assert "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN in the environment" in text
    assert "SFTP_PASSWORD" in text and "in the private file /etc/az.toml" in text
    assert "whichever is still there" in text and "Copy the backups" not in text


def test_a_copy_of_the_folder_where_there_is_no_remote() -> None:
    text, [command] = made()

    assert command[1:] == ["backup_csv_for_db_restore.py", "recover", "--from", "backups", "--identity", "identity.txt",
                           "--yes"]
    assert "with the folder <code>.app</code> in them" in text


def test_who_signs_is_asked_for() -> None:
    _, [command] = made(signature_key="ed25519:abc+/=")

    assert command[command.index("--signed-by") + 1] == "ed25519:abc+/="


def test_a_long_address_may_be_broken_and_a_flag_may_not() -> None:
    text, _ = made(remotes={"cloud": f"s3://lab/{'x' * 60}"})

    shown = re.search(r'<pre class="command">(.*?)</pre>', text)
    assert shown is not None and "<span>--identity</span>" in shown[1]
    assert f"<span class=long>s3://lab/{'x' * 60}</span>" in shown[1] and "span.long {" in text
