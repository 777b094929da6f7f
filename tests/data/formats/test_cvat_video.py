"""CVAT for video 1.1, from files written by hand after the published format."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data.samples import samples
from lydite.core import AnnotationError
from lydite.data.annotations import AnnotationSet
from lydite.data.formats.cvat_video import read_cvat_video
from lydite.data.guess import locate_annotations

HEAD = """<?xml version="1.0" encoding="utf-8"?>
<annotations>
  <version>1.1</version>
  <meta>
    <task>
      <id>12</id><name>site 3, camera 1</name><size>{size}</size>
      <mode>interpolation</mode><overlap>5</overlap>
      <bugtracker></bugtracker><created>2024-05-11 10:00:00+00:00</created>
      <start_frame>{start}</start_frame><stop_frame>9</stop_frame><frame_filter>{step}</frame_filter>
      <labels>
        <label><name>person</name><color>#ff0000</color><type>any</type><attributes>
          <attribute><name>safety_rope_use</name><mutable>True</mutable><input_type>select</input_type>
          <default_value>unknown</default_value>
          <values>unknown
wrong
correct</values></attribute>
        </attributes></label>
      </labels>
      <original_size><width>20</width><height>12</height></original_size>
    </task>
    <dumped>2024-05-12 10:00:00+00:00</dumped>
  </meta>
"""
BOX = 'xtl="1.00" ytl="2.00" xbr="4.50" ybr="7.00"'


def box(frame: int | str, more: str = "", inside: str = "", outside: int = 0, geometry: str = BOX) -> str:
    return (
        f'<box frame="{frame}" keyframe="1" outside="{outside:d}" occluded="0" {geometry} {more} z_order="0">'
        f"{inside}</box>\n"
    )


def rope(value: str) -> str:
    return f'<attribute name="safety_rope_use">{value}</attribute>'


def track(*shapes: str, number: int | str = 0, label: str = "person", more: str = "") -> str:
    return f'<track id="{number}" label="{label}" source="manual" {more}>\n{"".join(shapes)}</track>\n'


def read(tmp_path: Path, *tracks: str, images: Path | None = None, **head: object) -> AnnotationSet:
    path = tmp_path / "annotations.xml"
    values: dict[str, object] = {"size": 4, "start": 0, "step": "", **head}
    path.write_text(f"{HEAD.format(**values)}{''.join(tracks)}</annotations>", encoding="utf-8")
    return read_cvat_video(path, images)


def test_tracks_become_frames(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        track(
            box(0, inside=rope("wrong")),
            box(
                1,
                inside=rope("correct"),
                more='rotation="90.00"',
                geometry='xtl="4" ytl="4" xbr="12" ybr="8"',
            ),
            box(2, outside=1, inside=rope("correct")),
            more='group_id="2"',
        ),
        track(box(1), number=7),
    )
    assert found.problems == ()
    assert [image.path for image in found.images] == [f"frame_{n:06d}.PNG" for n in range(4)]
    assert [len(image) for image in found.images] == [1, 2, 0, 0]
    assert {image.group for image in found.images} == {"site 3, camera 1"}
    first, second = found.images[:2]
    assert first.size_hw == (12, 20)
    assert first.ids == ("0-0",)
    assert first.attributes == ({"safety_rope_use": "wrong", "track": "0", "group": "2"},)
    assert second.boxes.xyxy.tolist() == [[6, 2, 10, 10], [1, 2, 4.5, 7]]
    assert second.masks is not None
    assert second.masks.areas.tolist() == [32, 0]
    assert second.attributes is not None
    assert second.attributes[1] == {"safety_rope_use": "unknown", "track": "7"}
    assert [note.split(": ", 1)[1] for note in found.notes] == [
        "track[0].box[1] is a turned box and became a mask and the box around it",
        "1 shapes of 1 tracks are outside their frame and were left out",
        "attribute safety_rope_use was missing 1 times (here first) and got its default 'unknown'",
    ]
    assert locate_annotations(tmp_path / "annotations.xml")[0] == "cvat-video"


def test_a_shape_exported_to_video_is_two_boxes_the_second_outside(tmp_path: Path) -> None:
    found = read(tmp_path, track(box(1), box(2, outside=1)), track(box(3), number=1))
    assert [len(image) for image in found.images] == [0, 1, 0, 1]


def test_frames_between_key_frames_are_not_guessed(tmp_path: Path) -> None:
    found = read(tmp_path, track(box(0), box(3)), track(box(0), box(1, outside=1), box(3), number=1))
    assert [len(image) for image in found.images] == [2, 0, 0, 2]
    assert found.notes[0].endswith("1 shapes of 1 tracks are outside their frame and were left out")
    assert found.notes[1].endswith("1 gaps between frames of 1 tracks (0) were left as they are")
    stepped = read(tmp_path, track(box(2), box(5)), start=2, step="step=3", size=2)
    assert [image.path for image in stepped.images] == ["frame_000002.PNG", "frame_000005.PNG"]
    assert not [note for note in stepped.notes if "gaps" in note]


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (
            track(box(0, inside=rope("Wrong"))),
            r"track\[0\]\.box\[0\]\.attribute safety_rope_use is none of the",
        ),
        (track(box(0), box(0)), r"box\[1\]\.frame stands twice in its track\. Seen: 0"),
        (track(box("x")), r"box\[0\]\.frame is not a number\. Seen: x"),
        (track(box(-1)), r"box\[0\]\.frame is not a whole number from 0 on"),
        (track(box("1.5")), r"box\[0\]\.frame is not a whole number from 0 on"),
        (track(box(0), label="horse"), r"track\[0\]\.label is none of the known labels\. Seen: horse"),
        (track(box(0), number=""), r"track\[0\]\.id is missing"),
        (track(box(0)) + track(box(1)), r"track\[1\]\.id stands twice\. Seen: 0"),
        (
            track('<points frame="0" outside="0" occluded="0" points="1,2"/>'),
            r"track\[0\]\.points\[0\] is no box, polygon or mask\. Draw the track as one of these",
        ),
        (track(box(0, geometry=BOX.replace("4.50", "99"))), r"reaches out of the picture of 20x12 pixels"),
        (track(box(0, more='rotation="nan"')), r"rotation is not finite"),
    ],
)
def test_a_bad_shape_is_a_problem_with_its_line(tmp_path: Path, bad: str, message: str) -> None:
    found = read(tmp_path, bad, track(box(1, inside=rope("wrong")), number=99))
    (problem,) = found.problems
    with pytest.raises(AnnotationError, match=message):
        raise problem
    assert problem.line > 20
    assert len(found.images[1]) >= 1


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            '<image id="0" name="a" width="1" height="1"/>',
            r"line \d+: image belongs to a task of pictures\. Read",
        ),
        ("<track", r"the XML is malformed"),
    ],
)
def test_a_file_that_cannot_be_used(tmp_path: Path, body: str, message: str) -> None:
    with pytest.raises(AnnotationError, match=message):
        read(tmp_path, body)


@pytest.mark.parametrize("size", ["-1", "1.5", "100000000", "x"])
def test_a_claimed_number_of_frames_cannot_fill_memory(tmp_path: Path, size: str) -> None:
    with pytest.raises(AnnotationError, match=r"meta\.size is not a"):
        read(tmp_path, size=size)


def frames(folder: Path, *numbers: int, name: str = "images/frame_{:06d}.png") -> Path:
    for number in numbers:
        path = folder / name.format(number)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(samples()["rgb.bmp"])
    return folder


def test_frames_are_the_pictures_of_the_folder(tmp_path: Path) -> None:
    found = read(tmp_path, track(box(0), box(1), box(2)), images=frames(tmp_path / "x", 0, 2))
    assert [image.path for image in found.images] == ["images/frame_000000.png", "images/frame_000002.png"]
    (problem,) = found.problems
    assert "track[0].box[1].frame has no picture in the folder" in str(problem)
    assert problem.seen == 1


def test_where_frames_were_skipped_pictures_may_be_counted(tmp_path: Path) -> None:
    found = read(
        tmp_path, track(box(2), box(5)), start=2, step="step=3", size=2, images=frames(tmp_path / "x", 0, 1)
    )
    assert [(image.path, len(image)) for image in found.images] == [
        ("images/frame_000000.png", 1),
        ("images/frame_000001.png", 1),
    ]
    assert "starts at frame 2, takes one in 3" in found.notes[0]


@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(
        st.integers(0, 5),
        st.dictionaries(st.integers(0, 9), st.tuples(st.booleans(), st.integers(0, 900)), min_size=1),
        max_size=4,
    )
)
def test_any_tracks_give_exactly_the_shapes_that_are_not_outside(
    tmp_path: Path, told: dict[int, dict[int, tuple[bool, int]]]
) -> None:
    tracks = [
        track(
            *(
                box(frame, outside=outside, geometry=f'xtl="{left / 100:.2f}" ytl="1" xbr="15.00" ybr="2"')
                for frame, (outside, left) in shapes.items()
            ),
            number=number,
        )
        for number, shapes in told.items()
    ]
    found = read(tmp_path, *tracks, size=10)
    expected = sorted(
        (f"frame_{frame:06d}.PNG", str(number), round(left / 100, 2))
        for number, shapes in told.items()
        for frame, (outside, left) in shapes.items()
        if not outside
    )
    seen = sorted(
        (image.path, (image.attributes or ())[row]["track"], round(float(image.boxes.xyxy[row, 0]), 2))
        for image in found.images
        for row in range(len(image))
    )
    assert seen == expected
    assert not found.problems
    assert all(np.isfinite(image.boxes.xyxy).all() for image in found.images)
