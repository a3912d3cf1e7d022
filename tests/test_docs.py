"""The documentation says what the code does, no more and no less: options, commands, exit codes, layers, files, links.

``python -m tests.test_docs`` writes the parts that are made from the code.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import click
import pytest
from pydantic import Field, create_model

import backup_engine
from equipment import __main__ as console
from equipment.settings import Settings, option_name
from tests import doc_blocks
from tests.doc_blocks import BLOCKS, PROGRAM
from tests.doc_pages import PAGES, ROOT, block, code, difference, page, prose

ANY_PAGE = pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
FILES = [path.relative_to(ROOT).as_posix() for folder in ("backup_engine", "equipment", "tests", "scripts", "docs")
         for path in (ROOT / folder).rglob("*")] + [path.name for path in ROOT.iterdir()]


# What is made from the code.

@pytest.mark.parametrize(("name", "title"), BLOCKS, ids=lambda words: words)
def test_what_is_made_from_the_code_is_as_the_code_makes_it(name: str, title: str) -> None:
    written = block(page(name), title).splitlines()

    assert difference(BLOCKS[name, title]().splitlines(), written) == [], "python -m tests.test_docs writes it anew"
    assert BLOCKS[name, title]().splitlines() == written


def test_a_new_option_changes_the_table() -> None:
    more = create_model("More", __base__=Settings, invented=(int, Field(default=3, description="Made up.")))
    written = block(page("README.md"), "options").splitlines()

    assert difference(doc_blocks.options_table(more).splitlines(), written) == [
        "not documented: | `EQUIPMENT_INVENTED` | `3` | Made up. |"
    ]


@pytest.mark.parametrize("group", [PROGRAM, console.user], ids=lambda group: group.name)
def test_a_new_command_or_flag_changes_the_table(group: click.Group) -> None:
    [*_, last] = group.commands.values()
    flagged = click.Command(last.name, params=[*last.params, click.Option(["--flag"], is_flag=True, help="Made up.")],
                            help=last.help)
    told = click.Group(params=group.params, commands={**group.commands, "told": click.Command("told", help="Made up.")})
    with_flag = click.Group(params=group.params, commands={**group.commands, str(last.name): flagged})

    table = doc_blocks.commands_table(group)

    assert "not documented: | `told` | Made up. |" in difference(
        doc_blocks.commands_table(told).splitlines(), table.splitlines())
    assert len(difference(doc_blocks.commands_table(with_flag).splitlines(), table.splitlines())) == 2


def test_a_command_without_help_is_refused() -> None:
    with pytest.raises(ValueError, match="silent has no help"):
        doc_blocks.commands_table(click.Group(commands={"silent": click.Command("silent")}))


def test_the_tree_is_made_of_the_files_and_what_they_say(tmp_path: Path) -> None:
    sentences = {"pack/__init__.py": "Things.", "pack/new.py": "Makes. More.", "pack/room/__init__.py": "A room:\nit."}
    for name, says in sentences.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(f'"""{says}"""\n')

    lines = doc_blocks.tree(("pack",), tmp_path).splitlines()

    assert lines == ["```", "pack/     Things", "  new.py  Makes", "  room/   A room: it", "```"]

    (tmp_path / "pack" / "silent.py").write_text("X = 1\n")
    with pytest.raises(ValueError, match=r"silent\.py has no docstring"):
        doc_blocks.tree(("pack",), tmp_path)


@ANY_PAGE
def test_every_option_it_names_exists(path: Path) -> None:
    known = {option_name(field) for field in Settings.model_fields}

    assert set(re.findall(r"\b(?:EQUIPMENT|MONGODB|BACKUP)_[A-Z_]+\b", path.read_text("utf-8"))) <= known


# What is told of the code's places.

def test_the_map_of_the_engine_names_its_rooms() -> None:
    rooms = {path.parent.name for path in (ROOT / "backup_engine").glob("*/__init__.py")}

    assert difference(rooms, re.findall(r"^    (\w+)  ", backup_engine.__doc__ or "", re.M)) == []


def homeless(text: str) -> list[str]:
    """Files and folders in a page's code that are not here, among those that can only be meant as ours."""
    named = [span for span in code(prose(text)) if re.fullmatch(r"[\w./-]+", span)]
    ours = [name for name in named if re.match(r"(backup_engine|equipment|tests|scripts|docs)/|.*\.py$", name)]
    return sorted({name for name in ours if not any(f"/{file}".endswith(f"/{name.rstrip('/')}") for file in FILES)})


@ANY_PAGE
def test_every_place_in_the_code_it_names_exists(path: Path) -> None:
    assert homeless(path.read_text("utf-8")) == []


def test_a_place_that_is_not_there_is_noticed() -> None:
    assert homeless("`equipment/jobs.py`, `storage/local.py`, `tests/`, `.venv/bin/python`, `backup.csv`") == []
    assert homeless("`equipment/colours.py`, `local/storage.py`, `scripts/never`") == [
        "equipment/colours.py", "local/storage.py", "scripts/never"]


@ANY_PAGE
def test_every_link_leads_somewhere(path: Path) -> None:
    targets = re.findall(r"\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)", prose(path.read_text("utf-8")))

    assert [target for target, _ in targets if not (path.parent / target).exists()] == []
    assert [(target, anchor) for target, anchor in targets if anchor and anchor not in anchors(path, target)] == []


def anchors(path: Path, target: str) -> set[str]:
    """Anchors of the headings of a page, as GitHub makes them."""
    text = prose((path.parent / target if target else path).read_text("utf-8"))
    headings = re.findall(r"^#+ (.*)$", text, re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_the_commands_in_the_readme_are_the_ones_that_are_tested() -> None:
    script, readme = (ROOT / ".ci" / "run").read_text(), page("README.md")
    venv = "python3 -m venv .venv && .venv/bin/pip install -r "

    assert f"{venv}requirements.txt && .venv/bin/streamlit run app.py" in readme
    assert f"{venv}requirements-dev.txt && .venv/bin/pytest" in readme
    assert all(step in script for step in ("python3 -m venv .venv", "requirements-dev.txt", "bin/pytest"))


def test_every_room_of_the_engine_is_explained_to_contributors() -> None:
    text = page("CONTRIBUTING.md")
    rooms = [path.parent.name for path in (ROOT / "backup_engine").glob("*/__init__.py")]

    assert len(rooms) > 10
    assert [room for room in rooms if f"| `backup_engine/{room}/` |" not in text] == []


def test_the_hook_before_a_commit_is_the_check_of_ci() -> None:
    hooks = (ROOT / ".pre-commit-config.yaml").read_text()

    assert re.findall(r"entry: (.*)", hooks) == ["scripts/check"]
    assert "scripts/check" in (ROOT / ".ci" / "run").read_text()


if __name__ == "__main__":
    doc_blocks.write()
    sys.stdout.write("Written: " + ", ".join(f"{title} in {name}" for name, title in BLOCKS) + ".\n")
