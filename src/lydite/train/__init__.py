"""From labels to weights: one recipe, and runs that remember what they saw."""

from lydite.train.lineage import Parent, exposure_of, ledger_of, run_parent, weights_parent
from lydite.train.plan import Member, Plan
from lydite.train.recipe import SECTIONS, Change, Recipe, Speed, changed, diff, flatten, unflatten
from lydite.train.recipe_file import load_recipe, parse_recipe, shipped_recipes, to_toml
from lydite.train.run import Run, open_run
from lydite.train.spec import RunSpec
from lydite.train.status import State, Status, read_status
from lydite.train.tasks import ImageTask, Task, open_version

__all__ = [
    "SECTIONS",
    "Change",
    "ImageTask",
    "Member",
    "Parent",
    "Plan",
    "Recipe",
    "Run",
    "RunSpec",
    "Speed",
    "State",
    "Status",
    "Task",
    "changed",
    "diff",
    "exposure_of",
    "flatten",
    "ledger_of",
    "load_recipe",
    "open_run",
    "open_version",
    "parse_recipe",
    "read_status",
    "run_parent",
    "shipped_recipes",
    "to_toml",
    "unflatten",
    "weights_parent",
]
