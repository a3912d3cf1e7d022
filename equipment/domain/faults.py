"""Everything that is wrong with a form, said at once."""

from __future__ import annotations

from collections.abc import Callable

from backup_engine.errors import BadInput


def all_at_once(*checks: Callable[[], object]) -> None:
    """Run every check; raise one ``BadInput`` with the sentences of all that raised one, in their order."""
    found: list[BadInput] = []
    for check in checks:
        try:
            check()
        except BadInput as fault:
            found.append(fault)
    if len(found) == 1:
        raise found[0]
    if found:
        raise BadInput(" ".join(fault.message for fault in found),
                       hint=" ".join(fault.hint for fault in found if fault.hint))
