"""Commands for whoever runs the server: ``.venv/bin/python -m equipment user|import|export|undo …``.

They speak to the same database as the app and go through the same rules: names, the last administrator, the log.
"""

from __future__ import annotations

from equipment import prerequisites

with prerequisites.explained(__name__ == "__main__"):
    import click

    from backup_engine.cli import leaving
    from equipment.commands.exporting import export_list
    from equipment.commands.importing import import_list
    from equipment.commands.undoing import undo_deed
    from equipment.commands.users import user


@click.group()
def main() -> None:
    """Look after an installation of the equipment list."""


for command in (user, import_list, export_list, undo_deed):
    main.add_command(command)


if __name__ == "__main__":
    leaving.at_once(lambda: main(prog_name="python -m equipment"))
