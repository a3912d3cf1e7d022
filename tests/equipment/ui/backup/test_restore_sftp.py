"""From the address typed on Auto Backup, and a key that a person confirms, to the restore, over a real SSH server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.backup_engine.remotes.servers import SECRET, SshServer, ssh
from tests.equipment.ui.backup.remote_story import Story, tell
from tests.equipment.ui.backup.test_restore_remote import texts
from tests.equipment.ui.backup.test_restore_s3 import story  # noqa: F401 - a fixture


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SshServer]:
    monkeypatch.setenv("SFTP_PASSWORD", SECRET)
    (tmp_path / "ssh" / "backups").mkdir(parents=True)
    with ssh(tmp_path / "ssh") as running:
        yield running


def test_over_ssh(story: Story, server: SshServer) -> None:  # noqa: F811
    assert "Remote server is added" in story.add("server", server.url)
    assert "which nobody has confirmed" in texts(story.look("server"))
    assert "nothing was confirmed" in story.confirm(f"SHA256:{'A' * 43}")
    story.confirm(server.fingerprint)
    tell(story, "server")

    server.new_key()
    story.click("Look again")
    test = story.look("server")
    assert "shows another key" in texts(test) and len(test.error) == 1
    test.button_group(key="restore_place").set_value("This folder")
    assert "shows another key" not in texts(test.run()) and not test.exception
