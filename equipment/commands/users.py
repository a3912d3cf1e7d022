"""Accounts at the console: who may sign in, with which role."""

from __future__ import annotations

import json
import sys

import click

from equipment.accounts.passwords import PASSWORDS, check_rules
from equipment.commands.installation import Given, opened
from equipment.domain.names import name_key
from equipment.domain.roles import ROLES
from equipment.store.accounts import factors, users
from equipment.store.accounts.users import CODE_HOURS, User

__all__ = ["user"]


@click.group()
def user() -> None:
    """Accounts: who may sign in, with which role."""


@user.command()
@click.argument("name")
@click.option("--role", type=click.Choice(ROLES), default="user", show_default=True, help="What the account may do.")
@click.option("--password-stdin", is_flag=True, help="Read the password from the first line of the standard input.")
def add(name: str, role: str, password_stdin: bool) -> None:
    """Create an account; without a password it gets a one-time code, printed here."""
    with opened(Given()) as here:
        password_hash = None
        if password_stdin:
            password = sys.stdin.readline().rstrip("\r\n")
            check_rules(password, name)
            password_hash = PASSWORDS.hash(password)
        created, code = users.create(here.db, here.who, name, role, password_hash=password_hash)
        click.echo(f"{created.name} was created with the role {created.role}.")
        _print_code(code)


@user.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_users(as_json: bool) -> None:
    """Show every account."""
    with opened(Given()) as here:
        everybody = users.listed(here.db, here.who)
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
    with opened(Given()) as here:
        users.set_role(here.db, here.who, name_key(name), role)
        click.echo(f"{name} has the role {role}.")


@user.command()
@click.argument("name")
def reset(name: str) -> None:
    """Replace an account's password by a one-time code, printed here; ends its sessions."""
    with opened(Given()) as here:
        _print_code(users.reset(here.db, here.who, name_key(name)))


@user.command("reset-factor")
@click.argument("name")
def reset_factor(name: str) -> None:
    """Take an account's second factor away, when phone and recovery codes are lost."""
    with opened(Given()) as here:
        factors.reset(here.db, here.who, name_key(name))
        click.echo(f"{name} signs in with the password alone.")


@user.command()
@click.argument("name")
def disable(name: str) -> None:
    """Lock an account out and end its sessions; never the last administrator's."""
    with opened(Given()) as here:
        users.disable(here.db, here.who, name_key(name))
        click.echo(f"{name} can no longer sign in.")


@user.command()
@click.argument("name")
def enable(name: str) -> None:
    """Let a disabled account in again."""
    with opened(Given()) as here:
        users.enable(here.db, here.who, name_key(name))
        click.echo(f"{name} can sign in again.")


def _print_code(code: str | None) -> None:
    if code:
        click.echo(f"One-time code, good for {CODE_HOURS} hours, typed in place of the password: {code}")


def _facts(account: User) -> dict[str, object]:
    last = account.last_sign_in.isoformat() if account.last_sign_in else None
    return {"name": account.name, "role": account.role, "state": account.state, "last_sign_in": last,
            "signs_in_with": "password" if account.local else "identity provider"}
