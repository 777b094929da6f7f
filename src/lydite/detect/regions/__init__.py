"""Regions of a picture without a model: superpixels, merge trees and blobs, ranked."""

from lydite.detect.regions.blobs import find_blobs
from lydite.detect.regions.nodes import find_nodes
from lydite.detect.regions.ranking import measure_quality, rank
from lydite.detect.regions.regions import Regions
from lydite.detect.regions.restore import restore
from lydite.detect.regions.settings import RegionSettings, Source
from lydite.detect.regions.superpixels import Pieces, cut
from lydite.detect.regions.view import View, look

__all__ = [
    "Pieces",
    "RegionSettings",
    "Regions",
    "Source",
    "View",
    "cut",
    "find_blobs",
    "find_nodes",
    "look",
    "measure_quality",
    "rank",
    "restore",
]
