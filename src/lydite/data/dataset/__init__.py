"""What we have: items, regions and classes, as versions that never change."""

from lydite.data.dataset.history import History
from lydite.data.dataset.intake import Intake, report_rows
from lydite.data.dataset.schema import (
    ATTRIBUTES,
    ITEMS,
    KINDS,
    NUMBERS,
    REGIONS,
    REPORT,
    frame_of,
    item_fault,
)
from lydite.data.dataset.store import load_report, load_version, save_version, scan_items, scan_regions
from lydite.data.dataset.tables import Tables, number_regions
from lydite.data.dataset.version import TEST_SPLIT, DatasetVersion, VersionInfo

__all__ = [
    "ATTRIBUTES",
    "ITEMS",
    "KINDS",
    "NUMBERS",
    "REGIONS",
    "REPORT",
    "TEST_SPLIT",
    "DatasetVersion",
    "History",
    "Intake",
    "Tables",
    "VersionInfo",
    "frame_of",
    "item_fault",
    "load_report",
    "load_version",
    "number_regions",
    "report_rows",
    "save_version",
    "scan_items",
    "scan_regions",
]
