from __future__ import annotations

import importlib
import pickle
import pkgutil
from pathlib import Path

import pytest

import lydite.detect.proposers as room
from detect.proposers.given import settings_for
from lydite.core import UnknownName
from lydite.detect import resolve
from lydite.detect.proposers import PROPOSERS, build_proposer
from support import need_module


def test_every_file_of_the_room_is_in_the_table_under_its_name() -> None:
    siblings = {module.name for module in pkgutil.iter_modules(room.__path__)} - {"base"}
    assert siblings == set(PROPOSERS)
    for name in siblings:
        module = importlib.import_module(f"lydite.detect.proposers.{name}")
        assert PROPOSERS[name] is module.build


@pytest.mark.parametrize("name", PROPOSERS)
def test_a_proposer_knows_its_name_and_travels(name: str, tmp_path: Path) -> None:
    if name not in {"boxes", "callback", "regions", "similarity"}:
        need_module("transformers")
        need_module("torchvision")
    proposer = build_proposer(settings_for(name, tmp_path))
    again = pickle.loads(pickle.dumps(proposer))
    assert again.name == proposer.name == name
    assert again.provenance == proposer.provenance


def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(UnknownName) as caught:
        build_proposer(resolve(options={"proposer": "region"}))
    assert str(caught.value) == "There is no proposer named 'region'. Did you mean 'regions'?"
