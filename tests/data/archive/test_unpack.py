"""Archives of strangers: what is honest comes out whole, what is hostile writes nothing."""

from __future__ import annotations

import io
import os
import random
import shutil
import stat
import struct
import tarfile
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar

import pytest

from data.archive.packing import PACKERS, tar_of, zip_of
from lydite.core import ArchiveError, LyditeError, OutputConflict, OutputError
from lydite.data.archive import ArchiveLimits, is_archive, unpack

T = TypeVar("T")
HONEST = {
    "a.txt": b"one",
    "in/Äpfel/照片 1.jpg": bytes(range(256)) * 8,  # 2048: a multiple of tar's block
    "in/empty": b"",
    "big.bin": random.Random(1).randbytes(3_000_000),
}


def everything(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def nothing_else_in(folder: Path, *names: str) -> bool:
    return sorted(path.name for path in folder.iterdir()) == sorted(names)


@pytest.mark.parametrize("name", PACKERS)
def test_what_was_packed_comes_out(tmp_path: Path, name: str) -> None:
    archive = PACKERS[name](tmp_path / name, HONEST)
    assert is_archive(archive)
    seen: list[tuple[int | None, str]] = []

    def watch(work: Iterable[T], total: int | None, title: str) -> Iterable[T]:
        seen.append((total, title))
        return work

    found = unpack(archive, tmp_path / "x" / "out", watch=watch)
    assert everything(found.folder) == HONEST
    assert (found.files, found.refused) == (4, ())
    assert seen == [(4 if "zip" in name else None, "unpacking")]
    assert not any(os.access(path, os.X_OK) for path in found.folder.rglob("*") if path.is_file())
    with pytest.raises(OutputConflict):
        unpack(archive, found.folder)


@pytest.mark.parametrize("pack", [zip_of, tar_of])
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("../../evil", "leaves the folder"),
        ("ok/../../evil", "leaves the folder"),
        ("..\\evil", "leaves the folder"),
        ("/etc/evil", "has an absolute path"),
        ("C:\\evil", "has an absolute path"),
        ("\\\\host\\evil", "has an absolute path"),
        ("a\nb", "has a control character"),
        ("a/b:stream", "has a colon"),
        ("x" * 300, "has too long a path"),
        ("a/" * 70 + "b", "has too long a path"),
        ("./.", "has no name"),
    ],
)
def test_an_entry_that_would_leave_spoils_the_whole(
    tmp_path: Path, pack: object, name: str, words: str
) -> None:
    inner = tmp_path / "deep" / "deeper"
    inner.mkdir(parents=True)
    archive = pack(inner / "a.zip", {"good.txt": b"1", name: b"2"})  # type: ignore[operator]
    with pytest.raises(ArchiveError, match=f"holds an entry that {words}.*Pack it again"):
        unpack(archive, inner / "out")
    assert nothing_else_in(inner, "a.zip")
    assert nothing_else_in(tmp_path, "deep")
    assert not Path("/etc/evil").exists()


def test_a_null_in_a_name_does_not_hide_its_end(tmp_path: Path) -> None:
    archive = zip_of(tmp_path / "a.zip", {"aXb.txt": b"1"})
    archive.write_bytes(archive.read_bytes().replace(b"aXb.txt", b"a\0b.txt"))
    with pytest.raises(ArchiveError, match="control character"):
        unpack(archive, tmp_path / "out")


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE])
def test_links_and_devices_of_tar_are_left_out_and_named(tmp_path: Path, kind: bytes) -> None:
    archive = tmp_path / "a.tar"
    with tarfile.open(archive, "w") as packed:
        link = tarfile.TarInfo("out")
        link.type, link.linkname = kind, "/etc"
        packed.addfile(link)
        inside = tarfile.TarInfo("out/passwd")  # through the link, were there one
        inside.size = 4
        packed.addfile(inside, io.BytesIO(b"evil"))
    found = unpack(archive, tmp_path / "x")
    assert everything(found.folder) == {"out/passwd": b"evil"}
    (refused,) = found.refused
    assert str(refused).startswith(f"{archive}: an entry is a ")
    assert str(refused).endswith("Seen: out")


def test_links_and_encrypted_files_of_zip_are_left_out_and_named(tmp_path: Path) -> None:
    archive = tmp_path / "a.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        link = zipfile.ZipInfo("link")
        link.create_system = 3
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        packed.writestr(link, "/etc")
        packed.writestr("secret", "x")
        packed.writestr("plain", "y")
    data = bytearray(archive.read_bytes())
    for magic, offset in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        at = data.index(magic, data.index(b"secret", 0 if magic == b"PK\3\4" else data.index(b"PK\1\2")) - 60)
        data[at + offset] |= 1
    archive.write_bytes(bytes(data))
    found = unpack(archive, tmp_path / "x")
    assert [(one.reason, one.seen) for one in found.refused] == [
        ("is a link", "link"),
        ("is encrypted", "secret"),
    ]
    assert everything(found.folder) == {"plain": b"y"}


@pytest.mark.parametrize("pack", [zip_of, tar_of])
def test_names_that_would_meet_somewhere_are_left_out_and_named(tmp_path: Path, pack: object) -> None:
    names = (
        "in/A.png",
        "in/a.PNG",
        "IN/b.png",
        "caf\u00e9.txt",
        "cafe\u0301.txt",
        "in",
        "f",
        "f/g",
        "STRASSE",
        "straße",
    )
    archive = pack(tmp_path / "a.zip", {name: name.encode() for name in names})  # type: ignore[operator]
    found = unpack(archive, tmp_path / "x")
    assert sorted(everything(found.folder)) == sorted(("in/A.png", "caf\u00e9.txt", "f", "STRASSE"))
    assert [one.seen for one in found.refused] == [
        "in/a.PNG",
        "IN/b.png",
        "cafe\u0301.txt",
        "in",
        "f/g",
        "straße",
    ]


def test_the_same_name_twice_keeps_the_first(tmp_path: Path) -> None:
    archive = tmp_path / "a.tar"
    with tarfile.open(archive, "w") as packed:
        for data in (b"first", b"second"):
            info = tarfile.TarInfo("same.txt")
            info.size = len(data)
            packed.addfile(info, io.BytesIO(data))
    found = unpack(archive, tmp_path / "x")
    assert everything(found.folder) == {"same.txt": b"first"}
    assert "earlier entry" in str(found.refused[0])


@pytest.mark.parametrize("name", PACKERS)
def test_bombs_end_at_the_cap(tmp_path: Path, name: str) -> None:
    archive = PACKERS[name](tmp_path / name, {"zeros": bytes(6_000_000), "more": bytes(6_000_000)})
    limits = ArchiveLimits(max_ratio=100, free_bytes=1_000_000)
    if name != "a.tar":  # plain tar cannot be one
        with pytest.raises(ArchiveError, match=r"more than 100 times its own size .*, as bombs do"):
            unpack(archive, tmp_path / "x", limits)
    with pytest.raises(ArchiveError, match=r"unpacks to more than 1,000,000 bytes\. Split it"):
        unpack(archive, tmp_path / "x", ArchiveLimits(max_bytes=1_000_000))
    with pytest.raises(ArchiveError, match="holds more than 1 entries"):
        unpack(archive, tmp_path / "x", ArchiveLimits(max_entries=1))
    assert nothing_else_in(tmp_path, name)


def test_entries_that_overlap_are_a_bomb(tmp_path: Path) -> None:
    archive = zip_of(tmp_path / "a.zip", {"kernel": random.Random(2).randbytes(5000)})
    data = archive.read_bytes()
    at = data.index(b"PK\1\2")
    end = data.index(b"PK\5\6")
    entry = data[at:end]
    many = b"".join(entry.replace(b"kernel", b"k%05d" % number) for number in range(50))
    tail = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 50, 50, len(many), at, 0)
    archive.write_bytes(data[:at] + many + tail)
    with pytest.raises(ArchiveError, match="holds entries that overlap, as bombs do"):
        unpack(archive, tmp_path / "x")


def test_a_header_that_would_fill_memory_is_refused(tmp_path: Path) -> None:
    archive = tmp_path / "a.tar.gz"
    with tarfile.open(archive, "w:gz", format=tarfile.PAX_FORMAT) as packed:
        info = tarfile.TarInfo("a")
        info.pax_headers = {"comment": "x" * 20_000_000}
        packed.addfile(info)
    with pytest.raises(ArchiveError, match="has a header of unusual size"):
        unpack(archive, tmp_path / "x")


@pytest.mark.parametrize("name", PACKERS)
def test_any_cut_and_any_damage_is_an_error_and_leaves_nothing(tmp_path: Path, name: str) -> None:
    files = {f"in/{number}.bin": random.Random(number).randbytes(700 * number) for number in range(4)}
    whole = PACKERS[name](tmp_path / name, files).read_bytes()
    cut, chance = tmp_path / "cut", random.Random(3)
    for size in (0, 1, 3, 100, 511, 512, 513, 1024, len(whole) // 2, len(whole) - 10_241, len(whole) - 30):
        if size <= 0 < len(whole) and size:
            continue
        cut.write_bytes(whole[:size])
        if name == "a.tar" and size > len(whole) - 9000:
            continue  # only padding is missing
        with pytest.raises(ArchiveError, match=r"Copy or download it again|Pack it"):
            unpack(cut, tmp_path / "x")
    for _ in range(20):
        spoilt = bytearray(whole)
        for _ in range(4):
            spoilt[chance.randrange(len(spoilt))] = chance.randrange(256)
        cut.write_bytes(bytes(spoilt))
        try:
            found = unpack(cut, tmp_path / f"x{chance.random()}")
        except LyditeError:
            continue
        assert found.folder.is_dir()
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".lydite-")]


def test_names_of_zips_from_macs_are_utf8_and_its_own_files_are_passed_over(tmp_path: Path) -> None:
    archive = zip_of(
        tmp_path / "a.zip", {"Äpfel/鳥.txt": b"1", "__MACOSX/._x": b"2", "Äpfel/.DS_Store": b"3"}
    )
    data = bytearray(archive.read_bytes())
    for magic, offset in ((b"PK\3\4", 7), (b"PK\1\2", 9)):
        at = -1
        while (at := data.find(magic, at + 1)) >= 0:
            data[at + offset] &= ~0x08
    archive.write_bytes(bytes(data))
    found = unpack(archive, tmp_path / "x")
    assert everything(found.folder) == {"Äpfel/鳥.txt": b"1"}
    assert found.refused == ()


def test_a_full_disk_is_said_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = zip_of(tmp_path / "a.zip", HONEST)
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=10))
    with pytest.raises(
        OutputError, match=r"or more. Free some space, or unpack elsewhere. Seen: 10 bytes free"
    ):
        unpack(archive, tmp_path / "x")
    assert nothing_else_in(tmp_path, "a.zip")


def test_no_archive_and_no_file(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_text("I am a text")
    with pytest.raises(ArchiveError, match="is damaged or no archive"):
        unpack(tmp_path / "a.zip", tmp_path / "x")
    with pytest.raises(ArchiveError, match=r"cannot be read: No such file.*Check the name"):
        unpack(tmp_path / "b.zip", tmp_path / "x")
