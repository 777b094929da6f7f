from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from data.samples import samples
from lydite.core import AnnotationError, ClassMap
from lydite.data.annotations import AnnotationSet, Note
from lydite.data.formats.cvat import read_cvat

HEAD = """<?xml version="1.0" encoding="utf-8"?>
<annotations><version>1.1</version>
<meta><task><labels>
<label><name>person</name><type>any</type><attributes>
<attribute><name>rope</name><mutable>False</mutable><input_type>select</input_type>
<default_value>unknown</default_value><values>unknown
wrong
right</values></attribute>
<attribute><name>note</name><input_type>text</input_type><default_value></default_value><values></values></attribute>
</attributes></label>
<label><name>car</name><type>rectangle</type><attributes></attributes></label>
<label><name>hand</name><parent>person</parent><type>points</type></label>
</labels></task></meta>
"""
BOX = 'xtl="1.00" ytl="2.00" xbr="4.50" ybr="7.00"'
IMAGE = '<image id="0" name="in/a.jpg" width="20" height="12">'


def shape(tag: str = "box", geometry: str = BOX, label: str = "car", inside: str = "", more: str = "") -> str:
    common = f'label="{label}" source="manual" occluded="0" {geometry} z_order="0" {more}'
    return f"<{tag} {common}>{inside}</{tag}>\n"


def read(tmp_path: Path, body: str, head: str = HEAD, **options: object) -> AnnotationSet:
    path = tmp_path / "x.xml"
    path.write_text(f"{head}{body}</annotations>", encoding="utf-8")
    return read_cvat(path, **options)  # type: ignore[arg-type]


def one(tmp_path: Path, *shapes: str) -> AnnotationSet:
    return read(tmp_path, f"{IMAGE}\n{''.join(shapes)}</image>")


def test_boxes_polygons_masks_and_attributes(tmp_path: Path) -> None:
    found = one(
        tmp_path,
        shape(more='group_id="3" track_id="7"'),
        shape("polygon", 'points="2.00,2.00;6.00,2.00;6.00,5.00;2.00,5.00"', "person").replace(
            'occluded="0"', 'occluded="1"'
        ),
        shape("mask", 'rle="1, 2, 2, 1" left="3" top="4" width="3" height="2"'),
        shape(
            label="person",
            inside='<attribute name="rope">wrong</attribute><attribute name="note"> a &amp; b\n</attribute>'
            '<attribute name="score">0.25</attribute><attribute name="region">images:a#7</attribute>',
        ),
        '<tag label="car" source="manual"></tag>',
    )
    assert found.problems == ()
    assert found.class_map.names == ("person", "car")
    (image,) = found.images
    assert (image.path, image.size_hw) == ("in/a.jpg", (12, 20))
    assert image.labels.tolist() == [1, 0, 1, 0]
    assert image.boxes.xyxy.tolist() == [[1, 2, 4.5, 7], [2, 2, 6, 5], [4, 4, 6, 6], [1, 2, 4.5, 7]]
    assert image.masks is not None
    assert image.masks.areas.tolist() == [0, 12, 3, 0]
    expected = np.zeros((12, 20), np.bool_)
    expected[4, 4:6] = expected[5, 5] = True
    assert np.array_equal(image.masks.decode(2), expected)
    assert image.occluded.tolist() == [False, True, False, False]
    assert image.scores is not None
    assert np.array_equal(image.scores, [np.nan, np.nan, np.nan, 0.25], equal_nan=True)
    assert image.ids == ("0-0", "0-1", "0-2", "images:a#7")
    assert image.attributes is not None
    assert [dict(texts) for texts in image.attributes] == [
        {"track": "7", "group": "3"},
        {"rope": "unknown", "note": ""},
        {},
        {"rope": "wrong", "note": " a & b\n"},
    ]
    assert image.label == "car"
    assert [note.split(": ", 1)[1] for note in found.notes] == [
        "attribute rope was missing 1 times (here first) and got its default 'unknown'",
        "attribute note was missing 1 times (here first) and got its default ''",
    ]
    assert [note.line for note in found.notes if isinstance(note, Note)] == [16, 16]


def test_a_turned_box_is_never_taken_as_an_upright_one(tmp_path: Path) -> None:
    found = one(tmp_path, shape(geometry='xtl="4" ytl="4" xbr="12" ybr="8" rotation="90.00"'))
    (image,) = found.images
    assert image.boxes.xyxy.tolist() == [[6, 2, 10, 10]]
    assert image.masks is not None
    assert image.masks.areas.tolist() == [32]
    assert "is a turned box and became a mask and the box around it" in found.notes[0]
    tilted = one(tmp_path, shape(geometry='xtl="4" ytl="4" xbr="12" ybr="8" rotation="30"')).images[0]
    assert tilted.masks is not None
    assert abs(int(tilted.masks.areas[0]) - 32) <= 3
    # Clockwise on the screen: the left end goes up.
    mask = tilted.masks.decode(0)
    assert np.nonzero(mask[:, 5])[0].mean() < np.nonzero(mask[:, 10])[0].mean()
    assert one(tmp_path, shape(geometry=f'{BOX} rotation="360"')).images[0].masks is None


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (
            shape(geometry=BOX.replace("4.50", "x")),
            r"x\.xml, line \d+: image\[0\]\.box\[1\]\.xbr is not a number",
        ),
        (shape(geometry=BOX.replace("4.50", "nan")), r"box\[1\]\.xbr is not finite\. Seen: nan"),
        (shape(geometry=BOX.replace("4.50", "-inf")), r"box\[1\]\.xbr is not finite"),
        (shape(geometry=BOX.replace("4.50", "1")), r"box\[1\] has no area"),
        (shape(geometry=BOX.replace("4.50", "99")), r"box\[1\] reaches out of the picture of 20x12 pixels"),
        (shape(geometry='xtl="1"'), r"box\[1\]\.ytl is not a number\. Seen|ytl is not a number"),
        (shape(geometry=f'{BOX} rotation="nan"'), r"box\[1\]\.rotation is not finite"),
        (
            shape(geometry='xtl="90" ytl="90" xbr="95" ybr="95" rotation="5"'),
            r"lies outside the picture once",
        ),
        (shape(label="cat"), r"box\[1\]\.label is none of the known labels\. Seen: cat"),
        (shape(label="hand"), r"box\[1\]\.label is none of the known labels\. Seen: hand"),
        (shape("polygon", 'points="1,2;3,4"'), r"polygon\[0\]\.points is not a polygon of three"),
        (shape("polygon", 'points="1,2;3,4;5"'), r"polygon\[0\]\.points is not written as x,y;x,y;x,y"),
        (shape("polygon", ""), r"polygon\[0\]\.points is not written as"),
        (
            shape("mask", 'rle="1, x" left="0" top="0" width="1" height="1"'),
            r"rle is no list of whole numbers",
        ),
        (
            shape("mask", 'rle="1, 2" left="0" top="0" width="2" height="2"'),
            r"rle does not fill its box of 2x2",
        ),
        (shape("mask", 'rle="-1, 5" left="0" top="0" width="2" height="2"'), r"rle does not fill its box"),
        (
            shape(
                "mask", f'rle="{2**62}, {2**62}, {2**62}, {2**62}, 4" left="0" top="0" width="2" height="2"'
            ),
            r"rle does not fill its box",
        ),
        (shape("mask", f'rle="{10**30}" left="0" top="0" width="2" height="2"'), r"rle is no list of whole"),
        (shape("mask", 'rle="4" left="0" top="0" width="2" height="2"'), r"rle is an empty mask"),
        (shape("mask", 'rle="0, 4" left="19" top="0" width="2" height="2"'), r"mask\[0\] reaches out of the"),
        (shape("mask", 'rle="0, 4" left="-1" top="0" width="2" height="2"'), r"left is not a whole number"),
        (shape("mask", 'rle="0, 4" left="0.5" top="0" width="2" height="2"'), r"left is not a whole number"),
        (
            shape("ellipse", 'cx="1" cy="2" rx="3" ry="4"'),
            r"ellipse\[0\] is no box, polygon or mask\. Draw it",
        ),
        (shape("skeleton", ""), r"skeleton\[0\] is no box, polygon or mask"),
        (
            shape(label="person", inside='<attribute name="rope">Wrong</attribute>'),
            r"attribute rope is none of the values that its label declares\. Seen: Wrong",
        ),
        (
            shape(inside='<attribute name="a">1</attribute><attribute name="a">2</attribute>'),
            r"attribute a stands twice",
        ),
        (shape(inside="<attribute>1</attribute>"), r"attribute  has no name"),
        (shape(inside='<attribute name="score">high</attribute>'), r"attribute score is not a number"),
    ],
)
def test_a_bad_shape_is_a_problem_with_its_line(tmp_path: Path, bad: str, message: str) -> None:
    found = one(tmp_path, shape(), bad, shape())
    (problem,) = found.problems
    with pytest.raises(AnnotationError, match=message):
        raise problem
    assert problem.line > 0
    assert len(found.images[0]) == 2


@pytest.mark.parametrize(
    ("image", "message"),
    [
        ('<image id="0" name="/etc/passwd" width="2" height="2"/>', r"name leaves the folder of pictures"),
        ('<image id="0" name="../a.jpg" width="2" height="2"/>', r"name leaves the folder of pictures"),
        ('<image id="0" name="C:\\a.jpg" width="2" height="2"/>', r"name leaves the folder of pictures"),
        ('<image id="0" width="2" height="2"/>', r"name is no file name"),
        ('<image id="0" name="b.jpg" width="2"/>', r"height is not a number"),
        ('<image id="0" name="b.jpg" width="2" height="nan"/>', r"height is not finite"),
        ('<image id="0" name="b.jpg" width="2" height="-2"/>', r"height is not a whole number from 1 on"),
        ('<image id="0" name="in/a.jpg" width="2" height="2"/>', r"image\[1\]\.name stands twice"),
    ],
)
def test_a_bad_image_is_a_problem(tmp_path: Path, image: str, message: str) -> None:
    found = read(tmp_path, f"{IMAGE}{shape()}</image>\n{image}")
    (problem,) = found.problems
    with pytest.raises(AnnotationError, match=message):
        raise problem
    assert problem.line > 0
    assert len(found.images) == 1


def test_a_claimed_size_cannot_make_memory_explode(tmp_path: Path) -> None:
    side = 900_000_000
    mask = shape("mask", f'rle="0, {side**2}" left="0" top="0" width="{side}" height="{side}"')
    found = read(tmp_path, f'<image id="0" name="a.jpg" width="{side}" height="{side}">{mask}</image>')
    assert "rle is the mask of a picture that is too large" in str(found.problems[0])


BOMB = '<!DOCTYPE a [<!ENTITY b "bbbb"><!ENTITY c "&b;&b;&b;">]>'


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", r"x\.xml, line 1: the XML is malformed"),
        ("<annotations>\n<image></annotations>", r"x\.xml, line 2: the XML is malformed"),
        (f"{BOMB}<annotations>&c;</annotations>", r"the XML declares entities or a document type"),
        ("<annotation/>", r"line 1: the file is not CVAT's XML: its root is not 'annotations'"),
        (
            '<annotations>\n<track id="0" label="a"/></annotations>',
            r"line 2: track belongs to a video\. Read the file as cvat-video\.",
        ),
        (
            "<annotations><meta><task><labels><label/></labels></task></meta></annotations>",
            r"meta\.label\.name is missing",
        ),
    ],
)
def test_a_file_that_cannot_be_used(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "x.xml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(AnnotationError, match=message):
        read_cvat(path)


def test_given_classes_no_head_and_sizes_from_pictures(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.jpg").write_bytes(samples()["rgb.bmp"])
    body = f'<image id="0" name="in\\a.jpg">{shape()}{shape(label="bus")}</image>'
    found = read(tmp_path, body, "<annotations>", images=tmp_path)
    assert found.class_map.names == ("bus", "car")
    assert found.images[0].size_hw == (12, 20)
    given = read(tmp_path, body, "<annotations>", images=tmp_path, classes=ClassMap(("x", "car")))
    assert given.images[0].labels.tolist() == [1]
    assert "label is none of the known labels. Seen: bus" in str(given.problems[0])


def test_a_pixel_outside_is_cut_and_noted(tmp_path: Path) -> None:
    found = one(tmp_path, shape(geometry='xtl="-0.5" ytl="0" xbr="20.5" ybr="12"'))
    assert found.images[0].boxes.xyxy.tolist() == [[0, 0, 20, 12]]
    assert found.notes[0].endswith("image[0].box[0] was cut at the edge of the picture")


ATTRIBUTES = """<annotations><meta><project><labels><label><name>car</name><type>bbox</type><attributes>
<attribute><name>ok</name><input_type>checkbox</input_type><default_value>false</default_value><values>false
true</values></attribute>
<attribute><name>age</name><input_type>number</input_type><default_value>1</default_value><values>0
10
1</values></attribute>
</attributes></label></labels></project></meta>
"""


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("ok", "yes", r"attribute ok is neither true nor false\. Seen: yes"),
        ("ok", "True", r"attribute ok is neither true nor false\. Seen: True"),
        ("age", "11", r"attribute age is not between 0 and 10, as its label declares\. Seen: 11"),
        ("age", "nan", r"attribute age is not finite"),
        ("age", "old", r"attribute age is not a number"),
        ("ok", "true", ""),
        ("age", "10", ""),
        ("age", "", ""),
    ],
)
def test_values_are_those_that_the_label_declares(
    tmp_path: Path, name: str, value: str, message: str
) -> None:
    bad = shape(inside=f'<attribute name="{name}">{value}</attribute>')
    found = read(tmp_path, f"{IMAGE}{bad}</image>", ATTRIBUTES)
    if not message:
        assert found.problems == ()
        assert found.images[0].attributes is not None
        assert found.images[0].attributes[0][name] == value
        return
    with pytest.raises(AnnotationError, match=message):
        raise found.problems[0]


def test_projects_give_splits_and_groups_and_a_tag_is_the_label_of_its_picture(tmp_path: Path) -> None:
    picture = '<image id="0" name="{}.jpg" subset="train" task_id="4" width="20" height="12">{}</image>'
    tags = '<tag label="car" source="manual"/>'
    other = '<tag label="person" source="manual"/>'
    found = read(tmp_path, picture.format("a", tags) + picture.format("b", tags + tags + other))
    assert [(image.label, image.group, image.split) for image in found.images] == [
        ("car", "task 4", "train")
    ] * 2
    assert "tag[2] is a second tag of a picture that is 'car'. Seen: person" in str(found.problems[0])


def test_who_drew_is_said_where_it_was_not_only_people(tmp_path: Path) -> None:
    found = one(tmp_path, shape(), shape().replace("manual", "auto"), shape().replace("manual", "auto"))
    assert found.notes[-1].endswith("shapes by source: auto 2, manual 1")
    assert one(tmp_path, shape()).notes == ()
