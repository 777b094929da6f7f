"""A finding has a score, or says that its check crashed."""

from __future__ import annotations

import math

import pytest

from lydite.core import Finding, InvalidValue, Severity


def test_a_score_is_missing_only_where_the_check_crashed() -> None:
    assert Finding("a:b", "blur", 0.1, Severity.NOTABLE, "soft", ("a:c",)).kin == ("a:c",)
    assert math.isnan(Finding("", "blur", math.nan, Severity.CRASHED, "it broke").score)
    for score, severity in ((math.nan, Severity.NOTABLE), (0.1, Severity.CRASHED)):
        with pytest.raises(InvalidValue, match=r"Finding\.score must be a number, or NaN"):
            Finding("a:b", "blur", score, severity, "soft")
    with pytest.raises(InvalidValue, match=r"Finding\.evidence must be a text"):
        Finding("a:b", "blur", 0.1, Severity.NOTABLE, " ")
