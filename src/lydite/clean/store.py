"""A finished scan, opened from its folder."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from lydite.clean.scan import FINDINGS, PAIRS, SCAN, SCORES
from lydite.core import InputError
from lydite.data import printable


@dataclass(frozen=True, eq=False)
class FinishedScan:
    """Scores, findings and pairs of a scan.

    Args:
        folder: Its folder.
        identity: Digest of what decided it.
        version: Id of the data version; empty if it was of none.
        scores: One row an item.
        findings: One row a finding.
        pairs: One row a pair of pictures that show the same.
    """

    folder: Path
    identity: str
    version: str
    scores: pl.DataFrame
    findings: pl.DataFrame
    pairs: pl.DataFrame

    @classmethod
    def open(cls, folder: Path) -> FinishedScan:
        """Open a scan.

        Raises:
            InputError: If there is none, it has not come to its end, or a file is damaged.
        """
        shown = printable(folder)
        try:
            told = json.loads((folder / SCAN).read_text(encoding="utf-8"))
            if not told["done"]:
                raise InputError(f"The scan in {shown} has not come to its end.", "Run the same scan again.")
            names = (SCORES, FINDINGS, PAIRS)
            tables = [
                pl.read_parquet(folder / name) if (folder / name).is_file() else pl.DataFrame()
                for name in names
            ]
            return cls(folder, told["identity"], told["version"], *tables)
        except FileNotFoundError:
            raise InputError(f"Folder {shown} holds no scan.", "Make one: lydite clean scan") from None
        except (OSError, ValueError, KeyError, TypeError, pl.exceptions.PolarsError) as error:
            raise InputError(f"The scan in {shown} is damaged: {error}.", "Scan again.") from error
