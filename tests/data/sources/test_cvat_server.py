"""A task on a server: read whole, resumed, and refused clearly whatever the server does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from data.archive.packing import zip_of
from data.samples import samples
from data.sources.cvat_stand_in import TOKEN, StandIn, serving
from data.sources.test_sources import BOX, PICTURE, VIDEO, XML
from lydite.core import ServerError, UsageError
from lydite.data.dataset import Intake, Wanted, read_pictures
from lydite.data.sources import read_any
from support import need_module


@pytest.fixture(autouse=True)
def _client() -> None:
    need_module("cvat_sdk")


TWO = XML.format(BOX).replace(
    "</annotations>", '<image id="1" name="b.png" width="20" height="12"/></annotations>'
)
FRAMES = {"in/a.bmp": PICTURE, "b.png": samples()["rgb.png"]}


@pytest.fixture
def server() -> Iterator[StandIn]:
    with serving(StandIn(TWO, dict(FRAMES))) as running:
        yield running


def read(server: StandIn, tmp_path: Path, token: str | None = TOKEN, timeout_s: float = 5) -> Intake:
    wanted = Wanted("s", workspace=tmp_path, token=token, timeout_s=timeout_s)
    return read_pictures(read_any(f"{server.url}/tasks/12", wanted))


def kept(tmp_path: Path) -> list[str]:
    (folder,) = (tmp_path / "servers").iterdir()
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_a_task_is_read_once_and_then_only_asked_whether_it_changed(server: StandIn, tmp_path: Path) -> None:
    intake = read(server, tmp_path)
    assert intake.items.select("item", "group", "height").rows() == [
        ("s:in/a.bmp", "task 12", 12),
        ("s:b.png", "task 12", 12),
    ]
    assert intake.items["image"].null_count() == 0
    assert intake.regions.select("item", "label", "x1").rows() == [("s:in/a.bmp", "cat", 5)]
    assert kept(tmp_path) == [".lock", "annotations.xml", "frames/b.png", "frames/in/a.bmp", "task.json"]
    assert (server.count("/dataset/export"), server.count("type=frame")) == (1, 2)
    assert read(server, tmp_path).items.equals(intake.items)
    assert (server.count("/dataset/export"), server.count("type=frame")) == (1, 2)
    server.updated, server.xml = "2024-05-12T10:00:00.000000Z", TWO.replace("cat", "dog")
    assert read(server, tmp_path).class_map.names == ("dog",)
    assert (server.count("/dataset/export"), server.count("type=frame")) == (2, 2)


def test_videos_have_numbered_frames(tmp_path: Path) -> None:
    xml = VIDEO.replace(
        "<size>1</size>", "<size>2</size><start_frame>4</start_frame><frame_filter>step=3</frame_filter>"
    )
    xml = xml.replace('frame="0"', 'frame="7"')
    stand_in = StandIn(xml, {"0": PICTURE, "1": PICTURE}, "interpolation", start=4, step=3)
    with serving(stand_in) as server:
        intake = read(server, tmp_path)
        assert intake.items["item"].to_list() == ["s:frame_000004.bmp", "s:frame_000007.bmp"]
        assert intake.regions["item"].to_list() == ["s:frame_000007.bmp"]
        assert set(intake.items["group"]) == {"v"}
        read(server, tmp_path)
        assert server.count("type=frame") == 2


def test_deleted_frames_are_not_asked_for(server: StandIn, tmp_path: Path) -> None:
    server.deleted = (1,)
    read(server, tmp_path)
    assert server.count("number=1") == 0


@pytest.mark.parametrize(
    ("where", "faults", "message"),
    [
        ("/api/tasks/12", [404], r"answers 404 \(Not Found\) about task 12\. Check the number of the task"),
        ("/api/tasks/12", [403], r"answers 403 .* Check the token and what it may read"),
        ("/api/tasks/12", [500], r"answers 500 .* about task 12\. Give the same command again"),
        ("/api/tasks/12", [503] * 9, r"answers 503 .* Give the same command again"),
        ("/api/tasks/12", ["hang"] * 9, r"does not answer about task 12: ReadTimeoutError\. Give the same"),
        ("/api/tasks/12", ["nonsense"], r"does not answer as documented about task 12: .* Check its version"),
        ("/api/tasks/12/data/meta", ["nonsense"], r"does not answer as documented about task 12"),
        ("/api/tasks/12/data/meta", ["cut"] * 9, r"does not answer .*about task 12"),
        ("/api/tasks/12/dataset", [500], r"answers 500 .* about the export of task 12"),
        ("/api/requests", ["nonsense"], r"does not answer as documented about the export"),
        ("/api/export/1", ["cut"] * 9, r"(does not answer about the export|sent no usable export)"),
        (
            "/api/tasks/12/data/?",
            ["hang"] * 9,
            r"does not answer about frame 0 of task 12 \(0 of 2 are kept\)",
        ),
        ("/api/tasks/12/data/?", [401], r"answers 401 .* about frame 0 of task 12 \(0 of 2 are kept\)"),
    ],
)
def test_whatever_the_server_does_is_an_error_and_the_same_call_goes_on(
    server: StandIn, tmp_path: Path, where: str, faults: list[object], message: str
) -> None:
    server.faults[where] = list(faults)
    with pytest.raises(ServerError, match=rf"Server http://127\.0\.0\.1:\d+ {message}"):
        read(server, tmp_path, timeout_s=0.3)
    server.faults.clear()
    intake = read(server, tmp_path)
    assert (len(intake.items), len(intake.regions)) == (2, 1)
    assert not [name for name in kept(tmp_path) if ".lydite-" in name]


def test_a_server_that_stumbles_is_asked_again(server: StandIn, tmp_path: Path) -> None:
    server.faults["/api/tasks/12/data/?"] = [503, 502, 429]
    assert not len(read(server, tmp_path).report.filter(kind="refused"))


def test_a_cut_download_goes_on_where_it_ended(server: StandIn, tmp_path: Path) -> None:
    asked = "frame 1 of task 12"
    server.faults = {"/api/tasks/12/data/?": [None, *["hang"] * 9]}
    with pytest.raises(ServerError, match=asked + r" \(1 of 2 are kept\)"):
        read(server, tmp_path, timeout_s=0.3)
    server.faults.clear()
    before = server.count("number=0")
    assert len(read(server, tmp_path).items) == 2
    assert (server.count("number=0"), server.count("/dataset/export")) == (before, 1)


def test_a_frame_that_is_refused_is_a_row_of_the_report(server: StandIn, tmp_path: Path) -> None:
    server.faults["/api/tasks/12/data/?"] = [None, 404]
    refused = read(server, tmp_path).report.filter(kind="refused")["what"].to_list()
    assert refused[0] == "frame 1 was refused by the server (b.png)"
    assert refused[1].startswith("the picture of s:b.png")
    assert not len(read(server, tmp_path).report.filter(kind="refused"))


@pytest.mark.parametrize("name", ["../../evil.png", "/etc/evil.png", "C:\\evil.png"])
def test_a_name_that_leaves_the_folder_is_refused(tmp_path: Path, name: str) -> None:
    with serving(StandIn(TWO, {name: PICTURE, **FRAMES})) as server:
        intake = read(server, tmp_path / "w")
    assert f"frame 0 leaves the folder of pictures ({name})" in intake.report["what"].to_list()
    assert not list(tmp_path.rglob("*evil*"))


def test_the_token_goes_to_no_other_server(server: StandIn, tmp_path: Path) -> None:
    with serving(StandIn(TWO, {})) as other:
        server.result_host = other.url
        with pytest.raises(ServerError, match=r"sends the export from another server\. Export it by hand"):
            read(server, tmp_path)
        assert other.asked == []


def test_a_failed_export_and_a_hostile_one(server: StandIn, tmp_path: Path) -> None:
    server.export_fails = True
    with pytest.raises(ServerError, match=r"about the export of task 12: it failed: worker was lost"):
        read(server, tmp_path)
    server.export_fails, server.polls = False, 9
    server.archive = zip_of(tmp_path / "evil.zip", {"../evil": b"", "annotations.xml": b""}).read_bytes()
    with pytest.raises(ServerError, match=r"sent no usable export of task 12: .*leaves the folder"):
        read(server, tmp_path)
    server.archive = zip_of(tmp_path / "other.zip", {"other.xml": b""}).read_bytes()
    with pytest.raises(ServerError, match=r"sent no usable export of task 12"):
        read(server, tmp_path)


def test_no_server_no_token_no_address(server: StandIn, tmp_path: Path) -> None:
    with pytest.raises(ServerError, match=r"answers 401 .* Check the token and what it may read"):
        read(server, tmp_path, token=None)
    wanted = Wanted("s", workspace=tmp_path, timeout_s=0.5)
    with pytest.raises(ServerError, match=r"does not answer about task 12: NewConnectionError"):
        read_any("http://127.0.0.1:9/tasks/12", wanted)
    for given in ("http://x", "https://x/tasks/", "https://x/tasks/y", "https://me:secret@x/tasks/1"):
        with pytest.raises(UsageError, match=r"This is no address of a task\. Write it like"):
            read_any(given, wanted)
