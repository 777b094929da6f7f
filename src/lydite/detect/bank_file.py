"""A bank in one file: the examples' vectors, what they are, and by which settings they were made.

Layout: a line that names the format, SHA-256 of all that follows, the length of the description, the
description as JSON, then the arrays one after another as little-endian float32. No pickle, nothing packed:
a file cannot claim to be larger than it is.
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lydite import __version__
from lydite.core import (
    ClassMap,
    Features,
    FeatureSpace,
    ImageId,
    InputError,
    InvalidValue,
    OutputConflict,
    UsageError,
)
from lydite.data import printable, write_atomic
from lydite.detect.bank import Bank
from lydite.detect.config import GROUP_OF, GROUPS, DetectSettings, flatten
from lydite.detect.exemplars import Exemplar
from lydite.detect.negatives import SetAside

_MAGIC = b"lydite bank 1\n"
_LENGTH = struct.Struct("<Q")
_DIGEST_BYTES = 32
_ARRAYS = ("positives", "shapes", "positive_sizes", "negatives", "negative_sizes")
MADE_BY = (
    *GROUPS["encoder"].model_fields,
    "exemplar_sizes",
    "pseudo_negative_cos",
    "focus",
    "class_negatives",
    "pseudo_negative_share",
)
"""The settings that the vectors of a bank depend on; all others can be chosen anew."""


@dataclass(frozen=True, slots=True, eq=False)
class BankFile:
    """What a file of a bank holds.

    Args:
        bank: The bank; its ``making`` is the default one.
        made_by: The settings that its vectors depend on, flat; those that are left out are defaults.
    """

    bank: Bank
    made_by: Mapping[str, Any]

    def require_made_by(self, settings: DetectSettings, name: str) -> None:
        """Pass if these settings would have made the same vectors.

        Args:
            settings: Of the run that wants to use the bank.
            name: How to call the bank.

        Raises:
            UsageError: Otherwise; names every setting that differs.
        """
        asked = _made_by(settings)
        differences = [
            f"{key} ({self.made_by.get(key)} there, {asked.get(key)} here)"
            for key in MADE_BY
            if self.made_by.get(key) != asked.get(key)
        ]
        if differences:
            raise UsageError(
                f"Bank {printable(name)} was made by other settings: {', '.join(differences)}.",
                "Leave these options out, or make a new bank with lydite detect bank.",
            )


def save_bank(path: Path, bank: Bank, settings: DetectSettings) -> None:
    """Write a bank that ``load_bank`` reads.

    Args:
        path: A new file.
        bank: The bank; of every source the digests of its files are kept.
        settings: Those that it was made by.

    Raises:
        OutputConflict: If there is something at ``path``.
        OutputError: If it cannot be written.
    """
    if path.exists():
        raise OutputConflict(
            f"There is already something at {printable(path)}.", "Choose a new name with --out."
        )
    arrays = {name: _array(bank, name) for name in _ARRAYS}
    description = {
        "lydite": __version__,
        "space": asdict(bank.space),
        "made_by": _made_by(settings),
        "classes": list(bank.class_map),
        "labels": bank.labels.tolist(),
        "positives": list(bank.positives.ids),
        "negatives": [] if bank.negatives is None else list(bank.negatives.ids),
        "negative_labels": None if bank.negative_labels is None else bank.negative_labels.tolist(),
        "set_aside": [asdict(each) for each in bank.set_aside],
        "sources": [_source(bank, source) for source in bank.sources],
        "arrays": {name: list(array.shape) for name, array in arrays.items() if array is not None},
    }
    text = json.dumps(description).encode()
    parts = [array.astype("<f4").tobytes() for array in arrays.values() if array is not None]
    body = b"".join([_LENGTH.pack(len(text)), text, *parts])
    write_atomic(path, _MAGIC + hashlib.sha256(body).digest() + body)


def load_bank(path: Path) -> BankFile:
    """Read a bank.

    Raises:
        UsageError: If there is no such file.
        InputError: If it is no bank, or damaged.
    """
    if not path.is_file():
        raise UsageError(f"There is no bank {printable(path)}.", "Make one with lydite detect bank.")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(
            f"Bank {printable(path)} cannot be read.", "Check its permissions.", str(error)
        ) from error
    if not content.startswith(_MAGIC):
        raise InputError(f"{printable(path)} is no bank.", "Make one with lydite detect bank.", content[:16])
    start = len(_MAGIC) + _DIGEST_BYTES
    body = content[start:]
    if hashlib.sha256(body).digest() != content[len(_MAGIC) : start]:
        raise InputError(
            f"Bank {printable(path)} is damaged or cut short.", "Copy it again, or make it anew."
        )
    try:
        return _parse(body)
    except (ValueError, TypeError, KeyError, AttributeError, struct.error, InvalidValue) as error:
        raise InputError(
            f"Bank {printable(path)} cannot be understood.", "Make it anew with this version.", str(error)
        ) from error


def _made_by(settings: DetectSettings) -> dict[str, Any]:
    flat = flatten(settings)
    return {name: flat[name] for name in MADE_BY if flat.get(name) not in (None, {})}


def _array(bank: Bank, name: str) -> npt.NDArray[np.float32] | None:
    value: Features | npt.NDArray[np.float32] | None = getattr(bank, name)
    return value.vectors if isinstance(value, Features) else value


def _source(bank: Bank, source: Exemplar) -> dict[str, Any]:
    picture, mask = bank.digests_of(source)
    return {
        "name": source.name,
        "path": str(source.path.absolute()),
        "class": source.class_name,
        "against": source.against,
        "mask": None if source.mask is None else str(source.mask.absolute()),
        "box": source.box,
        "rle": source.rle,
        "judged": source.judged,
        "picture_digest": picture,
        "mask_digest": mask,
    }


def _parse(body: bytes) -> BankFile:
    (length,) = _LENGTH.unpack_from(body)
    described: dict[str, Any] = json.loads(body[_LENGTH.size : _LENGTH.size + length])
    arrays = _arrays(body[_LENGTH.size + length :], described["arrays"])
    space = FeatureSpace(**described["space"])
    unknown = [name for name in described["made_by"] if name not in GROUP_OF]
    if unknown:
        raise InvalidValue("made_by", "settings of this version", unknown)
    against = described["negative_labels"]
    sources = described["sources"]
    bank = Bank(
        ClassMap(tuple(described["classes"])),
        Features(arrays["positives"], tuple(described["positives"]), space),
        np.array(described["labels"], np.int64),
        arrays["shapes"],
        Features(arrays["negatives"], tuple(described["negatives"]), space)
        if "negatives" in arrays
        else None,
        tuple(SetAside(**each) for each in described["set_aside"]),
        (),
        tuple(_exemplar(each) for each in sources),
        arrays.get("positive_sizes"),
        arrays.get("negative_sizes"),
        None if against is None else np.array(against, np.int64),
        contents={each["name"]: (each["picture_digest"], each["mask_digest"]) for each in sources},
    )
    return BankFile(bank, described["made_by"])


def _arrays(data: bytes, shapes: Mapping[str, list[int]]) -> dict[str, npt.NDArray[np.float32]]:
    arrays, start = {}, 0
    for name in _ARRAYS:
        if name in shapes:
            count = int(np.prod(shapes[name]))
            arrays[name] = np.frombuffer(data, "<f4", count, start).reshape(shapes[name]).astype(np.float32)
            start += 4 * count
    if start != len(data):
        raise InvalidValue("arrays", f"{len(data)} bytes", start)
    return arrays


def _exemplar(entry: Mapping[str, Any]) -> Exemplar:
    x0, y0, x1, y1 = entry["box"] or (0.0,) * 4
    return Exemplar(
        Path(entry["path"]),
        str(entry["name"]),
        entry["class"],
        None if entry["mask"] is None else Path(entry["mask"]),
        None if entry["box"] is None else (float(x0), float(y0), float(x1), float(y1)),
        entry["against"],
        entry["rle"],
        entry.get("judged", False),
    )


def changed_sources(bank: Bank) -> tuple[str, ...]:
    """Names of the examples whose files are gone or hold something else than when the bank was saved."""
    changed = []
    for source in bank.sources:
        kept = bank.contents.get(source.name)
        if kept is not None and not _same(kept, source):
            changed.append(source.name)
    return tuple(changed)


def _same(kept: tuple[str | None, str | None], source: Exemplar) -> bool:
    picture, mask = kept
    return picture == _digest(source.path) and (source.rle is not None or mask == _digest(source.mask))


def _digest(path: Path | None) -> str | None:
    try:
        return None if path is None else str(ImageId.of_bytes(path.read_bytes()))
    except OSError:
        return None
