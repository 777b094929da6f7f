"""Folds: dealt out once, stored for each item, kept when the data changes."""

from lydite.data.folds.assign import Items, align, make_folds
from lydite.data.folds.balance import imbalance
from lydite.data.folds.folds import MAX_FOLDS, Folds, Way
from lydite.data.folds.store import load_folds, save_folds
from lydite.data.folds.table import read_items

__all__ = [
    "MAX_FOLDS",
    "Folds",
    "Items",
    "Way",
    "align",
    "imbalance",
    "load_folds",
    "make_folds",
    "read_items",
    "save_folds",
]
