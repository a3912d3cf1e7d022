"""The command line: every verb of the engine, for people, cron jobs and monitoring.

Exit codes are those of ``errors``; 0 is success (also "Backup not needed"), 3 a backup with warnings. Every command
takes ``--json``. Ctrl-C ends with 130, SIGTERM with 143, a closed terminal with 129, after the
running step has cleaned up.
"""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import click
from pymongo.errors import PyMongoError

from backup_engine.api import DatabaseBackupRestore
from backup_engine.cli import application, keys, look, make, past, recover, remote, restore, streams, unlock, whose
from backup_engine.cli.session import Answer, Given, Session, common_options
from backup_engine.cli.signals import Signals
from backup_engine.errors import BackupError, Cancelled, DatabaseUnreachable
from backup_engine.machine import private

__all__ = ["commands", "main"]


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@common_options
@click.pass_context
def commands(context: click.Context, **given: Any) -> None:
    """Back up and restore the equipment list."""
    context.obj.take(**given)


for command in (*make.COMMANDS, *look.COMMANDS, *restore.COMMANDS, *past.COMMANDS, *unlock.COMMANDS,
                *whose.COMMANDS, *keys.COMMANDS, *application.COMMANDS, *remote.COMMANDS,
                *recover.COMMANDS):
    commands.add_command(command)


def main(
    arguments: Sequence[str] | None = None, *, engine: Callable[..., DatabaseBackupRestore] = DatabaseBackupRestore,
    further: Sequence[click.Command] = (),
) -> NoReturn:
    """Run one command and exit. ``engine`` makes the backup system, with an installation's defaults bound in;
    ``further`` are that installation's own commands."""
    for command in further:
        commands.add_command(command)
    words = list(sys.argv[1:] if arguments is None else arguments)
    streams.make_fit()
    private.set_umask()
    with Signals() as signals:
        # Looked for before anything is parsed: a wrong option is answered in JSON too.
        code = _run(words, Session(engine, signals, Given(as_json="--json" in words)), signals)
    sys.exit(code)


def _run(words: list[str], session: Session, signals: Signals) -> int:
    """Turn whatever happens into an answer and an exit code: nobody is shown a traceback."""
    try:
        # Not click's standalone mode: it prints and exits with codes of its own.
        answer = commands.main(words, prog_name="backup_csv_for_db_restore.py", standalone_mode=False, obj=session)
        code = _print(answer, session) if isinstance(answer, Answer) else int(answer or 0)
        sys.stdout.flush()  # here a reader who went away is still caught; at exit Python would print a traceback
        return code
    except (KeyboardInterrupt, click.Abort, Cancelled):
        return _failed(session, Cancelled("stopped; what was unfinished has been removed"), signals.exit_code)
    except click.ClickException as error:
        if session.given.as_json:
            return _failed(session, _Usage(error.format_message()), error.exit_code)
        error.show()
        return error.exit_code
    except BackupError as error:
        return _failed(session, error, error.exit_code)
    except PyMongoError as error:
        return _failed(session, DatabaseUnreachable(type(error).__name__), DatabaseUnreachable.exit_code)
    except BrokenPipeError:
        return signals.broken_pipe()
    except OSError as error:  # what reads or writes for the command names its own faults: this is standard output
        signals.broken_pipe()
        click.echo(f"The answer could not be written: {error.strerror or error}.", err=True)
        return 1
    except Exception as error:  # noqa: BLE001 - the last boundary before a person: words instead of a traceback
        if session.given.debug:
            traceback.print_exc()
        return _failed(session, BackupError(f"unexpected fault ({type(error).__name__}: {error})",
                                            hint="Run again with --debug for details."), 1)
    finally:
        session.progress.end()


class _Usage(BackupError):
    exit_code = 2
    opening = ""


def _print(answer: Answer, session: Session) -> int:
    if session.given.as_json:
        said = {"ok": answer.code == 0, "exit_code": answer.code, "message": answer.message, **answer.data,
                **_untold(session)}
        click.echo(json.dumps(said, ensure_ascii=False, indent=1, default=str))
        return answer.code
    session.progress.end()
    for line in answer.lines:
        click.echo(line)
    click.echo(answer.message, err=answer.code not in (0, 3))
    _say_untold(session)
    return answer.code


def _untold(session: Session) -> dict[str, str]:
    problem = session.take_untold()
    return {"untold": problem} if problem else {}


def _say_untold(session: Session) -> None:
    if problem := session.take_untold():
        click.echo(f"Attention: {problem}.", err=True)


def _failed(session: Session, error: BackupError, code: int) -> int:
    session.progress.end()
    if session.given.as_json:
        said = {"ok": False, "exit_code": code, "error": error.code.lstrip("_"), "message": error.message,
                "hint": error.hint, **_untold(session)}
        click.echo(json.dumps(said, ensure_ascii=False, indent=1))
    else:
        click.echo(error.message, err=True)
        if error.hint:
            click.echo(error.hint, err=True)
        _say_untold(session)
    return code
