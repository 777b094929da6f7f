from __future__ import annotations

import importlib
import pkgutil

import pytest

import lydite.detect.proposers as room
from lydite.core import UnknownName
from lydite.detect.proposers import PROPOSERS, RegionSettings, build_proposer


def test_every_file_of_the_room_is_in_the_table_under_its_name() -> None:
    siblings = {module.name for module in pkgutil.iter_modules(room.__path__)} - {"base"}
    assert siblings == set(PROPOSERS)
    for name in siblings:
        module = importlib.import_module(f"lydite.detect.proposers.{name}")
        assert PROPOSERS[name] is module.build
        assert build_proposer(name, RegionSettings()).name == name


def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(UnknownName) as caught:
        build_proposer("region", RegionSettings())
    assert str(caught.value) == "There is no proposer named 'region'. Did you mean 'regions'?"
