"""What many tests of the engine's verbs begin with."""

from __future__ import annotations

import pytest

from backup_engine.deeds import Deed


@pytest.fixture
def heard() -> list[Deed]:
    """The deeds that the engine told, once a workspace tells them here."""
    return []
