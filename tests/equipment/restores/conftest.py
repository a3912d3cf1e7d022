"""An installation whose backups nobody has made yet."""

from tests.equipment.ui.backup.conftest import options, place

__all__ = ["options", "place"]
