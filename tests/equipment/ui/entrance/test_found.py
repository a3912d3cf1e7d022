"""What a backup holds is counted in words of people on the first page."""

from __future__ import annotations

import pytest

from equipment.store.saved import SAVED
from equipment.ui.entrance import found


@pytest.mark.parametrize("key", [source.key for source in SAVED])
def test_no_name_of_the_format_is_shown(key: str) -> None:
    assert "_" not in found._counted({key: 3})
    assert found._counted({key: 3}).startswith("3 ")
