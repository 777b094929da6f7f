"""Entries of zip and tar, one after the other, their bytes in pieces."""

from __future__ import annotations

import bz2
import gzip
import lzma
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from lydite.core import ArchiveError
from lydite.data.archive.limits import Meter

PIECE_BYTES = 1 << 20
_LARGEST_READ = 4 * PIECE_BYTES
DAMAGE = (
    zipfile.BadZipFile,
    tarfile.TarError,
    lzma.LZMAError,
    zlib.error,
    gzip.BadGzipFile,
    EOFError,
    UnicodeError,
    ValueError,
    RecursionError,
    OverflowError,
)
"""What the standard library raises for archives that are damaged."""

_SUFFIXES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")
_OPENERS: dict[bytes, Callable[[IO[bytes]], object]] = {
    b"\x1f\x8b": gzip.open,
    b"BZh": bz2.open,
    b"\xfd7zXZ": lzma.open,
}
_ENCRYPTED = 0x1
_UTF8_NAME = 0x800
_UNIX = 3


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry.

    Args:
        name: As the archive spells it.
        is_folder: A folder.
        fault: Why it cannot be unpacked whatever its name, as a clause; empty if it can.
        source: What the reader opens it by.
    """

    name: str
    is_folder: bool
    fault: str
    source: zipfile.ZipInfo | tarfile.TarInfo


class ZipReader:
    """An open zip."""

    def __init__(self, file: zipfile.ZipFile, meter: Meter) -> None:
        self.total: int | None = len(file.infolist())
        self._file = file
        self._meter = meter

    def entries(self) -> Iterator[Entry]:
        """Each entry, counted."""
        for info in self._file.infolist():
            self._meter.count_entry()
            yield _zip_entry(info)

    def pieces(self, entry: Entry) -> Iterator[bytes]:
        """The bytes of a file, counted, at most a mebibyte at a time."""
        with self._file.open(cast(zipfile.ZipInfo, entry.source)) as opened:
            yield from _pieces(opened, self._meter)


class TarReader:
    """An open tar, read once from its beginning to its end."""

    def __init__(self, file: tarfile.TarFile, stream: _Guarded, meter: Meter) -> None:
        self.total: int | None = None  # it has no list of what is in it
        self._file = file
        self._stream = stream
        self._meter = meter

    def entries(self) -> Iterator[Entry]:
        """Each entry, counted; bytes must be read before the next one is asked for.

        Raises:
            ReadError: If the archive ends before its end mark: ``tarfile`` takes a header that was cut
                off, or any rubbish behind the first, for the end.
        """
        while (info := self._file.next()) is not None:
            self._file.members.clear()  # type: ignore[attr-defined]  # or memory grows with the entries
            self._meter.count_entry()
            yield _tar_entry(info)
        if self._stream.last != bytes(tarfile.BLOCKSIZE):
            raise tarfile.ReadError("it ends before its end mark")
        self._stream.drain()

    def pieces(self, entry: Entry) -> Iterator[bytes]:
        """The bytes of a file, counted, at most a mebibyte at a time."""
        opened = self._file.extractfile(cast(tarfile.TarInfo, entry.source))
        if opened is None:
            raise tarfile.ReadError("an entry without bytes")
        with opened:
            yield from _pieces(opened, self._meter)


Reader = ZipReader | TarReader


def _pieces(opened: IO[bytes], meter: Meter) -> Iterator[bytes]:
    while piece := opened.read(PIECE_BYTES):
        meter.count_bytes(len(piece))
        yield piece


def is_archive(path: Path) -> bool:
    """Whether a file's name claims to be an archive that can be unpacked."""
    return path.name.lower().endswith(_SUFFIXES) and not path.is_dir()


@contextmanager
def open_archive(path: Path, meter: Meter) -> Iterator[Reader]:
    """Open an archive by its first bytes, whatever its name.

    Raises:
        ArchiveError: If it is none, or claims more than its caps before anything is unpacked.
    """
    with path.open("rb") as raw:
        head = raw.read(8)
        raw.seek(0)
        if head.startswith(b"PK"):
            with zipfile.ZipFile(raw) as packed:
                _check_claims(packed, meter)
                yield ZipReader(packed, meter)
            return
        opener = next((opener for magic, opener in _OPENERS.items() if head.startswith(magic)), None)
        plain = cast(IO[bytes], opener(raw)) if opener else raw
        stream = _Guarded(plain, meter)
        with tarfile.open(fileobj=cast(IO[bytes], stream), mode="r:") as packed_tar:
            yield TarReader(packed_tar, stream, meter)


def _check_claims(packed: zipfile.ZipFile, meter: Meter) -> None:
    listed = packed.infolist()
    if sum(info.compress_size for info in listed) > meter.packed_bytes:
        # Entries that share their bytes: the trick of a bomb that no ratio of a single entry shows.
        raise ArchiveError(meter.archive, "holds entries that overlap, as bombs do", "Do not unpack it.")
    if len(listed) <= meter.limits.max_entries:
        meter.check_bytes(sum(info.file_size for info in listed))


def _zip_entry(info: zipfile.ZipInfo) -> Entry:
    kind = stat.S_IFMT(info.external_attr >> 16) if info.create_system == _UNIX else 0
    fault = ""
    if kind == stat.S_IFLNK:
        fault = "is a link"
    elif kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        fault = "is a device, a pipe or a socket"
    elif info.flag_bits & _ENCRYPTED:
        fault = "is encrypted"
    return Entry(_zip_name(info), info.is_dir(), fault, info)


def _zip_name(info: zipfile.ZipInfo) -> str:
    """Its name; one that was packed as UTF-8 without saying so, as macOS does, is read as what it is.

    ``zipfile`` cuts names at a null, so the spelling is taken from before that.
    """
    name = info.orig_filename
    if not info.flag_bits & _UTF8_NAME:
        try:
            return name.encode("cp437").decode("utf-8")
        except UnicodeError:
            return name
    return name


def _tar_entry(info: tarfile.TarInfo) -> Entry:
    fault = ""
    if info.issym() or info.islnk():
        fault = "is a link"
    elif info.issparse():
        fault = "is a sparse file"
    elif not (info.isreg() or info.isdir()):
        fault = "is a device, a pipe or of an unknown kind"
    return Entry(info.name, info.isdir(), fault, info)


class _Guarded:
    """A stream for ``tarfile`` that refuses the huge reads by which headers would fill memory.

    It goes forwards only, so that nothing is decompressed twice; but the last block can be read again.
    """

    def __init__(self, stream: IO[bytes], meter: Meter) -> None:
        self.last = b""
        self._stream = stream
        self._meter = meter
        self._at = 0
        self._again = b""
        self._passed = 0

    def read(self, size: int = -1) -> bytes:
        """So many bytes."""
        if size < 0 or size > _LARGEST_READ:
            raise ArchiveError(self._meter.archive, "has a header of unusual size", "Do not unpack it.", size)
        again, self._again = self._again[:size], self._again[size:]
        data = again + self._stream.read(size - len(again))
        self.last = data[-tarfile.BLOCKSIZE :]
        self._at += len(data)
        return data

    def drain(self) -> None:
        """Read to the end, where compressed streams hold the sum that proves them whole."""
        while piece := self.read(PIECE_BYTES):
            self._passed += len(piece)
            self._meter.check_bytes(self._passed)

    def tell(self) -> int:
        """Where the next byte is."""
        return self._at

    def seek(self, to: int, whence: int = 0) -> int:
        """Forwards by reading, so that what is passed over counts, too; backwards within the last block."""
        back = self._at - to
        if whence != 0 or back > len(self.last) or (back > 0 and self._again):
            raise tarfile.ReadError("its headers point backwards")
        if back > 0:
            self._again = self.last[len(self.last) - back :]
            self._at = to
        while self._at < to:
            piece = self.read(min(PIECE_BYTES, to - self._at))
            if not piece:
                break
            self._passed += len(piece)
            self._meter.check_bytes(self._passed)
        return self._at
