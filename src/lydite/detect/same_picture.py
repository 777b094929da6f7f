"""Which picture of a run an annotation file means: paths of two people who keep their pictures apart."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from lydite.core import InputError, ItemId
from lydite.detect.store import ImageRecord


@dataclass(frozen=True, slots=True)
class Pairing:
    """Pictures of a truth and of a run.

    Args:
        pairs: Path in the truth to the run's record.
        by_name: Paths that were paired although folders differ: only the ends of both paths agree.
        without_picture: Paths that no picture of the run answers to.
        without_truth: Records that the truth does not speak of.
    """

    pairs: dict[str, ImageRecord]
    by_name: tuple[str, ...]
    without_picture: tuple[str, ...]
    without_truth: tuple[ImageRecord, ...]


def pair_pictures(paths: Iterable[str], records: Iterable[ImageRecord], root: Path) -> Pairing:
    """Find for each path of a truth the picture of the run.

    The same file is the surest sign, then as many trailing parts of the path as agree, then the item's
    own path. The file's name must agree.

    Args:
        paths: Relative to ``root``, with ``/``.
        records: Pictures of the run.
        root: The folder that the truth's paths start from.

    Raises:
        InputError: If a path could mean several pictures, or several paths mean one.
    """
    records = list(records)
    by_file_name: defaultdict[str, list[ImageRecord]] = defaultdict(list)
    for record in records:
        by_file_name[_parts(record.path)[-1]].append(record)
    claims: dict[str, tuple[_Likeness, list[ImageRecord]]] = {}
    paths = list(paths)
    for path in paths:
        likeness = {id(r): _compare(path, r, root) for r in by_file_name[_parts(path)[-1]]}
        if likeness:
            best = max(likeness.values())
            claims[path] = best, [r for r in by_file_name[_parts(path)[-1]] if likeness[id(r)] == best]
    pairs: dict[str, ImageRecord] = {}
    taken: dict[str, str] = {}
    for path, (best, meant) in sorted(claims.items(), key=lambda claim: claim[1][0], reverse=True):
        free = [record for record in meant if record.item not in taken]
        if len(free) > 1:
            raise _ambiguous(f"Picture {path} of the truth could be {len(free)} pictures of the run", free)
        if not free and any(claims[taken[record.item]][0] == best for record in meant):
            other = taken[meant[0].item]
            raise _ambiguous(f"Pictures {other} and {path} of the truth could both be one of the run", meant)
        if free:
            pairs[path], taken[free[0].item] = free[0], path
    return Pairing(
        {path: pairs[path] for path in paths if path in pairs},
        tuple(path for path in paths if path in pairs and not claims[path][0].whole),
        tuple(path for path in paths if path not in pairs),
        tuple(record for record in records if record.item not in taken),
    )


@dataclass(frozen=True, slots=True, order=True)
class _Likeness:
    """How surely a path means a picture; larger is surer."""

    same_file: bool
    common: int
    same_item: bool
    whole: bool


def _compare(path: str, record: ImageRecord, root: Path) -> _Likeness:
    mine, theirs = _parts(path), _parts(record.path)
    common = 0
    for one, other in zip(reversed(mine), reversed(theirs), strict=False):
        if one != other:
            break
        common += 1
    same_file = (root / path).resolve() == Path(record.path).resolve()
    same_item = ItemId.parse(record.item).path == "/".join(mine)
    return _Likeness(same_file, common, same_item, same_file or same_item or common == len(mine))


def _parts(path: str) -> tuple[str, ...]:
    return PurePosixPath(unicodedata.normalize("NFC", Path(path).as_posix())).parts


def _ambiguous(fact: str, records: Sequence[ImageRecord]) -> InputError:
    return InputError(
        f"{fact}.",
        "Make the paths of the truth end as the paths of the run's pictures do.",
        [record.item for record in records[:4]],
    )
