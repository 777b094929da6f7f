"""Every source stands in the table, and any of them can be packed."""

from __future__ import annotations

import inspect
import os
import pkgutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import lydite.data.sources as room
from data.archive.packing import PACKERS, tar_of, zip_of
from data.samples import samples
from lydite.core import ArchiveError, LyditeError, UnknownName
from lydite.data.dataset import Wanted, read_pictures
from lydite.data.formats import FORMATS
from lydite.data.sources import SOURCES, read_any

PICTURE = samples()["rgb.bmp"]  # 20 x 12
HELPERS = {"archives", "cvat_client"}
XML = '<annotations><image id="0" name="in/a.bmp" width="20" height="12">{}</image></annotations>'
BOX = '<box label="cat" occluded="0" xtl="1" ytl="2" xbr="5" ybr="6"/>'
VOC = (
    "<annotation><filename>a.bmp</filename><size><width>20</width><height>12</height></size>"
    "<object><name>cat</name><bndbox><xmin>2</xmin><ymin>3</ymin><xmax>5</xmax><ymax>6</ymax></bndbox></object>"
    "</annotation>"
)
COCO = (
    '{"categories": [{"id": 1, "name": "cat"}],\n"images": [{"id": 1, "file_name": "in/a.bmp", "width": 20, '
    '"height": 12}],\n"annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 2, 4, 4], '
    '"attributes": {"rope": "wrong"}}]}'
)
LABEL_STUDIO = (
    '[{"data": {"image": "in/a.bmp"}, "annotations": [{"result": [{"id": "r", "type": "rectanglelabels", '
    '"original_width": 20, "original_height": 12, "from_name": "l", "to_name": "i", "value": {"x": 5, '
    '"y": 10, "width": 20, "height": 50, "rotation": 0, "rectanglelabels": ["cat"]}}]}]}]'
)
VIDEO = (
    "<annotations><meta><task><name>v</name><size>1</size><original_size><width>20</width><height>12</height>"
    '</original_size><labels><label><name>cat</name></label></labels></task></meta><track id="0" label="cat">'
    '<box frame="0" outside="0" xtl="1" ytl="2" xbr="5" ybr="6"/></track></annotations>'
)
GOOD: dict[str, dict[str, bytes]] = {
    "folders": {"cat/a.bmp": PICTURE, "дог/照片.bmp": PICTURE},
    "kaggle": {"train.csv": b"id,label\na,cat\n", "train/a.bmp": PICTURE},
    "coco": {"instances.json": COCO.encode(), "images/in/a.bmp": PICTURE},
    "cvat": {"annotations.xml": XML.format(BOX).encode(), "images/in/a.bmp": PICTURE},
    "cvat-video": {"annotations.xml": VIDEO.encode(), "images/frame_000000.bmp": PICTURE},
    "label-studio": {"tasks.json": LABEL_STUDIO.encode(), "images/in/a.bmp": PICTURE},
    "voc": {"Annotations/a.xml": VOC.encode(), "JPEGImages/a.bmp": PICTURE},
    "yolo": {"data.yaml": b"names: [cat]\n", "labels/a.txt": b"0 0.5 0.5 0.2 0.2\n", "images/a.bmp": PICTURE},
}


def lay_out(folder: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def test_the_table_holds_every_source_and_each_is_tried() -> None:
    modules = {module.name for module in pkgutil.iter_modules(room.__path__)} - HELPERS
    readers = {str(inspect.getmodule(source.read).__name__).rpartition(".")[2] for source in SOURCES.values()}  # type: ignore[union-attr]
    assert readers == modules
    assert set(FORMATS) < set(SOURCES)
    assert set(GOOD) == set(SOURCES) - {"cvat-server"}  # which has tests of its own
    assert all(
        list(inspect.signature(source.read).parameters) == ["given", "wanted"] for source in SOURCES.values()
    )
    with pytest.raises(UnknownName, match=r"There is no format named 'kagle'\. Did you mean 'kaggle'"):
        read_any("x", Wanted("s", format="kagle"))


@pytest.mark.parametrize("packed", ["", "a.zip", "a.tar.gz"])
@pytest.mark.parametrize("named", [True, False])
@pytest.mark.parametrize("name", GOOD)
def test_every_source_is_read_by_name_and_by_looking_also_packed(
    tmp_path: Path, name: str, named: bool, packed: str
) -> None:
    files = GOOD[name]
    given = lay_out(tmp_path / "given", files)
    if packed:
        wrapped = {f"wrapped/{path}": data for path, data in files.items()}
        given = PACKERS[packed](tmp_path / packed, wrapped)
    wanted = Wanted("s", format=name if named else None, workspace=tmp_path / "w")
    intake = read_pictures(read_any(str(given), wanted))
    assert intake.items["image"].null_count() == 0
    assert len(intake.items) == (2 if name == "folders" else 1)
    assert intake.class_map.names[0] == "cat"
    assert len(intake.regions) == (0 if name in {"folders", "kaggle"} else 1)
    assert not len(intake.report.filter(kind="refused"))
    assert len(intake.report.filter(kind="taken"))


def test_an_archive_is_unpacked_once_and_what_it_left_out_is_told_each_time(tmp_path: Path) -> None:
    archive = tar_of(tmp_path / "a.tar", {"cat/a.bmp": PICTURE, "cat/A.bmp": PICTURE})
    for _ in range(2):
        intake = read_any(str(archive), Wanted("s", workspace=tmp_path / "w"))
        (refused,) = intake.report.filter(kind="refused").rows(named=True)
        assert refused["what"].startswith("an entry has the name of an earlier entry")
        assert (refused["file"], len(intake.items)) == (str(archive), 1)
    assert len([path for path in (tmp_path / "w" / "unpacked").iterdir() if path.is_dir()]) == 1


def test_a_hostile_archive_leaves_nothing(tmp_path: Path) -> None:
    archive = zip_of(tmp_path / "a.zip", {"ok.bmp": PICTURE, "../evil.bmp": PICTURE})
    with pytest.raises(ArchiveError, match="leaves the folder"):
        read_any(str(archive), Wanted("s", workspace=tmp_path / "w"))
    assert [path.name for path in (tmp_path / "w" / "unpacked").iterdir()] == [".lock"]
    assert not list(tmp_path.rglob("evil.bmp"))


def test_a_kill_while_unpacking_leaves_a_workspace_that_goes_on(tmp_path: Path) -> None:
    archive = tar_of(tmp_path / "a.tar", {f"cat/{number}.bmp": PICTURE for number in range(400)})
    code = (
        "import sys; from pathlib import Path; from lydite.data.dataset import Wanted; "
        "from lydite.data.sources import read_any\n"
        "def watch(work, total, title):\n"
        "    for number, entry in enumerate(work):\n"
        "        yield entry\n"
        "        if number == 200:\n"
        "            print('half', flush=True)\n"
        "            sys.stdin.read()\n"
        "read_any(sys.argv[1], Wanted('s', workspace=Path(sys.argv[2]), watch=watch))"
    )
    workspace = tmp_path / "w"
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(archive), str(workspace)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"half\n"
    process.send_signal(signal.SIGKILL)
    process.wait()
    left = [path.name for path in (workspace / "unpacked").iterdir()]
    assert any(name.startswith(".lydite-") for name in left)
    intake = read_any(str(archive), Wanted("s", workspace=workspace))
    assert len(intake.items) == 400
    assert not [path for path in (workspace / "unpacked").iterdir() if path.name.startswith(".lydite-")]
    process.stdout.close()
    assert process.stdin is not None
    process.stdin.close()


SPOIL: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "cut": lambda data: data[: len(data) // 2],
    "latin": lambda data: data.replace(b"cat", b"c\xe4t"),
    "nulls": lambda data: data.replace(b"cat", b"c\0t"),
    "utf16": lambda data: data.decode().encode("utf-16-le"),
    "list": lambda _: b"[1, 2]",
    "number": lambda _: b"7",
    "away": lambda data: data.replace(b"in/a.bmp", b"../../a.bmp").replace(b"a.bmp", b"/etc/passwd"),
    "missing": lambda data: data.replace(b"a.bmp", b"gone.bmp"),
}


@pytest.mark.parametrize("spoilt", SPOIL)
@pytest.mark.parametrize("name", sorted(set(GOOD) - {"folders"}))
def test_whatever_is_wrong_is_an_error_or_a_row_of_the_report(tmp_path: Path, name: str, spoilt: str) -> None:
    files = {
        path: SPOIL[spoilt](data) if not path.endswith(".bmp") else data for path, data in GOOD[name].items()
    }
    folder = lay_out(tmp_path / "given", files)
    try:
        intake = read_pictures(read_any(str(folder), Wanted("s", format=None, workspace=tmp_path / "w")))
    except LyditeError:
        return
    whole = set(intake.items["path"].to_list())
    assert not any(".." in path or path.startswith("/") for path in whole)
    for row in intake.report.filter(kind="refused").iter_rows(named=True):
        assert row["what"]
