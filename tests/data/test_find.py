from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lydite.core import UsageError
from lydite.data.find import find_images, find_unread, has_image_suffix, is_hidden


def touch(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


def items(*paths: Path | str) -> list[str]:
    return [file.item.path for file in find_images(paths)]


def test_a_folder_is_searched_to_any_depth_in_natural_order(tmp_path: Path) -> None:
    touch(tmp_path, "b10.jpg", "b2.JPG", "deep/er/a.tiff", "a.txt", "c.heic", "deep/b.webp")
    assert items(tmp_path) == ["b2.JPG", "b10.jpg", "c.heic", "deep/b.webp", "deep/er/a.tiff"]
    assert str(find_images([tmp_path], source="shop")[0].item) == "shop:b2.JPG"
    assert find_images([tmp_path])[3].path == tmp_path / "deep/b.webp"


def test_hidden_and_system_names_are_passed_over(tmp_path: Path) -> None:
    touch(
        tmp_path,
        "a.jpg",
        ".b.jpg",
        "._a.jpg",
        "__MACOSX/a.jpg",
        ".ipynb_checkpoints/a.jpg",
        "Thumbs.db",
        "@eaDir/a.jpg",
    )
    assert items(tmp_path) == ["a.jpg"]
    assert items(tmp_path / ".ipynb_checkpoints") == ["a.jpg"]  # meant, since it was named
    assert is_hidden("DESKTOP.INI")
    assert not is_hidden("a.jpg")


def test_a_file_is_taken_whatever_its_name(tmp_path: Path) -> None:
    touch(tmp_path, "scan", "a.jpg")
    assert items(tmp_path / "scan") == ["scan"]


def test_the_same_path_counts_once_and_order_does_not_matter(tmp_path: Path) -> None:
    touch(tmp_path, "a/x.jpg", "a/b/y.jpg")
    inputs = [tmp_path / "a", tmp_path / "a/b/../x.jpg", tmp_path / "a/b", tmp_path / "a/x.jpg"]
    assert items(*inputs) == items(*reversed(inputs)) == ["b/y.jpg", "x.jpg"]


def test_equal_items_are_told_apart_by_their_folders(tmp_path: Path) -> None:
    touch(tmp_path, "a/in/x.jpg", "b/in/x.jpg", "b/in/z.jpg", "in/x.jpg")
    assert items(tmp_path / "a/in", tmp_path / "b/in") == ["a/in/x.jpg", "b/in/x.jpg", "z.jpg"]
    assert items(tmp_path / "a/in/x.jpg", tmp_path / "b", tmp_path / "in/x.jpg") == [
        "a/in/x.jpg",
        "b/in/x.jpg",
        "in/z.jpg",
        f"{tmp_path.name}/in/x.jpg",
    ]


def test_names_that_only_normalisation_makes_equal_are_numbered(tmp_path: Path) -> None:
    touch(tmp_path, "caf\u00e9.jpg", "cafe\u0301.jpg")
    found = items(tmp_path)
    assert len(set(found)) == 2
    assert found[1].endswith("café~2.jpg")


def test_undecodable_names_have_printable_items(tmp_path: Path) -> None:
    touch(tmp_path, "caf\udce9.jpg", "鳥.jpg")
    assert items(tmp_path) == ["caf\\udce9.jpg", "鳥.jpg"]
    assert all(file.path.exists() for file in find_images([tmp_path]))


def test_links_are_followed_and_loops_end(tmp_path: Path) -> None:
    touch(tmp_path, "z/x.jpg", "elsewhere/y.jpg")
    root = tmp_path / "root"
    touch(root, "real/x.jpg")
    (root / "a_link").symlink_to(root / "real")
    (root / "real" / "up").symlink_to(root)
    (root / "out").symlink_to(tmp_path / "elsewhere")
    (root / "dead").symlink_to(tmp_path / "nothing")
    assert items(root) == ["out/y.jpg", "real/x.jpg"]


def test_a_missing_path_names_its_nearest_sibling(tmp_path: Path) -> None:
    touch(tmp_path, "photos/a.jpg")
    with pytest.raises(
        UsageError, match=rf"There is no file or folder .*phots\. Did you mean {tmp_path}/photos\?"
    ):
        find_images([tmp_path / "phots"])
    with pytest.raises(UsageError, match=rf"phots/b/c\.jpg\. Did you mean {tmp_path}/photos\?"):
        find_images([tmp_path / "phots/b/c.jpg"])
    for name in ("q", "x" * 300, "nul\0", "photos/a.jpg/b"):
        with pytest.raises(UsageError, match="There is no file or folder"):
            find_images([tmp_path / name])


def test_an_empty_folder_says_what_was_looked_for(tmp_path: Path) -> None:
    touch(tmp_path, "notes.txt", "x.gif")
    with pytest.raises(
        UsageError, match=rf"Folder {tmp_path} holds no picture\. Suffixes looked for: \.apng \.bmp"
    ):
        find_images([tmp_path])


def test_nothing_given_is_nothing_found() -> None:
    assert find_images([]) == ()


@pytest.mark.parametrize("name", ["a.jpg", "A.JPEG", "x.tif", "b.hif"])
def test_suffixes(name: str) -> None:
    assert has_image_suffix(name)
    assert not has_image_suffix(name + ".txt")


@given(
    st.lists(
        st.sampled_from(["x.jpg", "a/x.jpg", "b/x.jpg", "a/b/x.jpg", "b/a/x.jpg", "a/b/y.jpg"]), min_size=1
    )
)
def test_items_are_always_distinct(tmp_path_factory: pytest.TempPathFactory, names: list[str]) -> None:
    root = touch(tmp_path_factory.mktemp("tree"), *names)
    inputs = [root / name for name in names]
    found = find_images(inputs)
    assert len({file.item for file in found}) == len(found) == len(set(names))
    assert found == find_images(reversed(inputs))
    assert {os.fspath(file.path) for file in found} == {os.fspath(path) for path in inputs}


def test_folders_that_are_left_out_are_so_wherever_they_come_from(tmp_path: Path) -> None:
    for name in ("a.png", "results/b.png", "deep/c.png", "results/d.gif", "e.GIF"):
        touch(tmp_path, name)
    (tmp_path / "link").symlink_to(tmp_path / "results")
    out = (tmp_path / "results",)
    assert [file.item.path for file in find_images([tmp_path], leave_out=out)] == ["a.png", "deep/c.png"]
    assert [file.path.name for file in find_images(out, leave_out=out)] == ["b.png"]
    assert len(find_images([tmp_path], leave_out=[tmp_path / "not there"])) == 3
    assert find_unread([tmp_path], leave_out=out) == [str(tmp_path / "e.GIF")]
