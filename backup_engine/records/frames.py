"""Tables as pandas shows them: for the application and for notebooks; a host that only makes backups has no pandas."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from backup_engine.errors import BadInput

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["frame"]


def frame(rows: Sequence[Sequence[str]] | Sequence[Mapping[str, str]], columns: Iterable[str] | None) -> pd.DataFrame:
    """Give a table of text; without ``columns`` they are those of the rows, in the order in which they come up.

    Raises ``BadInput`` where pandas is not installed.
    """
    try:
        import pandas as pd  # here: it costs half a second, which a command line without a table need not pay
    except ImportError:
        raise BadInput("a table takes pandas, which is not installed here", hint="pip install pandas") from None
    names: Any = None if columns is None else list(columns)
    return pd.DataFrame(rows, columns=names, dtype=str)
