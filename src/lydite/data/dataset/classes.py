"""Classes renamed and merged: steps of their own, so that two maps are never mixed by accident."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import polars as pl

from lydite.core import ClassMap, UsageError
from lydite.data.dataset.version import DatasetVersion


def rename_class(
    version: DatasetVersion,
    old: str,
    new: str,
    actor: str,
    reason: str | None = None,
    created: datetime | None = None,
) -> DatasetVersion:
    """The version in which a class has another name; its place in the order stays.

    Raises:
        UnknownName: If there is no class ``old``.
        UsageError: If there is a class ``new``: that would be a merge.
    """
    place = version.class_map.get_label(old)
    if new in version.class_map:
        raise UsageError(
            f"There is a class {new!r} already.", "To make two classes one: lydite data merge-classes."
        )
    names = list(version.class_map.names)
    names[place] = new
    return _relabelled(version, {old: new}, names, actor, reason or f"rename {old!r} to {new!r}", created)


def merge_classes(
    version: DatasetVersion,
    olds: Sequence[str],
    into: str,
    actor: str,
    reason: str | None = None,
    created: datetime | None = None,
) -> DatasetVersion:
    """The version in which several classes are one.

    Args:
        version: What is there.
        olds: Classes that end.
        into: What they become: one that is there, or a new name, which then takes the first one's place.
        actor: Who merges them.
        reason: Why; a sentence that names them if not given.
        created: When; now if not given.

    Raises:
        UnknownName: If one of ``olds`` is no class.
        UsageError: If nothing would end.
    """
    ending = [name for name in dict.fromkeys(olds) if name != into]
    for name in ending:
        version.class_map.get_label(name)
    if not ending:
        raise UsageError("Merging needs a class that ends.", f"Name classes other than {into!r}.", list(olds))
    first = ending[0] if into not in version.class_map else None
    names = [
        into if name == first else name for name in version.class_map if name == first or name not in ending
    ]
    said = reason or f"merge {', '.join(map(repr, ending))} into {into!r}"
    return _relabelled(version, dict.fromkeys(ending, into), names, actor, said, created)


def _relabelled(
    version: DatasetVersion,
    change: dict[str, str],
    names: Sequence[str],
    actor: str,
    reason: str,
    created: datetime | None,
) -> DatasetVersion:
    renamed = pl.col("label").replace(change)
    return version.change(
        actor,
        reason,
        items=version.items.with_columns(renamed),
        regions=version.regions.with_columns(renamed),
        class_map=ClassMap(tuple(names)),
        test_may_change=True,  # the words change, not what is said with them
        created=created,
    )
