"""The rendered shelf: demo pictures of produce with exact truth, drawn in code, deterministic by seed."""

from lydite.data.shelf.clutter import CLUTTER
from lydite.data.shelf.pictures import ExemplarPicture, Scene, ShelfPaths
from lydite.data.shelf.plan import ShelfPlan
from lydite.data.shelf.produce import CLASSES, class_map
from lydite.data.shelf.scene import render_clutter, render_exemplar, render_scene
from lydite.data.shelf.write import draw_shelf, write_shelf

__all__ = [
    "CLASSES",
    "CLUTTER",
    "ExemplarPicture",
    "Scene",
    "ShelfPaths",
    "ShelfPlan",
    "class_map",
    "draw_shelf",
    "render_clutter",
    "render_exemplar",
    "render_scene",
    "write_shelf",
]
