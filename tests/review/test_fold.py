"""State is a fold over the journal: last words, disputes, undo, and classes that change their names."""

from __future__ import annotations

from hypothesis import given

from lydite.core import Act, Verdict
from lydite.review.fold import Decision, Fold, Standing, State, fold
from review.acts import NAMES, entries, item, journals, said, undo


def state(*verdicts: Verdict) -> State:
    return fold(entries(verdicts), NAMES)


def only(*verdicts: Verdict) -> Decision:
    return state(*verdicts).decisions[item("1")]


def test_the_last_word_of_a_reviewer_counts() -> None:
    assert only(said(Act.KEEP, label="a"), said(Act.RELABEL, label="b")).label == "b"
    assert only(said(Act.KEEP, label="a"), said(Act.TRASH)).standing is Standing.TRASH


def test_two_who_differ_are_a_dispute_until_somebody_settles_it() -> None:
    anna, bert = said(Act.KEEP, "anna", label="a"), said(Act.TRASH, "bert")
    assert only(anna, bert).standing is Standing.DISPUTED
    settled = only(anna, bert, said(Act.RELABEL, "cleo", label="c", adjudicates=True))
    assert (settled.standing, settled.label) == (Standing.LABEL, "c")
    assert [word.reviewer for word in settled.words] == ["anna", "bert", "cleo"]


def test_an_adjudication_settles_what_was_said_before_it() -> None:
    early = said(Act.TRASH, "cleo", adjudicates=True)
    assert only(early, said(Act.KEEP, "anna", label="a")).standing is Standing.DISPUTED
    assert only(said(Act.KEEP, "anna", label="a"), early).standing is Standing.TRASH


def test_being_unsure_contradicts_nobody() -> None:
    assert only(said(Act.UNSURE, "anna"), said(Act.KEEP, "bert", label="a")).label == "a"
    assert only(said(Act.UNSURE, "anna")).standing is Standing.UNSURE


def test_undo_brings_back_the_word_before_and_can_be_undone() -> None:
    first, second = said(Act.KEEP, label="a"), said(Act.TRASH)
    back = undo(second)
    assert only(first, second, back).label == "a"
    assert only(first, second, back, undo(back)).standing is Standing.TRASH
    assert item("1") not in state(first, undo(first)).decisions


def test_nobody_undoes_anothers_word() -> None:
    word = said(Act.TRASH, "anna")
    foreign = said(Act.UNDO, "bert", undoes=word.id)
    assert only(word, foreign).standing is Standing.TRASH


def test_a_renamed_class_keeps_its_pictures_and_its_old_name_is_understood() -> None:
    rename = said(Act.RENAME, label="a", target="apple")
    after = state(said(Act.KEEP, label="a"), rename, said(Act.KEEP, "bert", label="a"))
    assert after.classes == ("apple", "b", "c")
    assert after.decisions[item("1")].label == "apple"
    assert after.renamed == {"a": "apple"}


def test_merging_ends_a_dispute_between_the_two() -> None:
    words = said(Act.KEEP, "anna", label="a"), said(Act.RELABEL, "bert", label="b")
    merge = said(Act.MERGE, label="b", target="a")
    assert only(*words).standing is Standing.DISPUTED
    assert only(*words, merge).label == "a"
    assert only(*words, merge, undo(merge)).standing is Standing.DISPUTED
    assert state(*words, merge).classes == ("a", "c")


def test_a_name_can_be_given_again() -> None:
    verdicts = (
        said(Act.KEEP, name="1", label="a"),
        said(Act.RENAME, label="a", target="apple"),
        said(Act.ADD, label="a"),
        said(Act.KEEP, name="2", label="a"),
    )
    found = state(*verdicts)
    assert found.classes == ("apple", "b", "c", "a")
    assert found.decisions[item("1")].label == "apple"
    assert found.decisions[item("2")].label == "a"


def test_a_word_given_under_a_name_that_was_taken_back_still_means_its_class() -> None:
    rename = said(Act.RENAME, label="a", target="apple")
    found = state(rename, said(Act.KEEP, label="apple"), undo(rename))
    assert found.classes == NAMES
    assert found.decisions[item("1")].label == "a"


@given(journals())
def test_entry_by_entry_equals_all_at_once_at_every_place(verdicts: list[Verdict]) -> None:
    """Replay to any point is equal byte by byte."""
    growing = Fold(NAMES)
    for place, entry in enumerate(entries(verdicts), start=1):
        growing.add(entry)
        assert growing.state().to_bytes() == fold(entries(verdicts)[:place], NAMES).to_bytes()


@given(journals())
def test_undoing_everything_leaves_nothing(verdicts: list[Verdict]) -> None:
    whole = Fold(NAMES)
    whole.extend(entries(verdicts))
    more = list(verdicts)
    for who in ("anna", "bert", "cleo"):
        while living := whole.living(who):
            more.append(said(Act.UNDO, who, undoes=living[-1].id))
            whole.add(entries(more)[-1])
    assert not whole.state().decisions


@given(journals())
def test_alive_is_what_a_slow_reading_backwards_says(verdicts: list[Verdict]) -> None:
    """An act counts unless an undo of it counts: read from the end, each is known when it is asked for."""
    undone: set[str] = set()
    for verdict in reversed(verdicts):
        if verdict.act is Act.UNDO and verdict.id not in undone:
            undone.add(verdict.undoes)
    whole = Fold(NAMES)
    whole.extend(entries(verdicts))
    assert [whole.is_alive(v.id) for v in verdicts] == [v.id not in undone for v in verdicts]
