from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

from lydite.core import UnknownName, UsageError
from lydite.train import (
    SECTIONS,
    Change,
    Recipe,
    changed,
    diff,
    flatten,
    load_recipe,
    parse_recipe,
    shipped_recipes,
    to_toml,
    unflatten,
)
from support import REPOSITORY


@pytest.mark.parametrize("name", sorted(shipped_recipes()))
def test_every_shipped_recipe_reads_back(name: str) -> None:
    recipe = load_recipe(name)
    assert parse_recipe(to_toml(recipe)) == recipe
    assert unflatten(flatten(recipe)) == recipe
    assert recipe.about, "a shipped recipe says what it is for"


def test_what_is_not_given_has_its_default() -> None:
    assert parse_recipe("") == Recipe()
    assert parse_recipe("[backbone]\ncheckpoint = 'w.pth'\n").backbone.checkpoint == "w.pth"


def test_every_setting_is_described() -> None:
    for section, model in SECTIONS.items():
        for name, field in model.model_fields.items():
            assert field.description, f"{section}.{name}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[hed]\nkind = 'mlp'", "There is no section of a recipe named 'hed'. Did you mean 'head'"),
        (
            "[head]\nkinds = 'mlp'",
            "There is no setting of a recipe named 'head.kinds'. Did you mean 'head.kind'",
        ),
        ("sped = 'probe'", "There is no setting of a recipe named 'sped'. Did you mean 'speed'"),
        ("head = 'mlp'", "Section head of a recipe must be a table. Write [head]. Seen: mlp"),
        ("[speed]\nx = 1", "There is no section of a recipe named 'speed'."),
        ("[head\n", "A recipe is not TOML: "),
    ],
)
def test_unknown_names_are_refused_with_the_nearest(text: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_recipe(text)
    assert str(caught.value).startswith(message)


def test_refused_values_are_named_all_at_once() -> None:
    with pytest.raises(UsageError) as caught:
        parse_recipe("[head]\nhidden = 0\nkind = 'tree'\n[optimiser]\nlr = -1.0\n")
    assert str(caught.value) == (
        "Recipe refused: head.kind: Input should be 'linear', 'mlp', 'attention' or 'neighbours' "
        "(seen: 'tree'); head.hidden: Input should be greater than or equal to 2 (seen: 0); "
        "optimiser.lr: Input should be greater than 0 (seen: -1.0)."
    )


def test_a_recipe_is_frozen() -> None:
    with pytest.raises(ValidationError):
        Recipe().speed = "fine_tune"  # type: ignore[misc,assignment]


def test_differences_name_the_setting() -> None:
    one = Recipe()
    other = changed(one, {"head.kind": "mlp", "loss.label_smoothing": 0.03})
    assert diff(one, one) == ()
    assert diff(one, other) == (
        Change("head.kind", "linear", "mlp"),
        Change("loss.label_smoothing", 0.05, 0.03),
    )
    assert changed(other, {change.name: change.left for change in diff(one, other)}) == one
    with pytest.raises(UnknownName, match="There is no setting of a recipe named 'kind'"):
        changed(one, {"kind": "mlp"})


def test_the_id_is_of_what_decides_and_the_same_in_every_process() -> None:
    one = Recipe()
    assert one.id == changed(one, {"about": "other words"}).id
    assert one.id == changed(one, {"budget.workers": 4}).id
    assert one.id != changed(one, {"loss.label_smoothing": 0.03}).id
    code = "from lydite.train import Recipe; print(Recipe().id)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": str(REPOSITORY / "src"), "PATH": "", "PYTHONHASHSEED": "1"},
    )
    assert done.stdout.strip() == one.id


def test_recipes_are_found_by_name_and_by_path(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("[head]\nkind = 'mlp'\n", encoding="utf-8")
    assert load_recipe(path) == load_recipe(str(path)) == changed(Recipe(), {"head.kind": "mlp"})
    with pytest.raises(UnknownName, match=r"There is no recipe named 'prob'\. Did you mean 'probe'"):
        load_recipe("prob")
    with pytest.raises(
        UsageError, match=r"mine2.toml cannot be read: No such file or directory\. Name a TOML"
    ):
        load_recipe(tmp_path / "mine2.toml")
    path.write_text("[head]\nkin = 1\n", encoding="utf-8")
    with pytest.raises(UsageError, match=r"mine.toml: There is no setting of a recipe named 'head.kin'"):
        load_recipe(path)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(UsageError, match=r"mine.toml is no UTF-8 text\. Save it as UTF-8\."):
        load_recipe(path)
