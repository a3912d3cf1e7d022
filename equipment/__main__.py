"""Commands for whoever runs the server: ``.venv/bin/python -m equipment user add|list|role|reset|disable|enable``.

They speak to the same database as the app and go through the same rules: names, the last administrator, the log.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from equipment import prerequisites

with prerequisites.explained(__name__ == "__main__"):
    import click

    from backup_engine.cli import streams
    from backup_engine.errors import BackupError, BadInput
    from equipment.accounts import setup
    from equipment.accounts.passwords import PASSWORDS, check_rules
    from equipment.domain.names import name_key
    from equipment.domain.roles import ROLES
    from equipment.server import console_log, database
    from equipment.settings import get_settings
    from equipment.store import outside
    from equipment.store.access import Db, Who
    from equipment.store.accounts import users
    from equipment.store.accounts.users import CODE_HOURS, User


@click.group()
def main() -> None:
    """Look after an installation of the equipment list."""


@main.group()
def user() -> None:
    """Accounts: who may sign in, with which role."""


@user.command()
@click.argument("name")
@click.option("--role", type=click.Choice(ROLES), default="user", show_default=True, help="What the account may do.")
@click.option("--password-stdin", is_flag=True, help="Read the password from the first line of the standard input.")
def add(name: str, role: str, password_stdin: bool) -> None:
    """Create an account; without a password it gets a one-time code, printed here."""
    with _installation() as (db, who):
        password_hash = None
        if password_stdin:
            password = sys.stdin.readline().rstrip("\r\n")
            check_rules(password, name)
            password_hash = PASSWORDS.hash(password)
        created, code = users.create(db, who, name, role, password_hash=password_hash)
        click.echo(f"{created.name} was created with the role {created.role}.")
        _print_code(code)


@user.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_users(as_json: bool) -> None:
    """Show every account."""
    with _installation() as (db, who):
        everybody = users.listed(db, who)
        if as_json:
            click.echo(json.dumps([_facts(account) for account in everybody], indent=2))
            return
        for account in everybody:
            last = f"{account.last_sign_in:%Y-%m-%d %H:%M} UTC" if account.last_sign_in else "never signed in"
            click.echo(f"{account.name:32} {account.role:11} {account.state:9} {last}")


@user.command()
@click.argument("name")
@click.argument("role", type=click.Choice(ROLES))
def role(name: str, role: str) -> None:
    """Give an account another role; never takes the last administrator's."""
    with _installation() as (db, who):
        users.set_role(db, who, name_key(name), role)
        click.echo(f"{name} has the role {role}.")


@user.command()
@click.argument("name")
def reset(name: str) -> None:
    """Replace an account's password by a one-time code, printed here; ends its sessions."""
    with _installation() as (db, who):
        _print_code(users.reset(db, who, name_key(name)))


@user.command()
@click.argument("name")
def disable(name: str) -> None:
    """Lock an account out and end its sessions; never the last administrator's."""
    with _installation() as (db, who):
        users.disable(db, who, name_key(name))
        click.echo(f"{name} can no longer sign in.")


@user.command()
@click.argument("name")
def enable(name: str) -> None:
    """Let a disabled account in again."""
    with _installation() as (db, who):
        users.enable(db, who, name_key(name))
        click.echo(f"{name} can sign in again.")


@contextmanager
def _installation() -> Iterator[tuple[Db, Who]]:
    """Open this installation's database; end with an error's words and code instead of a traceback."""
    streams.make_fit()
    console_log.begin(command=True)
    try:
        settings = get_settings()
        console_log.begin_with(settings, command=True)
        if database.choose(settings) is database.Choice.NONE:
            problem, hint = database.no_mongodb()
            raise BadInput(f"{problem[:1].upper()}{problem[1:]}.", hint=hint)
        db = database.connect(settings)
        setup.prepare(db, settings)
        # Whoever may run this may read the whole database anyway: the operating system is the gate.
        yield db, Who("system:command", outside.actor().partition("@")[0], "console")
    except BackupError as error:
        click.echo(str(error), err=True)
        sys.exit(error.exit_code)
    finally:
        database.close()


def _print_code(code: str | None) -> None:
    if code:
        click.echo(f"One-time code, good for {CODE_HOURS} hours, typed in place of the password: {code}")


def _facts(account: User) -> dict[str, object]:
    last = account.last_sign_in.isoformat() if account.last_sign_in else None
    return {"name": account.name, "role": account.role, "state": account.state, "last_sign_in": last,
            "signs_in_with": "password" if account.local else "identity provider"}


if __name__ == "__main__":
    main(prog_name="python -m equipment")
