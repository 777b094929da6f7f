"""A run that is stopped anywhere, twice, by Ctrl-C and by kill -9, ends as if it never was."""

from __future__ import annotations

import json
import re
import signal
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from cli.support_cli import SMALL, lydite
from lydite.data.files import TEMPORARY
from pictures import GREEN, RED, disc, ground, save, write_placed_examples
from stopping import Call, run_until

RUN, FILES = "lydite.detect.run", "lydite.data.files"
BEGIN: Call = ("lydite.detect.begin:open_run", 1)
SECOND_PICTURE: Call = ("lydite.detect.detector:Detector.detect", 2)
FINISH: Call = (f"{RUN}:assemble", 1)
PAGES: Call = ("lydite.reports.run_pages:write_run_pages", 1)
RENAMED: Call = (f"{FILES}:_flush_folder", 1)

STAGES: dict[str, tuple[Call, ...]] = {
    "listing": (("lydite.data.find:_walk", 1),),
    "exemplars: the first": (("lydite.detect.exemplars:Exemplar.load", 1),),
    "exemplars: in the middle": (("lydite.detect.exemplars:Exemplar.load", 2),),
    "calibration: survey": (("lydite.detect.rehearse:Searcher.search", 1),),
    "calibration: rehearsal": (
        ("lydite.detect.rehearse:rehearse", 1),
        ("lydite.detect.rehearse:Searcher.search", 2),
    ),
    "calibration: thresholds": (("lydite.detect.calibrate:calibrate", 1),),
    "beginning": (BEGIN,),
    "beginning: the first file": (BEGIN, (f"{FILES}:_flush", 1)),
    "beginning: after the first file": (BEGIN, RENAMED),
    "beginning: between two files": (BEGIN, (f"{FILES}:_flush_folder", 2)),
    "beginning: the last file": (BEGIN, (f"{FILES}:_flush", 3)),
    "picture: decoding": ((f"{RUN}:process", 1), ("lydite.data.image:load_image", 2)),
    "picture: proposals": (SECOND_PICTURE, ("lydite.detect.proposers.regions:RegionProposer.propose", 1)),
    "picture: encoding": (SECOND_PICTURE, ("lydite.detect.embed:look", 1)),
    "picture: pooling": (SECOND_PICTURE, ("lydite.features.pooling:pool", 1)),
    "picture: scoring": (SECOND_PICTURE, ("lydite.detect.scoring:score", 1)),
    "picture: deciding": (SECOND_PICTURE, ("lydite.detect.decide:decide", 1)),
    "picture: explaining": (SECOND_PICTURE, ("lydite.detect.explain:explain", 1)),
    "picture: storing its table": (SECOND_PICTURE, (f"{FILES}:_flush", 1)),
    "picture: between table and record": (SECOND_PICTURE, RENAMED),
    "picture: after its record": (SECOND_PICTURE, (f"{FILES}:_flush_folder", 2)),
    "exporting": (FINISH,),
    "exporting: decisions": (FINISH, ("lydite.detect.join_tables:join_tables", 1), (f"{FILES}:_flush", 1)),
    "exporting: instances": (FINISH, ("lydite.data.coco_writer:CocoWriter.add", 2)),
    "exporting: whole instances": (
        FINISH,
        ("lydite.data.coco_writer:CocoWriter._assemble", 1),
        (f"{FILES}:_flush", 1),
    ),
    "exporting: the list": (FINISH, (f"{RUN}:_write_list", 1)),
    "exporting: the summary": (FINISH, (f"{RUN}:summarise", 1)),
    "pages: the first": (PAGES, ("lydite.reports.pages.picture:write_picture_page", 1)),
    "pages: in the middle": (
        PAGES,
        ("lydite.reports.pages.picture:write_picture_page", 2),
        (f"{FILES}:_flush", 1),
    ),
    "pages: the front page": (PAGES, ("lydite.reports.pages.overview:write_overview", 1)),
}


CALIBRATED = ("calibration", "beginning")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stopped")
    write_placed_examples(folder / "examples", {"red": RED}, count=3)
    for number, colour in enumerate((RED, GREEN, RED)):
        picture = disc(ground((96, 128), number), (40 + 9 * number, 50), 15, colour)
        save(picture, folder / "scenes" / f"{number}.png")
    return folder


def command(root: Path, out: Path, stage: str) -> list[object]:
    """A run that comes to a stage without doing what it need not do for that."""
    few: list[object] = ["--max-candidates", 12, "--superpixels", 60, "--survey", 1, "--exemplar-sizes", 1]
    few += [] if stage.startswith(CALIBRATED) else ["--preset", "strict"]
    few += [] if stage.startswith("pages") else ["--no-pages"]
    return ["detect", "run", root / "scenes", "--positive", root / "examples", "--out", out, *SMALL, *few]


@pytest.fixture(scope="module")
def uninterrupted(root: Path) -> Callable[[str], dict[str, bytes]]:
    """What the same command leaves if nothing stops it."""

    @cache
    def run(name: str) -> dict[str, bytes]:
        out = root / name
        outcome = lydite(*command(root, out, name))
        assert outcome.code == 0, outcome.err
        found = everything(out)
        assert {"decisions.parquet", "instances.json", "pictures.jsonl", "summary.json"} <= set(found)
        return found

    return lambda stage: run(stage.partition(":")[0])


def everything(out: Path) -> dict[str, bytes]:
    """Every file of a run by its name, without wall times and without what a kill left half written."""
    files = [
        path for path in sorted(out.rglob("*")) if path.is_file() and not path.name.startswith(TEMPORARY)
    ]
    return {path.relative_to(out).as_posix(): _timeless(path) for path in files}


def _timeless(path: Path) -> bytes:
    content = path.read_bytes()
    if path.name == "summary.json" or (path.parent.name == "pictures" and path.suffix == ".json"):
        told: dict[str, Any] = json.loads(content)
        return json.dumps({key: told[key] for key in told if key not in {"seconds", "resumed"}}).encode()
    return re.sub(rb"<details><summary>Time by stage.*?</details>", b"", content, flags=re.DOTALL)


@pytest.mark.parametrize("stage", STAGES)
def test_a_run_that_is_stopped_goes_on_as_if_it_never_was(
    root: Path, uninterrupted: Callable[[str], dict[str, bytes]], tmp_path: Path, stage: str
) -> None:
    out = tmp_path / "out"
    stopped = run_until(STAGES[stage], signal.SIGINT, command(root, out, stage), tmp_path / "first.txt")
    assert stopped.code == 1, stopped.said
    assert "Interrupted" in stopped.said
    assert "Traceback" not in stopped.said
    killed = run_until(STAGES[stage], signal.SIGKILL, command(root, out, stage), tmp_path / "second.txt")
    if killed.code == 0:  # the first time it was stopped only after this stage's work
        assert stage in {"picture: after its record"}, killed.said
    else:
        assert killed.code == -signal.SIGKILL, killed.said
    outcome = lydite(*command(root, out, stage))
    assert outcome.code == 0, outcome.err
    assert everything(out) == uninterrupted(stage)
