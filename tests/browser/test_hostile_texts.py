"""Names and values made of Markdown, HTML and control characters stay text, on every screen, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from pymongo.database import Database

from equipment.accounts.passwords import PASSWORDS
from equipment.store.access import SYSTEM
from equipment.store.accounts import users
from tests.browser import grid, people
from tests.mongod import Mongod
from tests.server.running_app import RunningApp, wait_for

pytest.importorskip("playwright.sync_api", reason="no browser driver here: pip install -r requirements-dev.txt")
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser
Db = Database[dict[str, Any]]
NAME = "browser_hostile_texts"

MARK = "zqx"
"""Stands in every hostile text, and nowhere else."""
LEAVES = (
    f"**{MARK}b**", f"*{MARK}i*", f"`{MARK}c`", f"~~{MARK}s~~", f"$\\alpha_{MARK}$", f"$${MARK}$$",
    f"<b>{MARK}</b>", f"<img src=http://evil.example/{MARK}.png onerror=alert(1)>", f"<script>alert('{MARK}')</script>",
    f"![{MARK}](http://evil.example/{MARK}.png)", f"[{MARK}](http://evil.example/{MARK})",
    f"[{MARK}](javascript:alert(1))", f"http://www.evil.example/{MARK}", f"www.evil.example/{MARK}",
    f"{MARK}@evil.example",
    f":red[{MARK}]", f":blue-badge[{MARK}]", f":small[{MARK}]", f":color[{MARK}]{{foreground=\"red\"}}",
    f":material/{MARK}:", f":material_{MARK}:", f":streamlit:{MARK}", f":smile:{MARK}", f":rainbow[{MARK}]",
)
ODD = f"# {MARK} \u202egnp.exe\u2066 \x07 \u200f " + " ".join(LEAVES)
COLUMN = f"Col {MARK} **b** <i>x</i> :red[r] `c` [l](http://evil:1) :material/home: :streamlit:"
ELEMENTS = "a, img, script, strong, em, b, i, code, del, .katex, h1, h2, h3, h4, h5, h6, ul, ol, [role=img]"
LOOK = """([texts, mark, elements]) => {
  const found = [];
  for (const element of document.querySelectorAll('[data-testid="stMarkdownContainer"] *')) {
    if (!element.matches(elements) && !/stMarkdown(Colored|Badge|Shimmer)/.test(element.className)) continue;
    // The value of a column of links is one by intent: to what it says, and nowhere else.
    if (element.matches('a[href^="https://x.example/zqx%29%5Ba%5D%28"]')) continue;
    const said = element.textContent.replaceAll('\u2060', '');
    const made = element.matches('a, img, script, code, del, .katex, h1, [role=img]');
    // What the app itself makes bold or grey holds the text as it was written, with all its signs.
    const whole = !made && texts.some(text => said.includes(text));
    const ours = element.outerHTML.includes(mark) || element.outerHTML.includes('evil');
    if (ours && !whole) found.push(element.outerHTML);
    else if (element.matches('img, script')) found.push(element.outerHTML);
  }
  return found;
}"""


@pytest.fixture(scope="module")
def app(shared_mongod: Mongod, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApp]:
    """An installation in which everything that has a name or a value has a hostile one."""
    folder: Path = tmp_path_factory.mktemp("hostile")
    with shared_mongod.client() as client:
        db = client[NAME]
        _fill(db)
        with RunningApp(folder=folder, MONGODB_URI=shared_mongod.uri, MONGODB_DATABASE=NAME) as app:
            # The first backup is made when it starts.
            wait_for(lambda: any(app.backup_folder.rglob("equipment_*.csv*")), "the first backup")
            for day in {path.parent for path in app.backup_folder.rglob("equipment_*.csv*")}:
                (day / f"{MARK} **b** [l](http:x) $x$.csv").write_bytes(b"x")
            yield app
        client.drop_database(NAME)


def _fill(db: Db) -> None:
    now = datetime.now(UTC)
    db.Equipment.insert_many([
        {"_id": f"{MARK}{number}", "ID": number, "Serial": leaf, "Vendor": leaf, "Model": leaf, "Location": ODD,
         "Category": f"**{MARK}** {leaf}", "Description": leaf, "Next Cal Date": f"{MARK} **x** 1/2/03",
         "Comments": f"- {leaf}\n# {MARK}\n\n    {leaf}", COLUMN: leaf, "uuid": f"u{number}",
         "Manual": f"https://x.example/{MARK})[a](http://evil.example)<b>"}
        for number, leaf in enumerate(LEAVES, 1)])
    db.Equipment_select_options.insert_many([{"Vendor": leaf, COLUMN: leaf} for leaf in LEAVES])
    db.equipment_columns.insert_many([{"_id": "Manual", "type": "link"}, {"_id": COLUMN, "type": "text"}])
    db.equipment_users.insert_one({
        "_id": f"{MARK}** b", "name": ODD[:300], "role": "user", "state": "pending", "note": ODD, "created": now,
        "created_by": ODD, "password": PASSWORDS.hash("correct horse battery"), "must_change": False})
    users.create(db, SYSTEM, people.NAME, "admin", password_hash=PASSWORDS.hash(people.PASSWORD))
    db.equipment_views.insert_many([
        {"name": leaf, "owner": owner, "shared": True, "saved": now,
         "query": {"sort": COLUMN, "text": leaf}} for owner in ("ada", f"**{MARK}o**") for leaf in LEAVES[:6]])
    db.Equipment_trash.insert_one({"record": {"_id": f"{MARK}t", "ID": 99, "Serial": LEAVES[0], "Vendor": ODD},
                                   "by": f"**{MARK}**", "at": now})
    db.equipment_activity.insert_many([
        {"at": datetime(2099, 1, 1, tzinfo=UTC), "who": LEAVES[0], "action": LEAVES[9],
         "target": f"record:{MARK}1", "note": ODD,
         "address": ODD, "before": {COLUMN: LEAVES[0]}, "after": {COLUMN: LEAVES[7]}} for _ in range(3)])


class Watched:
    """A page of which every request, dialog and refusal is written down."""

    def __init__(self, page: Page, app: RunningApp) -> None:
        self.page, self.own = page, urlsplit(app.url).netloc
        self.strangers: set[str] = set()
        self.refused: list[str] = []
        self.dialogs: list[str] = []
        page.on("request", lambda request: self._asked(request.url))
        page.on("console", lambda said: self.refused.append(said.text) if "Content Security" in said.text else None)
        page.on("dialog", lambda dialog: (self.dialogs.append(dialog.message), dialog.dismiss()))

    def _asked(self, address: str) -> None:
        place = urlsplit(address)
        if place.scheme in ("http", "https", "ws", "wss") and place.netloc != self.own:
            self.strangers.add(address)

    def look(self, where: str, *, marked: bool = True) -> None:
        """Wait until the page is drawn, and say what of it came from a hostile text."""
        grid.at_rest(self.page)
        self.page.wait_for_function("() => !document.querySelector('[data-testid=stSkeleton]')")
        expect(self.page.get_by_text("could not be shown")).to_have_count(0)
        if marked:
            shown = self.page.get_by_test_id("stMarkdownContainer").filter(has_text=MARK)
            expect(shown.first, f"{where}: something hostile is shown here").to_be_attached()
        assert self.page.evaluate(LOOK, [[*LEAVES, ODD[:40], COLUMN], MARK, ELEMENTS]) == [], where
        assert (self.strangers, self.refused, self.dialogs) == (set(), [], []), where


@pytest.fixture
def visitor(page: Page, app: RunningApp) -> Watched:
    page.set_default_timeout(20_000)
    watched = Watched(page, app)
    page.goto(app.url)
    people.sign_in(page)
    grid.at_rest(page)
    return watched


def test_the_list_its_tools_and_a_record(visitor: Watched, app: RunningApp) -> None:
    page = visitor.page
    page.get_by_role("button", name="Filters").click()
    visitor.look("filters")
    page.keyboard.press("Escape")
    page.get_by_role("button", name=re.compile("^Views|Saved views")).first.click()
    visitor.look("views")
    page.get_by_role("button", name=LEAVES[0], exact=True).first.click()
    visitor.look("a view, its chips and its order")
    page.get_by_role("button", name="Clear filters").click()
    grid.tick(page, 0)
    page.get_by_role("button", name="Duplicate").click()
    visitor.look("duplicate")
    page.keyboard.press("Escape")
    for number in (1, 7, 10, 13, 21):
        page.goto(f"{app.url}/?id={MARK}{number}")
        expect(page.get_by_role("heading", name="Details")).to_be_visible()
        visitor.look(f"record {number}")
    page.get_by_role("button", name="Edit", exact=True).click()
    visitor.look("the form of a record")


@pytest.mark.parametrize("section", ["Edit", "Add", "Import", "Calibration", "Dashboard", "Columns", "Trash"])
def test_the_sections(visitor: Watched, app: RunningApp, section: str, tmp_path: Path) -> None:
    page = visitor.page
    page.goto(f"{app.url}/?section={section}")
    visitor.look(section, marked=section == "Add")
    if section == "Import":
        path = tmp_path / f"{MARK} **b** :red[x] $y$ `c`.csv"
        path.write_text(f'ID,Serial,"{COLUMN}"\n1,"{LEAVES[7]}",b\n,"{LEAVES[0]}",c\n', "utf-8")
        page.locator("input[type=file]").set_input_files(path)
        expect(page.get_by_text("What tells the records apart?")).to_be_visible()
        visitor.look("an import", marked=False)
    if section == "Calibration":
        page.get_by_role("tab", name="Calendar").click()
        visitor.look("calendar", marked=False)
    if section == "Trash":
        grid.click(page, 0, 16)
        grid.at_rest(page)
        page.get_by_role("button", name="Bring back 1").click()
        visitor.look("brought back", marked=False)


@pytest.mark.parametrize(("tab", "inner"), [
    ("Equipment Select Options", ""), ("User Management", ""), ("Activity", ""), ("Backup & Restore", "Create Backup"),
    ("Backup & Restore", "Restore Data"), ("Backup & Restore", "Auto Backup"),
])
def test_the_other_screens(visitor: Watched, tab: str, inner: str) -> None:
    page = visitor.page
    page.get_by_role("tab", name=tab).click()
    visitor.look(tab, marked=tab in ("Equipment Select Options", "User Management"))
    if inner:
        page.get_by_role("tab", name=inner).click()
        visitor.look(inner, marked=False)
    if inner == "Create Backup":
        button = page.get_by_role("button", name="Comment", exact=True)
        grid.click_until(page, 0, 16, button.and_(page.locator(":enabled")))
        button.click()
        page.get_by_role("textbox", name="Comment").fill(f"**{MARK}b** <b>x</b> :red[{MARK}] ![x](http://evil.example/)")
        grid.at_rest(page)
        page.get_by_role("button", name="Save comment").click()
        visitor.look("a comment", marked=False)
    if tab in ("Activity", "User Management"):
        grid.click(page, 0, 16)
        visitor.look(f"the first row of {tab}")


def test_the_look_finds_what_markdown_makes(visitor: Watched) -> None:
    """The check itself: an element made by a hostile text is seen."""
    page = visitor.page
    for made in (f"<strong>{MARK}b</strong>", f"<a href='http://evil.example'>{MARK}</a>", f"<code>{MARK}c</code>",
                 "<img alt='Streamlit logo'>", f"<span class='stMarkdownColoredText'>{MARK}</span>",
                 f"<span role=img>{MARK}</span>"):
        page.evaluate("made => { const box = document.createElement('div'); box.id = 'made'; "
                      "box.dataset.testid = 'stMarkdownContainer'; box.innerHTML = made; "
                      "document.body.append(box); }", made)
        assert page.evaluate(LOOK, [[*LEAVES, ODD[:40], COLUMN], MARK, ELEMENTS]), made
        page.evaluate("() => document.getElementById('made').remove()")
