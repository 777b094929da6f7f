"""What every engine must do: the serial one is the reference."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

import lydite.engines
from engines import chores
from engines.conftest import ENGINES
from lydite.engines import Engine, Failure, Result, Serial, Success, Work


def test_every_engine_is_held_to_the_contract(engine: Engine) -> None:
    for module in pkgutil.iter_modules(lydite.engines.__path__):
        importlib.import_module(f"lydite.engines.{module.name}")
    assert {kind.__name__ for kind in Engine.__subclasses__()} == {kind for kind, _ in ENGINES.values()}
    assert type(engine).__name__ in {kind for kind, _ in ENGINES.values()}


def outline(results: Iterator[Result[int, object]]) -> list[object]:
    """What must not depend on the engine."""
    return [
        (result.item, result.value)
        if isinstance(result, Success)
        else (result.item, type(result.error).__name__, str(result.error))
        for result in results
    ]


@pytest.mark.parametrize("chore", [chores.square, chores.square_slowly_if_even, chores.refuse_odd])
def test_every_engine_equals_the_serial_one(engine: Engine, chore: Callable[[int], int]) -> None:
    assert outline(engine.map(chore, range(30))) == outline(Serial().map(chore, range(30)))


def test_no_items_no_work(engine: Engine) -> None:
    assert list(engine.map(chores.with_state, [], setup=chores.fail_to_set_up)) == []


def test_a_failure_tells_where_it_happened(engine: Engine) -> None:
    (failure,) = engine.map(chores.refuse_odd, [7])
    assert isinstance(failure, Failure)
    assert isinstance(failure.error, ValueError)
    assert failure.item == 7
    assert "in refuse_odd" in failure.trace
    assert failure.trace.endswith("ValueError: 7 is odd\n")


def test_setup_is_called_once_per_worker(engine: Engine, tmp_path: Path) -> None:
    results = list(engine.map(chores.add_pid, range(12), setup=partial(chores.sign_in, tmp_path)))
    assert [result.value[0] for result in results if isinstance(result, Success)] == list(range(12))
    at_work = {result.value[1] for result in results if isinstance(result, Success)}
    signed_in = [int(path.name.split("-")[0]) for path in tmp_path.iterdir()]
    assert len(signed_in) == len(set(signed_in)) <= engine.workers
    assert at_work <= set(signed_in)


def test_a_setup_that_fails_is_raised(engine: Engine) -> None:
    with pytest.raises(ValueError, match=r"^no model here$"):
        list(engine.map(chores.with_state, [1, 2], setup=chores.fail_to_set_up))


def test_items_are_read_as_they_are_needed(engine: Engine) -> None:
    read = 0

    def endless() -> Iterator[int]:
        nonlocal read
        while True:
            yield read
            read += 1

    results = engine.map(chores.square, endless())
    for done in range(40):
        assert next(results) == Success(done, done * done)
        assert read <= done + 4 * engine.workers
    results.close()  # type: ignore[attr-defined]


def test_an_interruption_is_not_a_failure(engine: Engine) -> None:
    with pytest.raises(KeyboardInterrupt):
        list(engine.map(chores.interrupt, [1]))


def test_planners_submit_more_as_results_come(engine: Engine) -> None:
    with engine.hire(Work(chores.square)) as crew:
        assert [crew.submit(item) for item in (2, 3)] == [0, 1]
        seen = {}
        for ticket, result in crew.as_completed():
            assert isinstance(result, Success)
            seen[ticket] = result.value
            if result.value < 1000:
                crew.submit(result.value)
    assert sorted(seen) == list(range(len(seen)))
    assert sorted(seen.values()) == [4, 9, 16, 81, 256, 6561, 65536]
