"""A person sees on the page what happened to a mask before it was judged."""

from __future__ import annotations

from pathlib import Path

from cli.support_cli import detect
from pictures import RED, disc, ground, save, write_examples
from reports.html_check import read_pages

MENDING = ("--clean-masks", "--merge-gap", 6, "--merge-solidity", 0.5)
FEW = (
    "--max-candidates",
    20,
    "--superpixels",
    60,
    "--preset",
    "soft",
    "--keep-rejected",
    200,
    "--keep-rejected-min",
    0,
)


def test_cleaned_and_merged_regions_say_so(tmp_path: Path) -> None:
    examples = write_examples(tmp_path / "examples", {"red": RED})
    halves = disc(ground((96, 128)), (60, 48), 26, RED)
    halves[:, 58:61] = ground((96, 128))[:, 58:61]
    save(halves, tmp_path / "scenes" / "halves.png")
    outcome = detect(tmp_path / "scenes", examples, tmp_path / "out", *MENDING, *FEW)
    assert outcome.code == 0, outcome.err
    (page,) = (
        page for name, page in read_pages(tmp_path / "out" / "report").items() if name.startswith("pictures/")
    )
    labels = page.text("span", **{"class": "badge mended"}).splitlines()
    assert "cleaned" in labels
    (merged, *_) = (label for label in labels if label.startswith("merged"))
    assert merged.count("#") == 2
    note = page.text("p", **{"class": "note mending"})
    assert "mended (cleaned)" in note
    assert "made of two others (merged)" in note
