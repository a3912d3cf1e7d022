"""The backup most people write first, as a program of its own: ``python -m scripts.bench_parts.naive URI DB FILE``.

It prints the seconds it took, its imports not counted.
"""

from __future__ import annotations

import sys
import time

import pandas
import pymongo


def main(uri: str, database: str, path: str) -> None:
    """Read everything into one table and write that."""
    with pymongo.MongoClient[dict[str, object]](uri) as client:
        start = time.perf_counter()
        pandas.DataFrame(list(client[database]["Equipment"].find())).to_csv(path, index=False)
        print(time.perf_counter() - start)


if __name__ == "__main__":
    main(*sys.argv[1:])
