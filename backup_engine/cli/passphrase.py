"""Asking for a passphrase: on the terminal without showing it, else the first line of the standard input."""

from __future__ import annotations

import getpass
import sys

import click

from backup_engine.errors import BadInput, Cancelled

__all__ = ["ask"]


def ask(prompt: str, *, twice: bool = False) -> str:
    """Give what was typed. Raises ``BadInput`` for nothing or two that differ, ``Cancelled`` at the input's end."""
    if not sys.stdin.isatty():
        line = sys.stdin.readline()
        if not line:
            raise Cancelled("no passphrase was given")
        said = line.rstrip("\r\n")
    else:
        said = getpass.getpass(f"{prompt}: ")
        if twice and getpass.getpass(f"{prompt}, again: ") != said:
            raise BadInput("The two passphrases differ.")
        click.echo("", err=True)
    if not said:
        raise BadInput("The passphrase is empty.")
    return said
