"""SHA-256 of tables: of what they say, not of how a library stores it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
import polars as pl

_ROWS = 100_000


def digest_tables(tables: Sequence[pl.DataFrame], extra: Sequence[str] = ()) -> str:
    """Digest (hex) of tables and texts, the same on any machine and under any version of polars.

    Rows count in their order; column names, types, values and nulls all count.

    Args:
        tables: Tables of texts, whole numbers, float32, booleans, and lists of structs of these.
        extra: Texts that belong to the content.
    """
    digest = hashlib.sha256(b"lydite tables 1\0")
    for text in extra:
        _add_text(digest, text)
    for table in tables:
        _add_text(digest, f"table {table.width} {table.height}")
        for name in table.columns:
            _add_text(digest, f"{name} {table.schema[name]}")
            for start in range(0, table.height, _ROWS):
                _add(digest, table[name].slice(start, _ROWS))
    return digest.hexdigest()


def _add(digest: hashlib._Hash, column: pl.Series) -> None:
    digest.update(np.packbits(column.is_null().to_numpy()).tobytes())
    kind = column.dtype
    if kind == pl.String:
        filled = column.fill_null("")
        digest.update(filled.str.len_bytes().to_numpy().astype("<u4").tobytes())
        digest.update(str(filled.str.join("").item()).encode())
    elif kind == pl.Boolean:
        digest.update(np.packbits(column.fill_null(False).to_numpy()).tobytes())
    elif isinstance(kind, pl.List):
        lengths = column.list.len().fill_null(0)
        digest.update(lengths.to_numpy().astype("<u4").tobytes())
        inner = column.filter(lengths > 0).explode().struct.unnest()
        for name in inner.columns:
            _add(digest, inner[name])
    else:
        values = column.fill_null(0).to_numpy()
        digest.update(values.astype(values.dtype.newbyteorder("<")).tobytes())


def _add_text(digest: hashlib._Hash, text: str) -> None:
    data = text.encode("utf-8", "surrogatepass")
    digest.update(len(data).to_bytes(8, "little"))
    digest.update(data)
