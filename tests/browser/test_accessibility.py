"""axe-core finds nothing serious or critical on any screen, in the light and in the dark theme."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, Literal

import pytest
from pymongo.database import Database

from backup_csv_for_db_restore import DatabaseBackupRestore
from equipment.accounts import signup
from equipment.accounts.passwords import PASSWORDS
from equipment.domain.life.event import Done
from equipment.domain.life.loan import Holder, Terms
from equipment.domain.query import Query
from equipment.store.access import SYSTEM
from equipment.store.accounts import users
from equipment.store.life import lending, servicing, stocktakings
from equipment.store.life.servicing import Wrote
from equipment.store.list import keys, records, samples, trash, views
from equipment.ui.records.screen import SECTIONS
from tests.browser import grid, people
from tests.mongod import Mongod
from tests.server.running_app import RunningApp, wait_for
from tests.test_theme import THEMES, colour

pytest.importorskip("playwright.sync_api", reason="no browser driver here: pip install -r requirements-dev.txt")
pytest.importorskip("axe_playwright_python", reason="no axe-core here: pip install -r requirements-dev.txt")
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser
Db = Database[dict[str, Any]]
Lived = tuple[RunningApp, Db, list[str]]

NAME = "browser_accessibility"
TODAY = date.today()
WORST = ("serious", "critical")
STREAMLITS_OWN = (
    # The words of what is chosen have the primary colour, on a tint of it, and the words of the main button are white
    # upon it: in the dark no colour gives both 4.5 : 1. The button has it (tests/test_theme.py), this one 3.6 : 1.
    ("color-contrast", '[data-testid="stButtonGroup"] [data-selected="true"]'),
)
"""What Streamlit draws and no option changes: the rule, and the selector of the part in which it is not asked for."""
_AXE = Axe().axe_script
_IS_WITHIN = "([target, parts]) => parts.some(part => document.querySelector(target)?.closest(part))"
# A canvas holds the table of a grid for readers of screens, thousands of cells, all Streamlit's.
_OPTIONS: dict[str, Any] = {"resultTypes": ["violations"], "iframes": False}
_END_TRANSITIONS = "document.getAnimations().forEach(each => each instanceof CSSTransition && each.finish())"
"""So that no colour is judged on its way to another."""
_NEVER_STALE = '[data-stale="true"] { opacity: 1 !important; transition: none !important }'
"""What is about to be drawn anew is grey for a moment, on a slow machine for as long as axe looks."""


@pytest.fixture(scope="module")
def app(shared_mongod: Mongod) -> Iterator[tuple[RunningApp, Db]]:
    """One running app, as it is before its first administrator."""
    with shared_mongod.client() as client:
        with RunningApp(MONGODB_URI=shared_mongod.uri, MONGODB_DATABASE=NAME) as running:
            yield running, client[NAME]
        client.drop_database(NAME)


@pytest.fixture(scope="module")
def lived_in(app: tuple[RunningApp, Db]) -> Lived:
    """An administrator, the sample list, and something on every screen; with the keys of some records."""
    running, db = app
    for name, role in ((people.NAME, "admin"), ("Grace", "technician")):
        users.create(db, SYSTEM, name, role, password_hash=PASSWORDS.hash(people.PASSWORD))
    samples.load(db, SYSTEM, TODAY)
    found = [keys.key_of_id(each["_id"]) for each in db.Equipment.find().sort("ID", 1).limit(8)]
    entries = records.entries(db, found)
    for entry, days in zip(entries, (7, 0, 14, None), strict=False):
        last = None if days is None else TODAY + timedelta(days=days)
        lending.check_out(db, SYSTEM, [entry], Terms(Holder("Grace"), TODAY, last, "Room 7"), today=TODAY)
    later = Terms(Holder("Emmy"), TODAY + timedelta(days=9), TODAY + timedelta(days=12))
    lending.reserve(db, SYSTEM, entries[0], later, today=TODAY)
    servicing.write(db, SYSTEM, [Wrote(entries[0], Done("repair", TODAY, "Ada", note="A new fuse"))], today=TODAY)
    views.save(db, SYSTEM, "Oscilloscopes", Query(text="Oscilloscope"), shared=True)
    stocktakings.begin(db, SYSTEM, str(entries[0].record["Location"]))
    trash.move(db, SYSTEM, entries[7:])
    engine = DatabaseBackupRestore(connect=lambda: db, backup_folder=str(running.backup_folder))
    wait_for(lambda: engine.create(force=True).set is not None, "a backup")
    return running, db, found


class Walk:
    """A walk through the screens, and what axe found on the way."""

    def __init__(self, page: Page, app: RunningApp) -> None:
        self.page, self.url = page, app.url
        self.found: list[str] = []

    def to(self, address: str) -> None:
        """Open an address and wait until its screen is drawn."""
        self.page.goto(self.url + address)
        expect(self.page.get_by_test_id("stMain").get_by_role("tablist").first).to_be_visible(timeout=people.SLOW)
        grid.at_rest(self.page)

    def sign_in(self) -> None:
        self.page.goto(self.url)
        people.sign_in(self.page)

    def look(self, where: str, part: str = "body") -> None:
        """Let axe look at a part as it stands: at everything in the light, and at the colours in the dark theme."""
        grid.at_rest(self.page)
        self._judge(f"{where}, light", part, _OPTIONS)
        self._theme("dark")
        self._judge(f"{where}, dark", part, _OPTIONS | {"runOnly": ["color-contrast"]})
        self._theme("light")

    def dialog(self, opener: str, *, closed_by: str = "Cancel", within: str = "") -> None:
        """Press a button, look at the dialog it opens, and close that."""
        place = self.page.locator(within) if within else self.page
        place.get_by_role("button", name=opener, exact=True).first.click()
        self.opened(opener, closed_by)

    def chosen(self, menu: str, entry: str, closed_by: str = "Cancel") -> None:
        """Choose an entry of a menu and look at the dialog it opens."""
        self.page.locator(menu).get_by_role("button").click()
        self.page.get_by_role("menuitem", name=entry).click()
        self.opened(entry, closed_by)

    def opened(self, name: str, closed_by: str) -> None:
        dialog = self.page.get_by_role("dialog")
        expect(dialog).to_be_visible()
        self.look(name, '[role="dialog"]')
        dialog.get_by_role("button", name=closed_by, exact=True).last.click()
        expect(dialog).to_have_count(0)

    def popover(self, opener: str) -> None:
        """Open what hangs on a button, look at it, and close it."""
        self.page.get_by_role("button", name=opener).first.click()
        expect(self.page.get_by_test_id("stPopoverBody")).to_be_visible()
        self.look(opener, '[data-testid="stPopoverBody"]')
        self.page.keyboard.press("Escape")
        expect(self.page.get_by_test_id("stPopoverBody")).to_have_count(0)

    def _theme(self, name: Literal["light", "dark"]) -> None:
        self.page.emulate_media(color_scheme=name)
        ground = ", ".join(str(round(255 * light)) for light in colour(THEMES[name]["backgroundColor"]))
        expect(self.page.get_by_test_id("stApp")).to_have_css("background-color", f"rgb({ground})")

    def _judge(self, where: str, part: str, options: dict[str, Any]) -> None:
        page = self.page
        page.evaluate(_END_TRANSITIONS)
        if not page.evaluate("'axe' in window"):
            page.evaluate(_AXE)
            page.add_style_tag(content=_NEVER_STALE)
        judged = {"include": [[part]], "exclude": [["canvas"]]}
        found = page.evaluate("([part, options]) => axe.run(part, options)", [judged, options])
        for violation in found["violations"]:
            own = [selector for rule, selector in STREAMLITS_OWN if rule == violation["id"]]
            for node in violation["nodes"] if violation["impact"] in WORST else ():
                if not page.evaluate(_IS_WITHIN, [node["target"][0], own]):
                    why = "; ".join(each["message"] for each in [*node["any"], *node["all"], *node["none"]])
                    self.found.append(f"{where}: {violation['id']}: {node['html'][:300]}: {why}")


@pytest.fixture
def walk(page: Page, app: tuple[RunningApp, Db]) -> Walk:
    return Walk(page, app[0])


def test_before_there_is_an_administrator(walk: Walk) -> None:
    page = walk.page
    page.goto(walk.url)
    expect(page.get_by_label("Set-up code")).to_be_visible(timeout=people.SLOW)
    walk.look("first run")
    page.get_by_text("Recover from a backup").click()
    expect(page.get_by_role("heading", name="Recover from a backup")).to_be_visible()
    walk.look("recovery")

    assert not walk.found, "\n".join(walk.found)


def test_before_one_is_signed_in(walk: Walk, lived_in: Lived) -> None:
    page = walk.page
    signup.switch(lived_in[1], SYSTEM, True)
    try:
        page.goto(walk.url)
        page.get_by_text("Ask for an account").first.click()
        walk.look("asking for an account")
    finally:
        signup.switch(lived_in[1], SYSTEM, False)
    walk.sign_in()
    page.context.clear_cookies()
    page.reload()
    expect(page.get_by_label("Password", exact=True)).to_be_visible()
    walk.look("sign-in")

    assert not walk.found, "\n".join(walk.found)


def test_the_list_and_what_opens_there(walk: Walk, lived_in: Lived) -> None:
    walk.sign_in()
    grid.grid(walk.page)
    walk.look("list")
    walk.popover("Filters")
    walk.popover("Views")
    grid.tick(walk.page, 9)
    walk.look("ticked")
    for action in ("Bulk edit", "Duplicate", "Download"):
        walk.dialog(action)
    walk.dialog("Labels", closed_by="Close")
    for entry in ("Calibrated today", "Status", "Check out"):
        walk.chosen(".st-key-action_more", entry)

    assert not walk.found, "\n".join(walk.found)


def test_the_sections_of_the_list(walk: Walk, lived_in: Lived) -> None:
    walk.sign_in()
    for section in SECTIONS[1:]:
        walk.to(f"/?section={section.name}")
        walk.look(section.name)
    walk.to("/?section=Calibration")
    for part in ("Calendar", "Fix-up list", "Plans", "Due work"):
        walk.page.get_by_role("tab", name=part).click()
        walk.look(part)
    walk.to("/?section=Stocktaking")
    walk.page.get_by_role("button", name="Go on with").first.click()
    expect(walk.page.get_by_role("button", name="Other place")).to_be_visible()
    walk.look("Stocktaking of a place")

    assert not walk.found, "\n".join(walk.found)


def test_the_page_of_a_record(walk: Walk, lived_in: Lived) -> None:
    walk.sign_in()
    walk.to(f"/?id={lived_in[2][0]}")
    expect(walk.page.get_by_role("button", name="Add event")).to_be_visible()
    walk.look("record")
    for opener in ("Add event", "Plan", "Check in", "Due day", "Reserve"):
        walk.dialog(opener)
    walk.page.get_by_role("button", name="Edit", exact=True).click()
    walk.look("record, edited")

    assert not walk.found, "\n".join(walk.found)


def test_backups(walk: Walk, lived_in: Lived) -> None:
    page = walk.page
    walk.sign_in()
    walk.to("/?tab=Backup+%26+Restore")
    page.get_by_test_id("stDataFrame").first.click(position={"x": 15, "y": 50})
    expect(page.get_by_role("button", name="Restore this")).to_be_enabled()
    walk.look("Create Backup")
    page.get_by_role("button", name="Restore this").click()
    expect(page.get_by_text("Replace Equipment with the backup of")).to_be_visible()
    for folded in ("Preview and compare", "Restore a backup from elsewhere", "Lost & found"):
        page.get_by_text(folded).click()
    page.get_by_text("Replace Equipment with the backup of").click()
    walk.look("Restore Data")
    walk.to("/?tab=Backup+%26+Restore&backup_tab=Auto+Backup")
    walk.look("Auto Backup")

    assert not walk.found, "\n".join(walk.found)


def test_the_other_tabs_and_menus(walk: Walk, lived_in: Lived) -> None:
    page = walk.page
    walk.sign_in()
    for tab in ("Equipment Select Options", "User Management", "Activity"):
        page.get_by_role("tab", name=tab).click()
        walk.look(tab)
    for entry, closed_by in (("My name and e-mail", "Cancel"), ("Change password", "Cancel"), ("My sessions", "Close"),
                             ("API tokens", "Close")):
        walk.chosen(".st-key-user_menu", entry, closed_by)
    for entry in ("Keyboard shortcuts", "Documentation", "Version and diagnostics"):
        walk.chosen(".st-key-help_menu", entry, "Close")
    page.get_by_role("tab", name="User Management").click()
    page.get_by_test_id("stDataFrame").first.click(position={"x": 15, "y": 50})
    expect(page.get_by_role("button", name="Change role")).to_be_visible()
    walk.look("a user")
    page.mouse.move(2, 2)  # off the table, whose tools would lie over the button
    walk.dialog("New user")

    assert not walk.found, "\n".join(walk.found)
