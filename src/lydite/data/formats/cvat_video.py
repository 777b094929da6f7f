"""CVAT for video 1.1: one XML file, a track for each thing, a shape for each frame that it is seen in."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lydite.core import AnnotationError, ClassMap
from lydite.data.annotations import AnnotationSet
from lydite.data.cvat_shapes import SHAPES, CvatReading, check_label, open_cvat, read_shape
from lydite.data.find import find_images
from lydite.data.names import path_key
from lydite.data.rows import TOLERANCE_PX, Place, Rows, measure_picture, parse_number, parse_size
from lydite.data.xmltree import Element

_FRAME_NAME = re.compile(r"(?:^|/)frame_(\d{1,9})\.[A-Za-z]+$")
_STEP = re.compile(r"^\s*step\s*=\s*(\d{1,6})\s*$")
_MOST_FRAMES = 1_000_000


@dataclass(slots=True)
class _Video:
    """Frames of the file that is being read."""

    names: Mapping[int, str] | None
    size_hw: tuple[int, int] | None
    group: str | None
    step: int
    images: Path | None
    rows: dict[int, Rows] = field(default_factory=dict)
    outside: Counter[str] = field(default_factory=Counter)
    gaps: Counter[str] = field(default_factory=Counter)
    tracks: set[str] = field(default_factory=set)


def read_cvat_video(
    path: Path,
    images: Path | None = None,
    classes: ClassMap | None = None,
    *,
    tolerance_px: float = TOLERANCE_PX,
) -> AnnotationSet:
    """Read the ``annotations.xml`` of a video: boxes, polygons and masks in tracks.

    Only what the file says about a frame is taken: a shape with ``outside="1"`` is not seen there and is
    passed over, and frames between two key frames that the file leaves out are not guessed. A row has the
    attribute ``track``; all frames have the task as their group, since frames of one video must not be
    parted between training and test. Turned boxes and attributes are read as by ``read_cvat``.

    A frame is the picture ``frame_<number>``, as CVAT writes it out beside the file.

    Args:
        path: The XML file.
        images: Folder of frames. Frames that it lacks are problems if they have shapes.
        classes: Label numbers; the labels in the order of the file's head if not given, or else their
            sorted names.
        tolerance_px: How far a box or polygon may reach out of its picture and be cut, not refused.

    Raises:
        AnnotationError: If the file is no such XML, or holds pictures with names of their own.
        UsageError: If the folder does not exist or holds no picture.
    """
    reading, elements = open_cvat(path, classes, tolerance_px)
    video = _open_video(reading, images)
    number = 0
    for element in elements:
        if element.tag == "image":
            raise reading.place.at("image", element.line).error(
                "belongs to a task of pictures", None, "Read the file as cvat."
            )
        if element.tag != "track":
            continue
        place = reading.place.at(f"track[{number}]", element.line)
        number += 1
        try:
            _read_track(element, place, video, reading)
        except AnnotationError as error:
            reading.problems.append(error)
    _note_what_was_passed_over(video, reading)
    pictures = tuple(video.rows[frame].build(_name(frame, video)) for frame in sorted(video.rows))
    return AnnotationSet(reading.class_map, pictures, tuple(reading.problems), reading.closing_notes())


def _open_video(reading: CvatReading, images: Path | None) -> _Video:
    head, place = reading.head, reading.place.at("meta")
    size = head.find("original_size") if head is not None else None
    size_hw = None
    if size is not None:
        inner = place.at("original_size", size.line)
        size_hw = parse_size(size.find_text("height"), size.find_text("width"), inner)
    step = _STEP.match(head.find_text("frame_filter")) if head is not None else None
    group = None
    if head is not None:
        group = head.find_text("name") or head.find_text("id") or None
    video = _Video(None, size_hw, group, max(1, int(step[1])) if step else 1, images)
    start, count = _frames(reading)
    if images is not None:
        video.names = _find_frames(images, start, video.step, reading)
        frames = list(video.names)
    else:
        frames = [start + index * video.step for index in range(count)] if size_hw is not None else []
    for frame in frames:
        _rows_of(frame, video, place)
    return video


def _frames(reading: CvatReading) -> tuple[int, int]:
    """Number of the first frame, and how many there are; 0 if the head does not say."""
    if reading.head is None:
        return 0, 0
    place = reading.place.at("meta")
    found = {}
    for name in ("start_frame", "size"):
        text = reading.head.find_text(name)
        value = parse_number(text, place.at(name)) if text else 0
        if value < 0 or value != int(value) or value > _MOST_FRAMES:
            raise place.at(name).error(f"is not a whole number up to {_MOST_FRAMES:,}", text)
        found[name] = int(value)
    return found["start_frame"], found["size"]


def _find_frames(images: Path, start: int, step: int, reading: CvatReading) -> dict[int, str]:
    """Names of frames by number. Where CVAT skipped frames their names may count those that are left."""
    named: dict[int, str] = {}
    for picture in find_images([images]):
        match = _FRAME_NAME.search(picture.item.path)
        if match is not None and int(match[1]) in named:
            reading.problems.append(Place(str(picture.path)).error("is a second picture of its frame"))
        elif match is not None:
            named[int(match[1])] = picture.path.relative_to(images.absolute()).as_posix()
    if (start or step > 1) and named and set(named) == set(range(len(named))):
        reading.notes.append(
            reading.place.at("meta").note(
                f"starts at frame {start}, takes one in {step}: pictures were counted, not numbered by frame"
            )
        )
        named = {start + number * step: name for number, name in named.items()}
    return dict(sorted(named.items(), key=lambda pair: path_key(pair[1])))


def _name(frame: int, video: _Video) -> str:
    return video.names[frame] if video.names is not None else f"frame_{frame:06d}.PNG"


def _rows_of(frame: int, video: _Video, place: Place) -> Rows:
    """The rows of a frame; those of one that was not met before are new.

    Raises:
        AnnotationError: If there is no picture of it, or nobody knows its size.
    """
    if frame in video.rows:
        return video.rows[frame]
    if video.names is not None and frame not in video.names:
        raise place.at("frame").error(
            "has no picture in the folder", frame, "Add frame_<number>, or leave it."
        )
    size_hw = video.size_hw
    if size_hw is None and video.images is not None:
        size_hw = measure_picture(video.images / _name(frame, video), place)
    if size_hw is None:
        raise place.at("original_size").error("is missing", None, "Give the folder of frames.")
    video.rows[frame] = Rows(size_hw, group=video.group)
    return video.rows[frame]


def _read_track(track: Element, place: Place, video: _Video, reading: CvatReading) -> None:
    label, name = track.attributes.get("label", ""), track.attributes.get("id", "")
    check_label(label, place, reading)
    if not name or name in video.tracks:
        raise place.at("id").error("stands twice" if name else "is missing", name or None)
    video.tracks.add(name)
    last: tuple[int, bool] | None = None
    met: set[int] = set()
    for number, shape in enumerate(track.children):
        inner = place.at(f"{shape.tag}[{number}]", shape.line)
        if shape.tag not in SHAPES:
            raise inner.error("is no box, polygon or mask", None, "Draw the track as one of these.")
        try:
            frame = _frame(shape, met, inner)
            if last is not None and frame - last[0] > video.step and not last[1]:
                video.gaps[name] += 1
            last = (frame, shape.attributes.get("outside") == "1")
            if last[1]:
                video.outside[name] += 1
                continue
            _inherit(shape, track, name)
            rows = _rows_of(frame, video, inner)
            read_shape(shape, label, rows, f"{name}-{frame}", inner, reading)
        except AnnotationError as error:
            reading.problems.append(error)


def _frame(shape: Element, met: set[int], place: Place) -> int:
    value = parse_number(shape.attributes.get("frame"), place.at("frame"))
    if value < 0 or value != int(value):
        raise place.at("frame").error("is not a whole number from 0 on", value)
    if int(value) in met:
        raise place.at("frame").error("stands twice in its track", int(value))
    met.add(int(value))
    return int(value)


def _inherit(shape: Element, track: Element, name: str) -> None:
    """What a track says about all its shapes."""
    shape.attributes["track_id"] = name
    for attribute in ("group_id", "source"):
        if attribute in track.attributes:
            shape.attributes.setdefault(attribute, track.attributes[attribute])


def _note_what_was_passed_over(video: _Video, reading: CvatReading) -> None:
    place = Place(reading.place.path)
    if video.outside:
        times, tracks = video.outside.total(), len(video.outside)
        reading.notes.append(
            place.note(f"{times} shapes of {tracks} tracks are outside their frame and were left out")
        )
    if video.gaps:
        names = ", ".join(list(video.gaps)[:3])
        reading.notes.append(
            place.note(
                f"{video.gaps.total()} gaps between frames of {len(video.gaps)} tracks ({names}) "
                "were left as they are"
            )
        )
