"""The measuring data as versions: what is known of them is what is found."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from lydite.data.dataset import DatasetVersion, Wanted, check_version, read_pictures, read_source
from support import measuring_data

pytestmark = pytest.mark.data


def _version(path: Path, wanted: Wanted) -> DatasetVersion:
    return DatasetVersion.begin(read_pictures(read_source(path, wanted)), "me", "why")


def test_grocery_is_the_produce_case_coarse_classes_and_product_groups() -> None:
    root = measuring_data("data", "grocery")
    version = _version(root, Wanted("grocery", layout="split/*/label/group"))
    items = version.items
    assert items["split"].value_counts().sort("split").rows() == [("train", 2640), ("val", 296)]
    assert (len(version.class_map), items["group"].n_unique(), items["image"].null_count()) == (43, 81, 0)
    lists = (pl.read_csv(root / f"{part}.txt", has_header=False).rows() for part in ("train", "val"))
    fine = {row[0]: row[1] for rows in lists for row in rows}
    groups = items.select(pl.col("item").str.strip_prefix("grocery:"), "group").iter_rows()
    assert len({(group, fine[path]) for path, group in groups}) == 81  # one group, one fine class
    assert check_version(version) == []


def test_hardhat_has_boxes_in_both_splits() -> None:
    version = _version(measuring_data("data", "hardhat"), Wanted("hardhat"))
    assert version.items["split"].value_counts().sort("split").rows() == [("train", 1000), ("val", 300)]
    assert version.class_map.names == ("head", "helmet", "person")
    assert dict(version.regions["label"].value_counts().iter_rows()) == {
        "head": 1272,
        "helmet": 3549,
        "person": 89,
    }


def test_bccd_loses_its_two_invalid_boxes_by_name() -> None:
    intake = read_pictures(read_source(measuring_data("data", "bccd", "Annotations"), Wanted("bccd")))
    version = DatasetVersion.begin(intake, "me", "why")
    counts = {"Platelets": 361, "RBC": 4153, "WBC": 372}
    assert dict(version.regions["label"].value_counts().iter_rows()) == counts
    refused = intake.report.filter(pl.col("kind") == "refused")
    assert refused["line"].to_list() == [163, 55]
    assert version.items["split"].value_counts().sort("split").rows() == [
        ("test", 72),
        ("train", 205),
        ("val", 87),
    ]
