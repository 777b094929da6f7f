from __future__ import annotations

from pathlib import Path

import pytest

from data.samples import samples
from lydite.core import AnnotationError, ClassMap, UsageError
from lydite.data.formats.voc import read_split, read_voc
from support import measuring_data

SIZE = "<size><width>20</width><height>12</height><depth>3</depth></size>"


def thing(name: str = "cat", box: str = "1 1 20 12", extra: str = "") -> str:
    corners = zip(("xmin", "ymin", "xmax", "ymax"), box.split(), strict=True)
    inside = "".join(f"<{corner}>{value}</{corner}>\n" for corner, value in corners)
    return f"<object>\n<name>{name}</name>{extra}\n<bndbox>\n{inside}</bndbox></object>\n"


def write(folder: Path, stem: str, *things: str, size: str = SIZE, filename: str | None = None) -> Path:
    folder.mkdir(exist_ok=True, parents=True)
    name = f"<filename>{stem + '.png' if filename is None else filename}</filename>"
    path = folder / f"{stem}.xml"
    path.write_text(f"<annotation>{name}\n{size}\n{''.join(things)}</annotation>", encoding="utf-8")
    return path


def test_boxes_count_from_one_and_include_their_ends(tmp_path: Path) -> None:
    write(tmp_path, "b", thing("dog", "1 1 20 12"), thing("cat", "3 4 3 9", "<difficult>1</difficult>"))
    write(tmp_path, "a")
    found = read_voc(tmp_path)
    assert found.class_map.names == ("cat", "dog")
    assert [image.path for image in found.images] == ["a.png", "b.png"]
    image = found.images[1]
    assert image.boxes.xyxy.tolist() == [[0, 0, 20, 12], [2, 3, 3, 9]]
    assert image.labels.tolist() == [1, 0]
    assert image.difficult.tolist() == [False, True]
    assert image.size_hw == (12, 20)
    assert (found.problems, found.notes) == ((), ())


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            thing(box="5 5 5 5"),
            r"x\.xml, line 5: object\[0\]\.bndbox has no size: its ends coincide\. Draw it again",
        ),
        (
            thing(box="5 5 4 9"),
            r"object\[0\]\.bndbox ends before it begins\. .* Seen: \[5\.0, 5\.0, 4\.0, 9\.0\]",
        ),
        (thing(box="5 5 22 9"), r"object\[0\]\.bndbox reaches out of the picture of 20x12 pixels"),
        (thing(box="5 five 9 9"), r"x\.xml, line 7: object\[0\]\.bndbox\.ymin is not a number\. Seen: five"),
        (thing(box="5 nan 9 9"), r"bndbox\.ymin is not finite\. Seen: nan"),
        (thing(box="5 1e40 9 1e41"), r"bndbox\.ymin is too large"),
        (thing(name=""), r"x\.xml, line 3: object\[0\]\.name is missing"),
        ("<object>\n<name>cat</name></object>", r"object\[0\]\.bndbox is missing"),
        ("<object><name>c</name><bndbox><xmin>1</xmin></bndbox></object>", r"bndbox\.ymin is missing"),
    ],
)
def test_a_bad_row_is_a_problem_and_the_rest_goes_on(tmp_path: Path, content: str, message: str) -> None:
    path = write(tmp_path, "x", content, thing("dog", "2 2 4 4"))
    for found in (read_voc(tmp_path), read_voc(path)):
        (problem,) = found.problems
        with pytest.raises(AnnotationError, match=message):
            raise problem
        assert found.images[0].boxes.xyxy.tolist() == [[1, 1, 4, 4]]
        assert found.class_map[int(found.images[0].labels[0])] == "dog"


def test_a_pixel_outside_is_cut_and_noted(tmp_path: Path) -> None:
    write(tmp_path, "x", thing(box="0 0 21 13"))
    found = read_voc(tmp_path)
    assert found.images[0].boxes.xyxy.tolist() == [[0, 0, 20, 12]]
    assert found.notes == (f"{tmp_path}/x.xml, line 5: object[0].bndbox was cut at the edge of the picture",)
    assert len(read_voc(tmp_path, tolerance_px=0).problems) == 1


def test_one_broken_file_of_many_is_a_problem(tmp_path: Path) -> None:
    write(tmp_path, "a", thing())
    (tmp_path / "b.xml").write_text("<annotation><filename>b.png</filename>")
    (tmp_path / "c.xml").write_text('<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>')
    write(tmp_path, "d", size="<size><width>0</width><height>5</height></size>")
    write(tmp_path, "e", size="")
    write(tmp_path, "f", filename="../../f.png")
    write(tmp_path, "g", thing(), filename="a.png")
    found = read_voc(tmp_path)
    assert [image.path for image in found.images] == ["a.png"]
    assert [(Path(problem.path).name, problem.field) for problem in found.problems] == [
        ("b.xml", "the XML"),
        ("c.xml", "the XML"),
        ("d.xml", "size.width"),
        ("e.xml", "size"),
        ("f.xml", "filename"),
        ("g.xml", "filename"),
    ]
    for name in "bcdef":
        with pytest.raises(AnnotationError):
            read_voc(tmp_path / f"{name}.xml")


def test_pictures_supply_names_and_sizes(tmp_path: Path) -> None:
    pictures = tmp_path / "images"
    pictures.mkdir()
    (pictures / "a.png").write_bytes(samples()["rgb.png"])
    (pictures / "b.jpg").write_bytes(samples()["rgb.jpg"])
    write(tmp_path / "xml", "a", thing(), size="", filename="wrong.png")
    write(tmp_path / "xml", "b", size="", filename="")
    write(tmp_path / "xml", "c")
    found = read_voc(tmp_path / "xml", pictures)
    assert [(image.path, image.size_hw) for image in found.images] == [
        ("a.png", (12, 20)),
        ("b.jpg", (20, 12)),
    ]
    assert "names no picture of the folder of pictures. Seen: c.png" in str(found.problems[0])
    with pytest.raises(UsageError, match="There is no folder of pictures"):
        read_voc(tmp_path / "xml", tmp_path / "none")


def test_given_classes_and_stems(tmp_path: Path) -> None:
    write(tmp_path, "a", thing("cat"), thing("dog"))
    write(tmp_path, "b", thing("bird"))
    found = read_voc(tmp_path, classes=ClassMap(("dog", "bird")), stems=["a"])
    assert [image.path for image in found.images] == ["a.png"]
    assert found.images[0].labels.tolist() == [0]
    assert "object[0].name is no class of the given class map. Seen: cat" in str(found.problems[0])
    assert read_voc(tmp_path, stems=["a"]).class_map.names == ("bird", "cat", "dog")
    with pytest.raises(UsageError, match=r"lacks 1 of the listed files\. Check the list\. Seen: \['z'\]"):
        read_voc(tmp_path, stems=["a", "z"])


def test_folders_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="holds no XML file"):
        read_voc(tmp_path)
    with pytest.raises(UsageError, match="There is no file or folder"):
        read_voc(tmp_path / "none")


def test_splits(tmp_path: Path) -> None:
    path = tmp_path / "train.txt"
    path.write_text("b 2\n\n a\nb 2\n")
    assert read_split(path) == ("b 2", "a")
    path.write_text("000012 -1\n000017  1\n")
    assert read_split(path) == ("000012", "000017")
    with pytest.raises(AnnotationError, match="the file cannot be read"):
        read_split(tmp_path / "none.txt")


@pytest.mark.data
def test_the_two_invalid_boxes_of_bccd_are_reported() -> None:
    root = measuring_data("data", "bccd")
    found = read_voc(root / "Annotations", root / "JPEGImages")
    assert [(Path(problem.path).name, problem.field) for problem in found.problems] == [
        ("BloodImage_00338.xml", "object[12].bndbox"),
        ("BloodImage_00343.xml", "object[3].bndbox"),
    ]
    assert sum(len(image) for image in found.images) == 4886
    assert found.class_map.names == ("Platelets", "RBC", "WBC")
    test = read_split(root / "ImageSets" / "Main" / "test.txt")
    assert len(read_voc(root / "Annotations", stems=test)) == len(test) == 72
