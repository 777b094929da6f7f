"""Policies: frozen, checked, and late."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lydite.clean import CHECKS, NAMES, POLICIES, Policy, Rule, Worse, decide, load_policy
from lydite.core import UnknownName, UsageError

DEPTH = {"keep": 0, "quarantine": 1, "drop": 2}


def table(small: list[float], split: list[str | None] | None = None) -> pl.DataFrame:
    count = len(small)
    return pl.DataFrame(
        {
            "item": [f"t:{row}" for row in range(count)],
            "label": ["pear"] * count,
            "group": [None] * count,
            "split": split or ["train"] * count,
            "small": small,
        },
        schema_overrides={"group": pl.String, "split": pl.String},
    )


def test_built_in_policies_differ_in_what_they_leave_out_only() -> None:
    assert POLICIES["strict"].rules == POLICIES["aggressive"].rules
    assert set(POLICIES["strict"].rules) <= set(NAMES)
    scores = table([40, 70, 100])
    own = Rule(quarantine=80, drop=56)
    mild, hard = (Policy(name="own", exclude_quarantined=out, rules={"small": own}) for out in (False, True))
    assert decide(scores, mild)["decision"].to_list() == ["drop", "quarantine", "keep"]
    assert decide(scores, mild)["excluded"].to_list() == [True, False, False]
    assert decide(scores, hard)["excluded"].to_list() == [True, True, False]


def test_a_limit_itself_is_fine_where_low_is_worse_and_bad_where_high_is() -> None:
    scores = table([56, 55]).with_columns(aspect=pl.Series([3.0, 2.9]))
    found = decide(scores, Policy(name="own", rules={"small": Rule(drop=56), "aspect": Rule(quarantine=3)}))
    assert found["decision"].to_list() == ["quarantine", "drop"]
    assert found["reasons"].to_list() == [["aspect"], ["small"]]


def test_nothing_is_decided_where_nothing_is_known() -> None:
    scores = table([float("nan")]).with_columns(aspect=pl.lit(None, pl.Float64))
    assert decide(scores, POLICIES["aggressive"])["decision"].to_list() == ["keep"]


@given(st.lists(st.floats(0, 200), min_size=1), st.floats(0, 200), st.floats(0, 200))
def test_a_harder_policy_never_keeps_more(sizes: list[float], one: float, other: float) -> None:
    low, high = sorted((one, other))
    scores = table(sizes)
    mild = decide(scores, Policy(name="mild", rules={"small": Rule(drop=low)}))["decision"]
    hard = decide(scores, Policy(name="hard", rules={"small": Rule(quarantine=high, drop=low)}))["decision"]
    pairs = zip(mild.to_list(), hard.to_list(), strict=True)
    assert all(DEPTH[before] <= DEPTH[after] for before, after in pairs)


@given(st.lists(st.floats(0, 200), min_size=1), st.data())
def test_items_of_the_split_test_are_kept_whatever_their_scores(
    sizes: list[float], data: st.DataObject
) -> None:
    names = st.sampled_from(["train", "test", "val", None])
    splits = data.draw(st.lists(names, min_size=len(sizes), max_size=len(sizes)))
    found = decide(
        table(sizes, splits), Policy(name="hard", exclude_quarantined=True, rules={"small": Rule(drop=150)})
    )
    tested = found.filter(pl.col("split") == "test")
    assert (tested["decision"] == "keep").all()
    assert not tested["excluded"].any()
    assert tested["spared"].to_list() == [len(reasons) > 0 for reasons in tested["reasons"].to_list()]


def test_a_policy_comes_back_from_its_file(tmp_path: Path) -> None:
    for policy in POLICIES.values():
        (tmp_path / "own.toml").write_text(policy.to_toml())
        assert load_policy(str(tmp_path / "own.toml")) == policy


@pytest.mark.parametrize(
    ("text", "kind", "message"),
    [
        ('name = "a"\nrules = {}\nnoise = 1', UsageError, "noise: Extra inputs are not permitted"),
        ('name = "a"\n[rules.smal]\ndrop = 1', UnknownName, "Did you mean 'small'"),
        ('name = "a"\n[rules.small]\ndorp = 1', UsageError, "rules.small.dorp: Extra inputs"),
        ('name = "a"\n[rules.small]\ndrop = "x"', UsageError, "rules.small.drop"),
        ('name = "a"\n[rules.small]\ndrop = nan', UsageError, "rules.small.drop"),
        ('name = "a"\n[rules.small]\ndrop = 80\nquarantine = 56', UsageError, "mild side of quarantine"),
        ('name = "../a"\nrules = {}', UsageError, "name"),
        ("name", UsageError, "is not TOML"),
    ],
)
def test_what_means_nothing_is_refused(
    tmp_path: Path, text: str, kind: type[Exception], message: str
) -> None:
    path = tmp_path / "own.toml"
    path.write_text(text)
    with pytest.raises(kind, match=message):
        load_policy(str(path))


def test_an_unknown_policy_names_the_near_one() -> None:
    with pytest.raises(UnknownName, match="'strict'"):
        load_policy("strickt")


def test_frozen() -> None:
    with pytest.raises(TypeError):
        POLICIES["strict"].rules["small"] = Rule()  # type: ignore[index]
    assert all(isinstance(check.worse, Worse) for check in CHECKS.values())
