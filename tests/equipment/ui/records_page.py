"""The Equipment Records screen on its own, for tests that drive it without a browser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pymongo.database import Database
from streamlit.testing.v1 import AppTest

from equipment.domain.roles import Role
from tests.equipment.store.people import signed_in


def _script(database, who, folder, uri):  # without types: it runs as a script of its own
    from pathlib import Path

    from equipment.settings import Settings
    from equipment.store.access import identify
    from equipment.ui import records
    from equipment.ui.context import App

    account = identify(database, who)
    assert account is not None
    settings = Settings(
        data_folder=Path(folder), backup_folder=Path(folder), embedded_database=False, mongodb_uri=uri or None,
        mongodb_database=database.name,
    )
    records.show(App(settings, database, who, account))


def page(
    database: Database[dict[str, Any]], folder: Path, role: Role = "manager", uri: str = "", **params: str | list[str]
) -> AppTest:
    """Draw the screen once for somebody of that role; ``params`` are the address."""
    who = signed_in(database, role)
    test = AppTest.from_function(_script, args=(database, who, str(folder), uri), default_timeout=60)
    for name, value in params.items():
        test.query_params[name] = value
    return test.run()


def press(test: AppTest, label: str) -> AppTest:
    """Press the button with this label."""
    return next(button for button in test.button if _words(button.label) == label).click().run()


def labels(test: AppTest) -> list[str]:
    """Give the labels of all buttons."""
    return [_words(button.label) for button in test.button]


def shown(test: AppTest) -> str:
    """Give every word on the page outside of tables."""
    kinds = (test.markdown, test.caption, test.subheader, test.warning, test.error, test.info, test.success)
    return "\n".join(str(element.value) for kind in kinds for element in kind)


def _words(label: str) -> str:
    return label.replace("\\", "")
