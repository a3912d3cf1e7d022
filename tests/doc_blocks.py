"""The blocks of the documentation that are made: tables of options and commands, layers, the tree, what was measured.

``python -m tests.test_docs`` writes them into the pages; the test there compares.
"""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import click
from pydantic import BaseModel

from backup_engine.cli.main import commands
from equipment.__main__ import export_list, import_list, undo_deed, user
from equipment.server.metrics.definitions import METRICS, Metric
from equipment.settings import Settings, option_name
from equipment.unattended.commands import COMMANDS
from scripts.day_parts import day_report, servers_report
from scripts.fault_parts import report
from scripts.mongodb_parts import report as servers
from scripts.situation_parts import report as odd
from tests.doc_pages import ROOT, filled, page

PROGRAM = click.Group(commands.name, params=commands.params,
                      commands={**commands.commands, **{str(command.name): command for command in COMMANDS}})
"""The command line of an installation: the engine's commands and its own."""
WIDTH = 120
"""Columns of the tree. A sentence that is too long ends at the last colon or semicolon that fits, else at a comma."""
SHORTEST = 20
"""Letters in front of that colon: what stands before an earlier one is a title and says too little."""


def options_table(settings: type[BaseModel] = Settings) -> str:
    """Every option with its default and its description."""
    rows = ["| option | default | |", "|---|---|---|"]
    for name, field in settings.model_fields.items():
        default = "" if field.default in (None, "") else f"`{field.default}`"
        rows.append(f"| `{option_name(name)}` | {default} | {field.description} |")
    return "\n".join(rows)


def commands_table(group: click.Group, before: str = "", common: frozenset[str | None] = frozenset()) -> str:
    """Every command of a group as it is called, what it does, and what each of its own flags does."""
    common |= {option.name for option in group.params}
    rows = ["| command | does |", "|---|---|"]
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            rows += commands_table(command, f"{before}{name} ", common).splitlines()[2:]
            continue
        own = [option for option in command.params if option.name not in common]
        usage = " ".join([before + name, *map(_usage, own)]).replace("|", "\\|")
        says = [_help(command), *(_flag_help(option) for option in own if isinstance(option, click.Option))]
        rows.append(f"| `{usage}` | {' '.join(says)} |")
    return "\n".join(rows)


def common_options_table(group: click.Group) -> str:
    """The options that every command of a group takes, hidden ones too."""
    rows = ["| option | does |", "|---|---|"]
    rows += [f"| `{_flag(option)}` | {option.help or _missing(option.name)} |"
             for option in group.params if isinstance(option, click.Option)]
    return "\n".join(rows)


def metrics_table(metrics: Mapping[str, Metric] = METRICS) -> str:
    """Every metric with its labels and its meaning."""
    rows = ["| metric | labels | |", "|---|---|---|"]
    for metric in metrics.values():
        labels = ", ".join(f"`{label}`" for label in metric.labels)
        more = " A histogram." if metric.kind == "histogram" else ""
        rows.append(f"| `{metric.full_name}` | {labels} | {metric.meaning}{more} |")
    return "\n".join(rows)


def layers(contract: str) -> str:
    """The layers of an import contract in ``pyproject.toml``, from the top down."""
    linter = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    [chosen] = [rule for rule in linter["contracts"] if rule["name"] == contract]
    lines = [re.sub(r"\s+", " ", layer.strip()) for layer in chosen["layers"]]
    return "\n".join(["```", *lines, "```"])


def tree(packages: tuple[str, ...] = ("backup_engine", "equipment"), root: Path = ROOT) -> str:
    """Every package, room and module with the first sentence of its docstring.

    A line is two spaces for each level, the name (a folder's ends with ``/``), and the sentence in the same column
    everywhere. Files come before rooms, both by name.
    """
    lines = [line for package in packages for line in _entries(root / package, 0)]
    column = 2 + max(len(name) for name, _ in lines)
    return "\n".join(["```", *(f"{name:<{column}}{_shortened(says, WIDTH - column)}" for name, says in lines), "```"])


BLOCKS: dict[tuple[str, str], Callable[[], str]] = {
    ("README.md", "options"): options_table,
    ("docs/operations.md", "commands"): lambda: commands_table(PROGRAM),
    ("docs/operations.md", "common options"): lambda: common_options_table(PROGRAM),
    ("docs/operations.md", "accounts"): lambda: commands_table(user, "user "),
    ("docs/import.md", "commands"):
        lambda: commands_table(click.Group(commands={"import": import_list, "export": export_list,
                                                     "undo": undo_deed})),
    ("docs/architecture.md", "layers of the application"):
        lambda: layers("The application's layers only look down, and every file has one"),
    ("docs/architecture.md", "layers of the store"): lambda: layers("The store's rooms only look down"),
    ("docs/architecture.md", "layers of the engine"):
        lambda: layers("The engine's rooms only look down, and every file has a room"),
    ("docs/architecture.md", "tree"): tree,
    ("docs/deployment.md", "situations run"): lambda: odd.run(*odd.read()),
    ("docs/deployment.md", "situations"): lambda: odd.situations(odd.read()[1]),
    ("docs/reliability.md", "run"): lambda: report.run(*report.read()),
    ("docs/reliability.md", "changes of primary"): lambda: report.changes_of_primary(report.read()[1]),
    ("docs/reliability.md", "connection strings"): lambda: report.connection_strings(report.read()[1]),
    ("docs/reliability.md", "clock"): lambda: report.clock(report.read()[1]),
    ("docs/reliability.md", "controls"): lambda: report.controls(report.read()[1]),
    ("docs/a-day.md", "day numbers"): lambda: day_report.numbers(*day_report.read()),
    ("docs/a-day.md", "day hours"): lambda: day_report.hours(day_report.read()[0]),
    ("docs/a-day.md", "day kept"): lambda: day_report.kept(day_report.read()[1]),
    ("docs/schedules.md", "two servers run"): lambda: servers_report.run(*servers_report.read()),
    ("docs/schedules.md", "two servers"): lambda: servers_report.minutes(servers_report.read()[1]),
    ("docs/metrics.md", "metrics"): metrics_table,
    ("docs/deployment.md", "servers run"): lambda: servers.run(*servers.read()),
    ("docs/deployment.md", "servers tried"): lambda: servers.tried(*servers.read()),
}
"""Page and name of each block, and what makes it."""


def write() -> None:
    """Write every block into its page."""
    for (name, title), make in BLOCKS.items():
        (ROOT / name).write_text(filled(page(name), title, make()), "utf-8")


def sentence(module: Path) -> str:
    """First sentence of a module's docstring; raises ``ValueError`` for a module that does not say what it is."""
    says = ast.get_docstring(ast.parse(module.read_text("utf-8")))
    if not says:
        raise ValueError(f"{module} has no docstring")
    return re.split(r"\.(?:\s|$)", " ".join(says.partition("\n\n")[0].split()))[0].replace("``", "`")


def _entries(folder: Path, level: int) -> Iterator[tuple[str, str]]:
    indent = "  " * level
    yield f"{indent}{folder.name}/", sentence(folder / "__init__.py")
    modules = sorted(path for path in folder.glob("*.py") if path.name != "__init__.py")
    yield from ((f"{indent}  {path.name}", sentence(path)) for path in modules)
    for room in sorted(path for path in folder.iterdir() if any(path.glob("*.py"))):
        yield from _entries(room, level + 1)


def _shortened(says: str, width: int) -> str:
    if len(says) <= width:
        return says
    clauses = re.match(rf".{{{SHORTEST},{width}}}(?=[:;] )", says) or re.match(rf".{{,{width}}}(?=[:;,] )", says)
    return clauses[0] if clauses else says


def _help(command: click.Command) -> str:
    return " ".join((command.help or _missing(command.name)).split())


def _flag_help(option: click.Option) -> str:
    says = f"`{option.opts[0]}`: {option.help or _missing(option.opts[0])}"
    return f"{says.removesuffix('.')} (`{option.default}` by default)." if option.show_default else says


def _flag(option: click.Option) -> str:
    names = ", ".join([*option.opts, *option.secondary_opts])
    return names if option.is_flag else f"{names} {_value(option)}"


def _usage(parameter: click.Parameter) -> str:
    if not isinstance(parameter, click.Option):
        return _value(parameter)
    return _flag(parameter) if parameter.required else f"[{_flag(parameter)}]"


def _value(parameter: click.Parameter) -> str:
    if parameter.metavar:
        return parameter.metavar
    return "|".join(parameter.type.choices) if isinstance(parameter.type, click.Choice) else str(parameter.name).upper()


def _missing(name: str | None) -> str:
    raise ValueError(f"{name} has no help")
