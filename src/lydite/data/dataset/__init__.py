"""What we have: items, regions and classes, as versions that never change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lydite.core.lazy import lazy_names
from lydite.data.dataset.classes import merge_classes, rename_class
from lydite.data.dataset.clone import Means
from lydite.data.dataset.diff import Changes, VersionDiff, diff
from lydite.data.dataset.folders import read_folders
from lydite.data.dataset.folding import deal_folds, folds_of, has_folds, items_to_fold
from lydite.data.dataset.follow import Move, batch_name, follow, plan_moves
from lydite.data.dataset.history import History
from lydite.data.dataset.intake import Intake, report_rows
from lydite.data.dataset.materialise import (
    Placed,
    Tree,
    check_tree,
    count_bytes,
    materialise,
    plan_tree,
    read_tree,
)
from lydite.data.dataset.merge import merge
from lydite.data.dataset.pictures import Seen, Watch, look_at, read_pictures
from lydite.data.dataset.quarantine import Batch, check_batch, forget, read_batch, read_quarantined
from lydite.data.dataset.schema import (
    ATTRIBUTES,
    ITEMS,
    KINDS,
    NUMBERS,
    PROVISIONAL,
    REGIONS,
    REPORT,
    frame_of,
    item_fault,
)
from lydite.data.dataset.store import load_report, load_version, save_version, scan_items, scan_regions
from lydite.data.dataset.tables import Tables, number_regions
from lydite.data.dataset.validate import Fault, check_version, files_on_disk_only
from lydite.data.dataset.version import TEST_SPLIT, DatasetVersion, VersionInfo

if TYPE_CHECKING:  # these read every format, which takes a quarter of a second to import
    from lydite.data.dataset.annotated import from_annotations, to_annotations
    from lydite.data.dataset.importing import FOLDERS, Wanted, read_source
else:
    __getattr__ = lazy_names(
        __name__, annotated="from_annotations to_annotations", importing="FOLDERS Wanted read_source"
    )

__all__ = [
    "ATTRIBUTES",
    "FOLDERS",
    "ITEMS",
    "KINDS",
    "NUMBERS",
    "PROVISIONAL",
    "REGIONS",
    "REPORT",
    "TEST_SPLIT",
    "Batch",
    "Changes",
    "DatasetVersion",
    "Fault",
    "History",
    "Intake",
    "Means",
    "Move",
    "Placed",
    "Seen",
    "Tables",
    "Tree",
    "VersionDiff",
    "VersionInfo",
    "Wanted",
    "Watch",
    "batch_name",
    "check_batch",
    "check_tree",
    "check_version",
    "count_bytes",
    "deal_folds",
    "diff",
    "files_on_disk_only",
    "folds_of",
    "follow",
    "forget",
    "frame_of",
    "from_annotations",
    "has_folds",
    "item_fault",
    "items_to_fold",
    "load_report",
    "load_version",
    "look_at",
    "materialise",
    "merge",
    "merge_classes",
    "number_regions",
    "plan_moves",
    "plan_tree",
    "read_batch",
    "read_folders",
    "read_pictures",
    "read_quarantined",
    "read_source",
    "read_tree",
    "rename_class",
    "report_rows",
    "save_version",
    "scan_items",
    "scan_regions",
    "to_annotations",
]
