"""``lydite train`` as a person types it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from clean.piles import scenery, write
from cli.support_cli import Outcome, lydite, words
from lydite.core import Exposure
from lydite.data import load_predictions
from lydite.train import changed, load_recipe, parse_recipe, shipped_recipes
from train.fruit import draw

SMALL = ("--set", "backbone.name=descriptor", "--set", "backbone.side=64", "--quiet")


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return draw(tmp_path_factory.mktemp("fruit"), 6)


def train(pictures: Path, out: Path, *more: object) -> Outcome:
    cache = pictures.parent / "cache"
    return lydite("train", "run", pictures, *SMALL, "--out", out, "--cache", cache, "--folds", 3, *more)


def test_recipes_are_listed_shown_and_compared() -> None:
    listed = lydite("train", "recipe", "--list").out
    assert all(name in listed for name in shipped_recipes())
    shown = lydite("train", "recipe", "--show", "probe-mlp").out
    assert parse_recipe(shown) == load_recipe("probe-mlp")
    told = lydite("train", "recipe", "--diff", "probe", "probe-neighbours").out
    assert told.split() == ["setting", "probe", "probe-neighbours", "head.kind", "linear", "neighbours"]
    assert lydite("train", "recipe", "--diff", "probe", "probe").out.strip() == "no difference"
    refused = lydite("train", "recipe", "--list", "--show", "probe")
    assert (refused.code, refused.err.strip()) == (
        2,
        "lydite: One thing is shown at a time. Give one of --list, --show and --diff.",
    )


def test_a_run_tells_its_figures_and_the_same_command_changes_nothing(pictures: Path, tmp_path: Path) -> None:
    first = train(pictures, tmp_path / "run")
    assert first.code == 0, first.err
    assert "scored             18 rows (18 clean)" in first.out
    assert "state              done" in first.out
    said = (tmp_path / "run" / "predictions" / "oof.parquet").read_bytes()
    again = train(pictures, tmp_path / "run")
    assert again.out == first.out
    assert (tmp_path / "run" / "predictions" / "oof.parquet").read_bytes() == said


def test_folds_may_be_one_a_split_or_none(pictures: Path, tmp_path: Path) -> None:
    one = train(pictures, tmp_path / "one", "--fold", 1)
    assert "scored             6 rows (6 clean)" in one.out
    none = train(pictures, tmp_path / "none", "--folds", "none")
    assert "nothing was held out" in none.out
    refused = train(pictures, tmp_path / "split", "--folds", "split")
    assert (refused.code, "0 of 18 labelled items are of the split 'val'" in words(refused.err)) == (1, True)
    draw(tmp_path / "data" / "train", 4)
    draw(tmp_path / "data" / "val", 2, seed=1)
    split = train(tmp_path / "data", tmp_path / "split", "--folds", "split")
    assert "scored             6 rows (6 clean)" in split.out


def test_a_workspace_keeps_its_runs_and_its_folds(pictures: Path, tmp_path: Path) -> None:
    home = tmp_path / "shop"
    assert lydite("data", "import", pictures, "--layout", "label/group", "--workspace", home).code == 0
    assert lydite("data", "folds", "--workspace", home, "--folds", 2, "--name", "two").code == 0
    made = lydite("train", "run", home, *SMALL, "--folds", "two")
    assert made.code == 0, made.err
    (run,) = (home / "runs").iterdir()
    page = json.loads((run / "data.json").read_text())
    assert page["way"] == "2 folds, grouped"
    assert page["id"] == run.name
    assert page["source"]["version"].startswith((home / "data" / "HEAD").read_text().strip())


def test_weights_of_unknown_past_leave_nothing_to_score(pictures: Path, tmp_path: Path) -> None:
    done = lydite(
        "train", "run", pictures, "--quiet", "--folds", 3, "--set", "backbone.side=32",
        "--out", tmp_path / "run", "--cache", tmp_path / "cache", "--weights-saw", "unknown",
    )  # fmt: skip
    assert done.code == 0, done.err
    assert "scored 0 rows (18 unknown)" in words(done.out)
    oof = load_predictions(tmp_path / "run" / "predictions" / "oof.parquet")
    assert set(oof.exposure) == {Exposure.UNKNOWN}


def test_twins_of_what_was_learned_are_not_scored(tmp_path: Path) -> None:
    """One scene lies under another name, mirrored: whoever learned the one knows the other."""
    for number in range(4):
        write(tmp_path / "pictures" / "pear" / f"{number}.png", scenery(number))
        write(tmp_path / "pictures" / "fig" / f"{number}.png", scenery(9 + number))
    write(tmp_path / "pictures" / "pear" / "again.jpg", scenery(3)[:, ::-1])
    home = tmp_path / "shop"
    assert lydite("data", "import", tmp_path / "pictures", "--workspace", home, "--quiet").code == 0
    scanned = lydite("clean", "scan", "--workspace", home, "--no-semantic", "--no-pages", "--quiet")
    assert scanned.code == 0, scanned.err
    scan = Path(scanned.out.split("scan ")[-1].strip())
    folds = ("--folds", 9)
    alone = lydite("train", "run", home, *SMALL, *folds)
    assert "scored             9 rows (9 clean)" in alone.out, alone.err
    told = lydite("train", "run", home, *SMALL, *folds, "--twins", scan)
    assert "scored             7 rows (7 clean, 2 trained)" in told.out, told.err
    none = lydite("train", "run", home, *SMALL, *folds, "--twins", tmp_path)
    assert (none.code, "holds no finished scan: pairs.parquet" in words(none.err)) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--recipe", "prob"), "There is no recipe named 'prob'. Did you mean 'probe'"),
        (
            ("--set", "head.knd=mlp"),
            "There is no setting of a recipe named 'head.knd'. Did you mean 'head.kind'",
        ),
        (("--set", "head.kind=tree"), "Recipe refused: head.kind: Input should be 'linear', 'mlp'"),
        (("--set", "head.kind"), "Option --set takes section.name=value. For example: --set head.kind=mlp"),
        (
            ("--folds", "mine"),
            "There are no folds named 'mine'. Say a number, 'split', 'none', a parquet file",
        ),
        (("--folds", "1"), "There are 18 items, so the number of folds must lie in 2..18."),
        (
            ("--set", "mix.mixup=0.5"),
            "cannot honour mix.mixup. Leave them out, or begin with another recipe.",
        ),
        (("--fold", "7"), "There is no fold 7. Name one of 0..2."),
        (("--folds", "split", "--way", "grouped"), "Only folds that are dealt here have a way."),
        (("--layout", "klass"), "A layout is made of split, label, group"),
        (
            ("--version", "HEAD~9", "--set", "backbone.checkpoint=none.pth"),
            "Checkpoint none.pth cannot be read",
        ),
    ],
)
def test_what_cannot_be_asked_is_refused(
    pictures: Path, tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    refused = train(pictures, tmp_path / "run", *arguments)
    assert refused.code == 2
    assert message in words(refused.err)
    assert not (tmp_path / "run" / "data.json").exists()


def test_changed_data_under_a_run_are_told(tmp_path: Path) -> None:
    folder = draw(tmp_path / "fruit", 6)
    assert train(folder, tmp_path / "run").code == 0
    (folder / "apple" / "apple-a" / "0.png").rename(folder / "plum" / "plum-a" / "10.png")
    refused = train(folder, tmp_path / "run")
    assert refused.code == 2
    assert "holds another run; it differs in: data, held out. 2 items have changed, first" in words(
        refused.err
    )


def test_one_picture_a_class_and_one_class_are_told(tmp_path: Path) -> None:
    one = train(draw(tmp_path / "fruit", 1), tmp_path / "one", "--layout", "label/group")
    assert one.code == 0, one.err
    assert "scored             3 rows (3 clean)" in one.out
    assert "class 'plum' has one picture, so no model that knows it is asked about it" in words(one.err)
    (tmp_path / "apples" / "lime").mkdir(parents=True)  # an empty folder names no class
    apples = draw(tmp_path / "apples", 4, ("apple",))
    alone = train(apples, tmp_path / "alone", "--layout", "label/group", "--folds", 2)
    assert alone.code == 0, alone.err
    assert "every picture is of class 'apple'; there is nothing to tell apart" in words(alone.err)
    for run in ("one", "alone"):
        assert lydite("train", "report", tmp_path / run).code == 0
    (tmp_path / "none" / "lime").mkdir(parents=True)
    none = train(tmp_path / "none", tmp_path / "nothing")
    assert (none.code, "holds no picture." in words(none.err)) == (2, True)


def test_a_recipe_of_ones_own_is_a_file(pictures: Path, tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('[head]\nkind = "neighbours"\nneighbours = 3\n', encoding="utf-8")
    done = train(pictures, tmp_path / "run", "--recipe", file)
    assert "neighbours head on descriptor" in done.out
    kept = load_recipe(tmp_path / "run" / "recipe.toml")
    assert kept == changed(load_recipe(file), {"backbone.name": "descriptor", "backbone.side": 64})
