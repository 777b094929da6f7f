from __future__ import annotations

import inspect
import pkgutil

import pytest

import lydite.data.formats as room
from lydite.core import UnknownName
from lydite.data.formats import FORMATS, TARGETS, get_format


def test_the_table_holds_every_sibling_and_nothing_else() -> None:
    names = {module.name for module in pkgutil.iter_modules(room.__path__)}
    assert set(FORMATS) == {name.removesuffix("_writer").replace("_", "-") for name in names}
    writers = {inspect.getmodule(target.write) for target in TARGETS.values()}
    own = {
        inspect.getmodule(room).__dict__[name.replace("-", "_")] for name in names if name.endswith("_writer")
    }
    assert own == writers - {room.coco}


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_every_reader_can_be_called_alike(name: str) -> None:
    read = FORMATS[name].read
    assert inspect.getmodule(read) is inspect.getmodule(room).__dict__[name.replace("-", "_")]
    parameters = list(inspect.signature(read).parameters.values())
    assert [parameter.name for parameter in parameters[:3]] == ["path", "images", "classes"]
    assert all(parameter.kind is parameter.KEYWORD_ONLY for parameter in parameters[3:])


@pytest.mark.parametrize("name", sorted(TARGETS))
def test_every_writer_can_be_called_alike_and_says_what_it_cannot_carry(name: str) -> None:
    write = TARGETS[name].write
    assert list(inspect.signature(write).parameters) == ["path", "annotations"]
    assert any(words in (write.__doc__ or "") for words in ("Cannot carry: ", "Nothing is lost but "))


def test_unknown_formats_get_a_suggestion() -> None:
    assert get_format("voc") is FORMATS["voc"]
    with pytest.raises(
        UnknownName, match=r"There is no annotation format named 'coko'\. Did you mean 'coco' or 'yolo'\?"
    ):
        get_format("coko")
