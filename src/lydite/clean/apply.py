"""Decisions as files: manifest, a table a variant, the quarantine list, a summary; and as a data version."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from io import BytesIO
from pathlib import Path
from typing import Any

import polars as pl

from lydite.clean.decisions import Decision, decide
from lydite.clean.policy import Policy
from lydite.clean.store import FinishedScan
from lydite.core import UsageError
from lydite.data.dataset import DatasetVersion
from lydite.data.deposit import deposit

VARIANTS = {"strict": (Decision.DROP,), "aggressive": (Decision.DROP, Decision.QUARANTINE)}
"""Name of each variant -> the decisions whose items it leaves out."""


def write_decisions(scan: FinishedScan, policy: Policy, folder: Path) -> pl.DataFrame:
    """Decide and write everything that follows; the folder changes in one step or not at all.

    Files: ``decisions.parquet``, ``tables/<variant>.csv``, ``quarantine.csv``, ``policy.toml``,
    ``summary.json``, ``manifest.json`` (what it rests on, and the SHA-256 of each file).

    Args:
        scan: A finished scan.
        policy: The limits.
        folder: New, empty, or holding earlier decisions.

    Returns:
        The decisions, see ``decide``.

    Raises:
        OutputConflict: If the folder holds files that this did not write, or that were changed since.
        OutputError: If it cannot be written.
    """
    decided = decide(scan.scores, policy)
    flat = decided.with_columns(pl.col("reasons").list.join(" "))
    tables = {
        f"tables/{name}.csv": flat.filter(~pl.col("decision").is_in([d.value for d in out])).select(
            "item", "label", "group", "split"
        )
        for name, out in VARIANTS.items()
    }
    tables["quarantine.csv"] = flat.filter(pl.col("decision") == Decision.QUARANTINE.value).select(
        "item", "label", "group", "split", "reasons"
    )
    content = BytesIO()
    decided.write_parquet(content, compression="zstd")
    files: dict[str, bytes] = {
        "decisions.parquet": content.getvalue(),
        "policy.toml": policy.to_toml().encode(),
    }
    files |= {name: table.write_csv().encode("utf-8", "surrogatepass") for name, table in tables.items()}
    files["summary.json"] = json.dumps(summarise(decided), indent=2).encode()
    manifest = {
        "scan": scan.identity,
        "version": scan.version,
        "policy": policy.name,
        "files": {name: hashlib.sha256(data).hexdigest() for name, data in sorted(files.items())},
    }
    files["manifest.json"] = json.dumps(manifest, indent=2).encode()
    with deposit(folder, "clean decisions") as stage:
        for name, data in files.items():
            (stage / name).parent.mkdir(parents=True, exist_ok=True)
            (stage / name).write_bytes(data)
    return decided


def summarise(decided: pl.DataFrame) -> dict[str, Any]:
    """Counts by decision, and by decision and reason. An item with two reasons counts under both."""
    by_reason: dict[str, Counter[str]] = {decision.value: Counter() for decision in Decision}
    for decision, reasons in decided.select("decision", "reasons").iter_rows():
        by_reason[decision].update(reasons)
    counts = Counter(decided["decision"].to_list())
    return {
        "items": len(decided),
        "decisions": {decision.value: counts.get(decision.value, 0) for decision in Decision},
        "reasons": {
            decision.value: dict(sorted(by_reason[decision.value].items()))
            for decision in (Decision.DROP, Decision.QUARANTINE)
        },
        "spared_in_test": int(decided["spared"].sum()),
        "excluded": int(decided["excluded"].sum()),
    }


def cleaned_version(
    version: DatasetVersion, decided: pl.DataFrame, actor: str, reason: str
) -> DatasetVersion:
    """The version without what is excluded; nothing is deleted, and test data stay as they are.

    Args:
        version: The version that was scanned.
        decided: From ``decide``.
        actor: Who decides.
        reason: Why.

    Raises:
        UsageError: If the decisions are about other items than those of the version.
    """
    if set(decided["item"]) != set(version.items["item"]):
        raise UsageError("The decisions are about other items than those of the version.", "Scan it again.")
    gone = decided.filter(pl.col("excluded")).select("item")
    return version.change(actor, reason, items=version.items.join(gone, on="item", how="anti"))
