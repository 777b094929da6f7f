"""Pooled vectors on disk: found again by space, picture, candidate set and scale, or not at all.

Layout: ``root/<space id>/space.json`` (the space in full, for people) and
``root/<space id>/<aa>/<picture>-<candidates>-<scale>.vectors``. The checksum of a file covers its whole
key, the space in full included, so a file that was damaged, cut, renamed or moved is a miss, never a
wrong vector.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import struct
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from lydite.core import Features, FeatureSpace, ImageId, InvalidValue, Masks, OutputError

_MAGIC = b"lydite vectors 1\n"
_HEADER = struct.Struct("<QQ")
_DIGEST_BYTES = 32
_SUFFIX = ".vectors"
_TEMPORARY = ".writing"
_SPACE_FILE = "space.json"


@dataclass(frozen=True, slots=True)
class CacheKey:
    """What decides a set of pooled vectors.

    Args:
        space: The space of the vectors.
        image: The picture by its content.
        candidates: Digest of the masks, from ``candidates_digest``.
        scale: Pixels of the short side at which the encoder was asked to look.
    """

    space: FeatureSpace
    image: ImageId
    candidates: str
    scale: int

    @property
    def text(self) -> str:
        """The whole key, the space in full."""
        return json.dumps(asdict(self), sort_keys=True)


@dataclass(frozen=True, slots=True)
class CacheSize:
    """What one space holds on disk.

    Args:
        space_id: ``FeatureSpace.id``.
        encoder: Name of its encoder; ``""`` if ``space.json`` cannot be read.
        files: Number of files of vectors.
        size: Their bytes.
    """

    space_id: str
    encoder: str
    files: int
    size: int


def candidates_digest(masks: Masks) -> str:
    """SHA-256 (hex) of masks: their picture's size, their order and every run."""
    digest = hashlib.sha256(np.array([*masks.size_hw, len(masks)], "<i8").tobytes())
    digest.update(masks.offsets.astype("<i8").tobytes())
    digest.update(masks.runs.astype("<i8").tobytes())
    return digest.hexdigest()


class VectorCache:
    """Pooled vectors under one folder, the least recently used removed first.

    Vectors are stored as they are (float32), so a hit equals the computation bit for bit. Files are written
    to a temporary name and renamed; they are not flushed, for a torn file fails its checksum.

    Args:
        root: Folder of the cache; made when first written to.
        max_bytes: Size that the cache keeps to.

    Raises:
        InvalidValue: If ``max_bytes`` is negative.
    """

    def __init__(self, root: Path, max_bytes: int = 4 << 30) -> None:
        if max_bytes < 0:
            raise InvalidValue("VectorCache.max_bytes", "0 or more", max_bytes)
        self.root = root
        self.max_bytes = max_bytes
        # Nothing is known of what lies there: the first write looks.
        self._room = 0

    def find(self, key: CacheKey, ids: Sequence[str]) -> Features | None:
        """The vectors of a key under the caller's ids, or ``None``.

        A file that cannot be read is a miss; one that is damaged is a miss and removed.

        Args:
            key: What is looked for.
            ids: One for each candidate, in the order of the masks.
        """
        path = self._path(key)
        try:
            content = path.read_bytes()
        except OSError:
            return None
        features = _unpack(content, key, ids)
        try:
            if features is None:
                path.unlink(missing_ok=True)
            else:
                os.utime(path)
        except OSError:
            # A cache on a read-only disk still serves; it only forgets what was used last.
            return features
        return features

    def put(self, key: CacheKey, features: Features) -> None:
        """Keep vectors; prune when the cache outgrows its limit.

        A run can go on without its cache: a caller that wants to, catches the error and says so once.

        Raises:
            SpaceMismatch: If the vectors are of another space than the key.
            OutputError: If the disk refuses (full, read-only); nothing half-written stays.
        """
        key.space.require_same(features.space)
        content = _pack(key, features)
        space = json.dumps(asdict(key.space), indent=2, sort_keys=True).encode()
        space_file = self.root / key.space.id / _SPACE_FILE
        try:
            if not space_file.is_file() or space_file.read_bytes() != space:
                _replace(space_file, space)
            _replace(self._path(key), content)
        except OSError as error:
            raise OutputError(
                f"The cache of vectors cannot be written: {error.strerror or error}.",
                "Free space there, choose another folder, or go on without a cache.",
                str(self.root),
            ) from error
        self._room -= len(content)
        if self._room < 0:
            self._room = self.max_bytes - self.prune(self.max_bytes * 9 // 10)

    def sizes(self) -> tuple[CacheSize, ...]:
        """What each space holds, largest first."""
        found: dict[Path, list[int]] = {}
        for path, stat in self._entries():
            found.setdefault(path.parent.parent, []).append(stat.st_size)
        sizes = (
            CacheSize(folder.name, _encoder_of(folder), len(each), sum(each))
            for folder, each in found.items()
        )
        return tuple(sorted(sizes, key=lambda size: (-size.size, size.space_id)))

    def prune(self, to_bytes: int | None = None) -> int:
        """Remove the least recently used files until the rest fits.

        Args:
            to_bytes: Size to shrink to; the cache's own limit if ``None``.

        Returns:
            Bytes that remain.
        """
        limit = self.max_bytes if to_bytes is None else to_bytes
        entries = sorted(self._entries(), key=lambda entry: entry[1].st_mtime_ns)
        total = sum(stat.st_size for _, stat in entries)
        for path, stat in entries:
            if total <= limit:
                break
            try:
                path.unlink(missing_ok=True)
            except OSError:
                continue
            total -= stat.st_size
        return total

    def _path(self, key: CacheKey) -> Path:
        name = f"{key.image}-{key.candidates[:32]}-{key.scale}{_SUFFIX}"
        return self.root / key.space.id / key.image.digest[:2] / name

    def _entries(self) -> Iterator[tuple[Path, os.stat_result]]:
        """Every file of vectors, and what a killed writer left behind."""
        for suffix in (_SUFFIX, _TEMPORARY):
            for path in self.root.glob(f"*/??/*{suffix}"):
                try:
                    yield path, path.stat()
                except OSError:
                    continue


def _pack(key: CacheKey, features: Features) -> bytes:
    body = _HEADER.pack(*features.vectors.shape) + features.vectors.astype("<f4").tobytes()
    return _MAGIC + _checksum(key, body) + body


def _unpack(content: bytes, key: CacheKey, ids: Sequence[str]) -> Features | None:
    body = content[len(_MAGIC) + _DIGEST_BYTES :]
    if len(body) < _HEADER.size or content != _MAGIC + _checksum(key, body) + body:
        return None
    shape = _HEADER.unpack_from(body)
    if shape[0] != len(ids):
        raise InvalidValue("ids", f"one for each of {shape[0]} cached vectors", len(ids))
    vectors = np.frombuffer(body, "<f4", offset=_HEADER.size).reshape(shape).astype(np.float32)
    return Features(vectors, tuple(ids), key.space)


def _checksum(key: CacheKey, body: bytes) -> bytes:
    return hashlib.sha256(key.text.encode() + b"\n" + body).digest()


def _encoder_of(folder: Path) -> str:
    try:
        return str(json.loads((folder / _SPACE_FILE).read_bytes())["encoder"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def _replace(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{secrets.token_hex(8)}{_TEMPORARY}")
    try:
        temporary.write_bytes(content)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
