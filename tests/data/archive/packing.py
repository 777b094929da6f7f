"""Zips and tars for tests, hostile ones included."""

from __future__ import annotations

import io
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

Files = Mapping[str, bytes]


def zip_of(path: Path, files: Files, kind: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", kind) as packed:
        for name, data in files.items():
            packed.writestr(name, data)
    return path


def tar_of(path: Path, files: Files, mode: str = "w") -> Path:
    with tarfile.open(path, mode) as packed:  # type: ignore[call-overload]
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            packed.addfile(info, io.BytesIO(data))
    return path


PACKERS: dict[str, Callable[[Path, Files], Path]] = {
    "a.zip": zip_of,
    "b.zip": lambda path, files: zip_of(path, files, zipfile.ZIP_LZMA),
    "a.tar": tar_of,
    "a.tar.gz": lambda path, files: tar_of(path, files, "w:gz"),
    "a.tar.bz2": lambda path, files: tar_of(path, files, "w:bz2"),
    "a.tar.xz": lambda path, files: tar_of(path, files, "w:xz"),
}
