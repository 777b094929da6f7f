"""One state of a dataset that never changes: what we have, whence it came, who made it, when and why."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property, partial
from pathlib import Path
from typing import Annotated, Literal

import polars as pl
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from lydite.core import ClassMap, ContractError, InvalidValue, UnknownName
from lydite.data.dataset.intake import Intake, check_roots
from lydite.data.dataset.tables import Tables

TEST_SPLIT = "test"
"""Items of this split stay as they are, unless a change says that it means them."""


Digest = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class VersionInfo(BaseModel):
    """What is known of a version without reading its tables; small enough for a list of all.

    Args:
        parent: Id of the version it was made from, ``None`` for the first.
        actor: Who made it.
        reason: Why, for people.
        created: When, UTC.
        classes: Class names in order.
        roots: Folder of each source, where the relative paths of its items start.
        items: Number of items.
        regions: Number of regions.
        content: Digest of everything that its tables and classes say.
        labels: Digest of what can be learned from it: pictures, labels, regions, classes.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    format: Literal[1] = 1
    parent: Digest | None
    actor: str = Field(min_length=1)
    reason: str = Field(min_length=1)
    created: AwareDatetime
    classes: tuple[str, ...]
    roots: dict[str, str]
    items: int = Field(ge=0)
    regions: int = Field(ge=0)
    content: Digest
    labels: Digest

    @cached_property
    def id(self) -> str:
        """SHA-256 (hex) of all of the above, and so of the tables and, by the parents, of the whole past."""
        text = json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()

    @property
    def short(self) -> str:
        """The first 16 digits of the id: the name of the version's folder."""
        return self.id[:16]


@dataclass(frozen=True, eq=False)
class DatasetVersion:
    """Items, regions and classes of one moment. A change is another version.

    Args:
        info: Who, when, why, and the digests.
        read: Gives the tables; called once, when they are first asked for.
    """

    info: VersionInfo
    read: Callable[[], Tables]

    @classmethod
    def begin(
        cls, intake: Intake, actor: str, reason: str, created: datetime | None = None
    ) -> DatasetVersion:
        """The first version of a history."""
        tables = Tables.checked(intake.items, intake.regions, intake.class_map)
        roots = {name: str(root) for name, root in intake.roots.items()}
        return cls.build(tables, intake.class_map, roots, None, actor, reason, created)

    @classmethod
    def build(
        cls,
        tables: Tables,
        class_map: ClassMap,
        roots: Mapping[str, str],
        parent: str | None,
        actor: str,
        reason: str,
        created: datetime | None = None,
    ) -> DatasetVersion:
        """From tables that were checked; most callers want ``begin`` or ``change``.

        Raises:
            InvalidValue: If actor or reason is empty, or a source has no root.
        """
        for name, text in (("actor", actor), ("reason", reason)):
            if not text.strip():
                raise InvalidValue(f"DatasetVersion.{name}", "a text", text)
        check_roots(tables.items, roots)
        info = VersionInfo(
            parent=parent,
            actor=actor,
            reason=reason,
            created=(created or datetime.now(UTC)).astimezone(UTC),
            classes=class_map.names,
            roots=dict(sorted(roots.items())),
            items=len(tables.items),
            regions=len(tables.regions),
            content=tables.content_digest(class_map),
            labels=tables.labels_digest(class_map),
        )
        return cls(info, partial(_these, tables))

    def change(
        self,
        actor: str,
        reason: str,
        *,
        items: pl.DataFrame | None = None,
        regions: pl.DataFrame | None = None,
        class_map: ClassMap | None = None,
        roots: Mapping[str, str] | None = None,
        test_may_change: bool = False,
        created: datetime | None = None,
    ) -> DatasetVersion:
        """The version after this one; what is not given stays.

        Args:
            actor: Who changes it.
            reason: Why.
            items: The whole new table of items. Without ``regions``, those of items that are gone go too.
            regions: The whole new table of regions; ``tables.number_regions`` numbers new ones.
            class_map: The new classes.
            roots: The new folder of each source.
            test_may_change: Whether items of the split ``test`` may be changed, added or removed.
            created: When; now if not given.

        Raises:
            InvalidValue: If a law of ``schema`` is broken, or a new region bears a number that was given out.
            ContractError: If an item of the split ``test``, or a region of it, would change.
        """
        old = self.tables
        things = old.items if items is None else items
        parts = regions
        if parts is None:
            parts = old.regions if items is None else old.regions.join(things, on="item", how="semi")
        classes = class_map or self.class_map
        tables = Tables.checked(things, parts, classes, old.numbers)
        old.require_new_numbers(tables.regions)
        if not test_may_change:
            _require_same_test(old, tables)
        return DatasetVersion.build(
            tables, classes, self.info.roots if roots is None else roots, self.id, actor, reason, created
        )

    @cached_property
    def tables(self) -> Tables:
        """All tables; read on first use."""
        return self.read()

    @property
    def id(self) -> str:
        """Hash of content, parent, actor, reason and time."""
        return self.info.id

    @property
    def parent(self) -> str | None:
        """Id of the version before."""
        return self.info.parent

    @cached_property
    def class_map(self) -> ClassMap:
        """What labels are there, in order."""
        return ClassMap(self.info.classes)

    @property
    def items(self) -> pl.DataFrame:
        """Table ``schema.ITEMS``, sorted by item; a copy that the caller may change (data are shared)."""
        return self.tables.items.clone()

    @property
    def regions(self) -> pl.DataFrame:
        """Table ``schema.REGIONS``, sorted by item and number; a copy that the caller may change."""
        return self.tables.regions.clone()

    def items_of(self, *, split: str | None = None, source: str | None = None) -> pl.DataFrame:
        """Items of a split, of a source, of both, or all.

        Raises:
            UnknownName: If no item has such a split or source.
        """
        items = self.items
        for column, wanted in (("split", split), ("source", source)):
            if wanted is not None:
                known = items[column].drop_nulls().unique().sort()
                if wanted not in known:
                    raise UnknownName(column, wanted, known)
                items = items.filter(pl.col(column) == wanted)
        return items

    def picture_paths(self) -> tuple[Path, ...]:
        """Where the picture of each item lies, in the order of ``items``."""
        roots = {name: Path(root) for name, root in self.info.roots.items()}
        columns = (self.tables.items["source"].to_list(), self.tables.items["path"].to_list())
        return tuple(roots.get(source, Path()) / path for source, path in zip(*columns, strict=True))


def _these(tables: Tables) -> Tables:
    return tables


def _require_same_test(old: Tables, new: Tables) -> None:
    """Items that are or were of the split test, and their regions, are row for row as before."""
    before, after = (tables.items.filter(pl.col("split") == TEST_SPLIT) for tables in (old, new))
    parts = (
        tables.regions.join(tested, on="item", how="semi", maintain_order="left")
        for tables, tested in ((old, before), (new, after))
    )
    for one, other in ((before, after), tuple(parts)):
        if not one.equals(other):
            changed = set(map(repr, one.rows())) ^ set(map(repr, other.rows()))
            raise ContractError(
                f"Data of the split {TEST_SPLIT!r} would change.",
                "Leave these items out, or say that the change means them.",
                sorted(changed)[0],
            )
