from __future__ import annotations

import sys

import pytest

from lydite.features.encoders import ENCODERS
from lydite.features.licences import UNKNOWN, licence_of
from support import need_module


def test_own_encoders_are_ours() -> None:
    for name in set(ENCODERS) - {"timm"}:
        assert licence_of(name).startswith("Apache-2.0")


def test_a_local_file_says_nothing() -> None:
    assert licence_of("resnet18", "weights.pth").startswith("unknown: the weights came from a local file")


@pytest.mark.torch
@pytest.mark.filterwarnings("ignore")
def test_what_timm_states_is_given_as_that() -> None:
    need_module("timm")
    assert licence_of("resnet18") == "apache-2.0 (as timm states)"
    assert licence_of("no_such_network") == UNKNOWN


def test_without_timm_nothing_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "timm.models", None)
    assert licence_of("resnet18") == "unknown: see the model's page"
