"""From labels to weights: one recipe, and runs that remember what they saw."""

from lydite.train.recipe import SECTIONS, Change, Recipe, Speed, changed, diff, flatten, unflatten
from lydite.train.recipe_file import load_recipe, parse_recipe, shipped_recipes, to_toml

__all__ = [
    "SECTIONS",
    "Change",
    "Recipe",
    "Speed",
    "changed",
    "diff",
    "flatten",
    "load_recipe",
    "parse_recipe",
    "shipped_recipes",
    "to_toml",
    "unflatten",
]
