"""Hits and false alarms at every threshold, though only a few objects are known.

Of most pictures only a few objects are known, so hits can be counted and false alarms cannot. But what is
found in all, ``Q(t)`` instances a picture at a threshold ``t``, is hits and false alarms together, and a true
object brings ``R(t)`` hits and ``S(t)`` parts of itself along. So a picture cannot hold more objects than
``min_t Q(t) / (R(t) + S(t))``. With that number, precision, recall and F1 follow at every threshold. (The
bound is that of learning from positive and unlabelled examples: Elkan and Noto, "Learning classifiers from
only positive and unlabeled data", 2008; Scott, "A rate of convergence for mixture proportion estimation",
2015.)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from lydite.core import ClassMap
from lydite.detect.rehearsal import Floats, Ints, Ranked, Rehearsal

PRIOR_SPREAD, PRIOR_WEIGHT = 0.4, 1.0
"""Standard deviation of the ranks of true objects, believed as much as so many examples are."""
LEAST_RECALL, LEAST_SEEN = 0.7, 3
"""The number of objects is read off where at least this share of those found lies above the threshold, and
at least so many instances."""
STEPS = 300
FEWEST_GIVEN = 3
FEWEST_CLASSES = 3
NODES, _weights = np.polynomial.hermite_e.hermegauss(7)
WEIGHTS = _weights / _weights.sum()
"""The centre of a class is known up to its standard error: expectations are taken over it (Gauss-Hermite)."""


@dataclass(frozen=True, slots=True, eq=False)
class Curves:
    """At ``STEPS`` thresholds, by class.

    Args:
        thresholds: ``(steps,)`` ascending.
        hits: ``(classes, steps)`` expected hits a picture: objects found and called by their right name.
        seen: ``(classes, steps)`` instances a picture.
        objects: ``(classes,)`` expected objects a picture.
    """

    thresholds: Floats
    hits: Floats
    seen: Floats
    objects: Floats

    @property
    def precision(self) -> Floats:
        """``(classes, steps)`` expected; 1 where nothing is seen."""
        hits = self.hits
        return np.minimum(1.0, np.divide(hits, self.seen, out=np.ones_like(hits), where=self.seen > 0))

    @property
    def recall(self) -> Floats:
        """``(classes, steps)`` expected; 0 for a class without objects."""
        objects = np.broadcast_to(self.objects[:, None], self.hits.shape)
        return np.divide(self.hits, objects, out=np.zeros_like(self.hits), where=objects > 0)

    def f1(self, chosen: Ints) -> float:
        """Of all classes together, at one step for each."""
        rows = np.arange(len(chosen))
        found = float(self.hits[rows, chosen].sum())
        total = float(self.seen[rows, chosen].sum() + self.objects.sum())
        return min(1.0, 2 * found / total) if total else 0.0


def measure(
    rehearsal: Rehearsal, rows: Ints, pile: Sequence[Ranked], exhaustive: bool, judged: Sequence[Ranked] = ()
) -> Curves:
    """Curves from some of the held-out examples (rows may repeat) and a pile of pictures.

    Args:
        rehearsal: Where the held-out examples are.
        rows: Which of them to use.
        pile: Pictures without labels.
        exhaustive: Whether every object in the examples' pictures is an example.
        judged: Pictures in which somebody went through what was found. The share of hits among what ranks
            as high there takes the place of the assumption that the best of the pile may all be hits.
    """
    classes = len(rehearsal.class_map)
    known = None
    if exhaustive:
        shown = np.bincount(rehearsal.labels[rows], minlength=classes)
        known = shown / max(1, len(np.unique(rehearsal.pictures[rows])))
    rows = _given(rehearsal, rows)
    labels = rehearsal.labels[rows]
    found = np.isfinite(rehearsal.ranks[rows])
    share_found = (found.sum() + 1) / (len(rows) + 1)
    called = (rehearsal.named[rows][found].sum() + 1) / (found.sum() + 1)  # by their right name, all classes
    counts = np.bincount(labels[found], minlength=classes)
    centres, spread = model(rehearsal, rows)
    everything = np.concatenate([scene.ranks for scene in pile])
    thresholds = np.linspace(np.quantile(everything, 0.2), everything.max(), STEPS)
    seen = np.stack([_above(pile, label, thresholds) for label in range(classes)])
    true = seen if not judged else seen * _precision(judged, classes, thresholds)
    hits, objects = np.zeros_like(seen), np.zeros(classes)
    for node, weight in zip(NODES, WEIGHTS, strict=True):
        centre = centres + node * spread / np.sqrt(np.maximum(counts, 1))
        share = share_found * ndtr((centre[:, None] - thresholds) / spread)
        offsets = np.sort(_part_offsets(rehearsal, rows, centre))
        parts = (len(offsets) - np.searchsorted(offsets, thresholds - centre[:, None])) / len(rows)
        trusted = (share >= LEAST_RECALL * share_found) & (seen * len(pile) >= LEAST_SEEN)
        most = np.where(trusted, true / (share + (0 if judged else parts)), np.inf).min(axis=1)
        count = np.where(np.isfinite(most), most, 0.0) if known is None else known
        objects += weight * count
        likely = np.minimum(count[:, None] * share, true)  # no more hits than instances
        hits += weight * likely * (1 if judged else called)  # what was judged bears its right name
    return Curves(thresholds, hits, seen, objects)


def model(rehearsal: Rehearsal, rows: Ints) -> tuple[Floats, float]:
    """Centre of each class, and the spread that all share; a class without ranks takes the mean of all.

    Where three classes or more have ranks, a centre leans on the mean of all: the more, the less is known of
    it and the less the classes differ (empirical Bayes: Efron and Morris, "Stein's estimation rule and its
    competitors", 1973).
    """
    rows = rows[np.isfinite(rehearsal.ranks[rows])]
    ranks, labels = rehearsal.ranks[rows], rehearsal.labels[rows]
    weights = stand_for(rehearsal, rows)
    counts = np.bincount(labels, minlength=len(rehearsal.class_map))
    sums = np.bincount(labels, weights=ranks * weights, minlength=len(counts))
    centres = np.where(counts > 0, sums / np.maximum(counts, 1), np.average(ranks, weights=weights))
    freedom = max(0, len(ranks) - int((counts > 0).sum()))
    squares = float((weights * (ranks - centres[labels]) ** 2).sum())
    spread = float(np.sqrt((squares + PRIOR_WEIGHT * PRIOR_SPREAD**2) / (freedom + PRIOR_WEIGHT)))
    return towards_each_other(centres, counts, spread), spread


def stand_for(rehearsal: Rehearsal, rows: Ints) -> Floats:
    """``(len(rows),)`` how much each example says of its class, 1 on average of a class.

    Five examples from a picture with ten objects and five from one with three hundred were not drawn alike:
    those of the crowd are fewer than their share. So each counts as often as there are instances of its class
    in its picture for each example of it there (Horvitz and Thompson, "A generalization of sampling without
    replacement from a finite universe", 1952). Close-ups were drawn from no picture and count once.
    """
    if rehearsal.crowds is None:
        return np.ones(len(rows))
    weights, labels = rehearsal.crowds[rows], rehearsal.labels[rows]
    drawn = ~np.isnan(weights)
    weights = np.where(drawn, weights, 0.0)
    counts = np.bincount(labels[drawn], minlength=len(rehearsal.class_map))
    sums = np.bincount(labels, weights=weights, minlength=len(counts))
    return np.where(drawn, weights * (counts / np.maximum(sums, 1e-9))[labels], 1.0)


def towards_each_other(centres: Floats, counts: Ints, spread: float) -> Floats:
    """``(classes,)`` centres, each moved towards the mean of all as far as chance may have moved it away."""
    known = counts > 0
    if known.sum() < FEWEST_CLASSES:
        return centres
    doubt = spread**2 / np.maximum(counts, 1)
    differ = max(0.0, float(centres[known].var(ddof=1) - doubt[known].mean()))
    middle = np.average(centres[known], weights=1 / (differ + doubt[known]))
    return np.asarray(middle + np.where(known, differ / (differ + doubt), 0.0) * (centres - middle))


def _given(rehearsal: Rehearsal, rows: Ints) -> Ints:
    """The examples that a person brought, if enough of them were found; else all.

    Those that a run had found are found again, and ranked high the first time: they do not say how many
    objects are found, nor how these rank.
    """
    if rehearsal.judged is None:
        return rows
    given = rows[~rehearsal.judged[rows]]
    return given if np.isfinite(rehearsal.ranks[given]).sum() >= FEWEST_GIVEN else rows


def _precision(judged: Sequence[Ranked], classes: int, thresholds: Floats) -> Floats:
    """``(classes, steps)`` share of hits among what ranks above each threshold where somebody looked.

    Few of a class lean on all classes together: their share counts as much as two instances.
    """
    hits = [Ranked(each.ranks[each.hit], each.labels[each.hit]) for each in judged]
    found, seen = (
        np.stack([_above(pictures, label, thresholds) * len(judged) for label in range(classes)])
        for pictures in (hits, judged)
    )
    everyone = (found.sum(axis=0) + 1) / (seen.sum(axis=0) + 2)
    return np.asarray((found + 2 * everyone) / (seen + 2), np.float64)


def _above(pile: Sequence[Ranked], label: int, thresholds: Floats) -> Floats:
    """Instances of a class a picture at each threshold."""
    ranks = np.sort(np.concatenate([scene.ranks[scene.labels == label] for scene in pile]))
    return (len(ranks) - np.searchsorted(ranks, thresholds)) / len(pile)


def _part_offsets(rehearsal: Rehearsal, rows: Ints, centres: Floats) -> Floats:
    """Ranks of the parts of the chosen examples, as distances from the centre of the example's class."""
    times = np.bincount(rows, minlength=len(rehearsal.labels))[rehearsal.part_of]
    offsets = rehearsal.part_ranks - centres[rehearsal.labels[rehearsal.part_of]]
    return np.repeat(offsets, times)


def as_one(rehearsal: Rehearsal, centres: Floats) -> Rehearsal:
    """All classes as one: every rank as its distance from the centre of its class."""
    part_labels = rehearsal.labels[rehearsal.part_of]
    return Rehearsal(
        ClassMap(("all",)),
        np.zeros_like(rehearsal.labels),
        rehearsal.ranks - centres[rehearsal.labels],
        rehearsal.named,
        rehearsal.pictures,
        rehearsal.part_ranks - centres[part_labels],
        rehearsal.part_of,
        rehearsal.scenes,
        judged=rehearsal.judged,
        crowds=rehearsal.crowds,
    )


def centred(scene: Ranked, centres: Floats) -> Ranked:
    """A picture with all classes as one; see ``as_one``."""
    truth = None if scene.truth is None else np.where(scene.hit, 0, -1)
    return Ranked(scene.ranks - centres[scene.labels], np.zeros_like(scene.labels), truth)
