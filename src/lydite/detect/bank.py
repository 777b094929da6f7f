"""The touchstone: vectors of the known examples, embedded by exactly the path of the candidates."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from lydite.core import (
    ClassMap,
    ExemplarError,
    Features,
    FeatureSpace,
    ImageError,
    ImageId,
    InvalidValue,
)
from lydite.data import ImageLimits
from lydite.detect.condense import adjust, choose_prototypes
from lydite.detect.exemplars import Exemplar, ExemplarSet
from lydite.detect.eye import Eye, Focus, Seen, Vectors
from lydite.detect.likeness_weight import likeness_weights
from lydite.detect.negatives import SetAside, against_all, labels_against, split_negatives
from lydite.detect.settings import BankSettings
from lydite.detect.shape import MEASURES, Shapes
from lydite.features import Encoder, Zoom


def _unmeasured() -> npt.NDArray[np.float32]:
    return np.zeros(0, np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Bank:
    """Positives by class and negatives, all of one space.

    Args:
        class_map: The classes.
        positives: One row an exemplar; ids are the exemplars' names.
        labels: ``(len(positives),)`` int64 class of each positive.
        shapes: ``(len(positives), 4)`` float32 outline of each positive; NaN where it has none.
        negatives: Negatives in use; ``None`` when there are none.
        set_aside: Negatives that were not used, with the reason.
        problems: Exemplars that could not be used.
        sources: Where each exemplar came from, by name.
        positive_sizes: ``(sizes, len(positives), dim)`` float32 unit vectors of the same positives, seen
            smaller; ``None`` where each is known at one size.
        negative_sizes: ``(sizes, len(negatives), dim)`` float32, likewise.
        negative_labels: ``(len(negatives),)`` int64 the class that each negative speaks against, -1 for all;
            ``None`` where each speaks against all.
        making: Prototypes and adjustment; how the vectors that are compared come from those above.
        contents: Digests of picture and mask of each source, by name, where the bank was read from a file.
        weights: ``(classes,)`` float32 how much likeness to each class says in the rank; measured on the
            examples if not given, and kept when only some of them are used.
        order: ``(columns,)`` int64: class by class, the row of the positive that each column of ``compare``
            is, or that names the prototype which it is.
        everyone: All vectors in one array, size by size, the positives in ``order``, then the negatives: one
            product is quicker than many, and the cosines of a class stand side by side.

    Raises:
        SpaceMismatch: If positives and negatives are of different spaces.
        InvalidValue: If labels are not aligned, or a class has no positive.
    """

    class_map: ClassMap
    positives: Features
    labels: npt.NDArray[np.int64]
    shapes: Shapes
    negatives: Features | None = None
    set_aside: tuple[SetAside, ...] = ()
    problems: tuple[ImageError, ...] = ()
    sources: tuple[Exemplar, ...] = ()
    positive_sizes: Vectors | None = None
    negative_sizes: Vectors | None = None
    negative_labels: npt.NDArray[np.int64] | None = None
    making: BankSettings = field(default_factory=BankSettings)
    contents: Mapping[str, tuple[str | None, str | None]] = field(default_factory=dict)
    weights: npt.NDArray[np.float32] = field(default_factory=_unmeasured, repr=False)
    order: npt.NDArray[np.int64] = field(init=False, repr=False)
    everyone: npt.NDArray[np.float32] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if self.negatives is not None:
            self.positives.space.require_same(self.negatives.space)
        if self.labels.shape != (len(self.positives),):
            raise InvalidValue("Bank.labels", f"of shape ({len(self.positives)},)", self.labels.shape)
        if self.shapes.shape != (len(self.positives), MEASURES):
            raise InvalidValue(
                "Bank.shapes", f"of shape ({len(self.positives)}, {MEASURES})", self.shapes.shape
            )
        if self.negative_labels is not None and len(self.negative_labels) != self.negative_count:
            raise InvalidValue(
                "Bank.negative_labels", f"of length {self.negative_count}", len(self.negative_labels)
            )
        _require_unit("Bank.positive_sizes", self.positive_sizes, self.positives)
        _require_unit("Bank.negative_sizes", self.negative_sizes, self.negatives)
        empty = [name for k, name in enumerate(self.class_map) if not (self.labels == k).any()]
        if empty or len(self.labels) == 0:
            raise InvalidValue("Bank", "given a positive of every class", empty)
        if not len(self.weights):
            everyone = _all_sizes(self.positives, self.positive_sizes)
            weights = likeness_weights(everyone, self.labels, self.shapes, len(self.class_map))
            object.__setattr__(self, "weights", weights)
        self._stack()

    def _stack(self) -> None:
        making = self.making
        known, order = choose_prototypes(
            _all_sizes(self.positives, self.positive_sizes),
            self.labels,
            making.prototypes,
            making.prototype_kind,
        )
        against = None if self.negatives is None else _all_sizes(self.negatives, self.negative_sizes)
        if making.adjust_examples:
            known = self._adjusted(known, self.labels[order], against)
        if against is not None:
            known = np.concatenate([known, against], axis=1)
        object.__setattr__(self, "order", order)
        object.__setattr__(self, "everyone", np.ascontiguousarray(known.reshape(-1, known.shape[2])))

    def _adjusted(self, known: Vectors, labels: npt.NDArray[np.int64], against: Vectors | None) -> Vectors:
        """Examples moved by attention, size by size, each class by its own positives and negatives."""
        moved = known.copy()
        weights = self.making.attention_positive, self.making.attention_negative
        for label in np.unique(labels):
            own, foes = labels == label, self.negatives_of(int(label))
            for size, vectors in enumerate(known):
                negatives = against[size, foes] if against is not None and len(foes) else vectors[~own]
                moved[size, own] = adjust(vectors[own], vectors[own], negatives, *weights)
        return moved

    @property
    def negative_count(self) -> int:
        """How many negatives are in use."""
        return 0 if self.negatives is None else len(self.negatives)

    def negatives_of(self, label: int) -> npt.NDArray[np.int64]:
        """Rows of the negatives that speak against a class; none says that those of other classes must."""
        if self.negative_labels is None:
            return np.arange(self.negative_count)
        return np.flatnonzero((self.negative_labels == label) | (self.negative_labels < 0))

    def compare(self, candidates: Features) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32] | None]:
        """Cosines of candidates to all positives and to all negatives, by one matrix product.

        Returns:
            ``(n, sizes, columns)``, the positives or prototypes in ``order``, and ``(n, sizes, negatives)``;
            float32, in [-1, 1] up to rounding; ``None`` without negatives.

        Raises:
            SpaceMismatch: If the candidates are of another space; names the fields that differ.
        """
        candidates.space.require_same(self.space)
        count = len(self.order)
        known = count + self.negative_count
        sizes = len(self.everyone) // known
        cosines = (candidates.vectors @ self.everyone.T).reshape(len(candidates), sizes, known)
        return cosines[:, :, :count], cosines[:, :, count:] if self.negatives is not None else None

    def digests_of(self, source: Exemplar) -> tuple[str | None, str | None]:
        """What picture and mask of a source hold; as they were if the bank was read from a file."""
        return self.contents.get(source.name) or (_digest(source.path), _mask_digest(source))

    def only(self, rows: npt.NDArray[np.int64], foes: npt.NDArray[np.int64] | None = None) -> Bank:
        """The bank with these positives alone, and these negatives.

        Args:
            rows: Of the positives.
            foes: Of the negatives; all when ``None``.

        Raises:
            InvalidValue: If a class is left without a positive.
        """
        fewer = self if foes is None or self.negatives is None else self._with_foes(self.negatives, foes)
        return replace(
            fewer,
            positives=self.positives[rows],
            labels=self.labels[rows],
            shapes=self.shapes[rows],
            positive_sizes=None if self.positive_sizes is None else self.positive_sizes[:, rows],
        )

    def _with_foes(self, negatives: Features, foes: npt.NDArray[np.int64]) -> Bank:
        if not len(foes):
            return replace(self, negatives=None, negative_sizes=None, negative_labels=None)
        return replace(
            self,
            negatives=negatives[foes],
            negative_sizes=None if self.negative_sizes is None else self.negative_sizes[:, foes],
            negative_labels=None if self.negative_labels is None else self.negative_labels[foes],
        )

    def at_own_size(self) -> Bank:
        """The bank with each example as it is alone, for those who look at several sizes themselves."""
        return replace(self, positive_sizes=None, negative_sizes=None)

    @property
    def space(self) -> FeatureSpace:
        """The space of every vector in the bank."""
        return self.positives.space


def build_bank(
    exemplars: ExemplarSet,
    encoder: Encoder,
    pseudo_negative_cos: float = 0.60,
    limits: ImageLimits | None = None,
    sizes: int = 1,
    making: BankSettings | None = None,
    zoom: Zoom | None = None,
    focus: Focus | None = None,
) -> Bank:
    """Look at every exemplar and keep its vector.

    A picture that cannot be read is a problem of the bank, not its end, as long as its class has another.

    Args:
        exemplars: What was found.
        encoder: The encoder that will also look at the candidates.
        pseudo_negative_cos: Negatives with a larger cosine to any positive are set aside by name, if they are
            nearer to it than the positives usually are to each other (``making``).
        limits: Caps on files and pixels.
        sizes: At how many sizes each is looked at, each half the one before, as far as enough of it is left.
        making: What is made of the examples; each stands for itself when ``None``.
        zoom: When to look closer; never when ``None``.
        focus: What finds the thing in examples that are whole pictures; ``None`` leaves them whole.

    Raises:
        ExemplarError: If a class has no readable picture, or one picture stands for two classes or for a
            class and its opposite.
    """
    making = making or BankSettings()
    eye = Eye(encoder, limits or ImageLimits(), sizes, zoom, focus)
    class_map = ClassMap(exemplars.class_names)
    positives = eye.look(exemplars.positives)
    read = {seen.exemplar.class_name for seen in positives}
    for name in class_map:
        if name not in read:
            raise ExemplarError(
                f"Class {name!r} has no readable exemplar: {eye.first_problem(exemplars, name)}",
                "Add a readable picture, or remove the class folder.",
            )
    negatives = eye.look(
        exemplars.negatives if making.class_negatives else tuple(map(against_all, exemplars.negatives))
    )
    _refuse_contradictions([seen.exemplar for seen in positives + negatives], eye.image_ids)
    positive_features = Features.concatenate([seen.vector for seen in positives])
    labels = np.array([class_map.get_label(str(seen.exemplar.class_name)) for seen in positives], np.int64)
    against = labels_against([seen.exemplar for seen in negatives], class_map)
    kept, set_aside = split_negatives(
        [seen.vector for seen in negatives],
        against,
        positive_features,
        labels,
        pseudo_negative_cos,
        making.pseudo_negative_share,
    )
    used = [negatives[row] for row in kept]
    return Bank(
        class_map,
        positive_features,
        labels,
        np.concatenate([seen.shape for seen in positives]),
        Features.concatenate([seen.vector for seen in used]) if used else None,
        set_aside,
        tuple(eye.problems.values()),
        tuple(seen.exemplar for seen in positives + negatives),
        _stacked(positives),
        _stacked(used),
        against[kept] if (against >= 0).any() else None,
        making,
    )


def _require_unit(name: str, sizes: Vectors | None, own: Features | None) -> None:
    """Pass if vectors of other sizes are those of ``own`` in number and dimension, and unit vectors.

    Raises:
        InvalidValue: Otherwise.
    """
    if sizes is None:
        return
    wanted = None if own is None else own.vectors.shape
    if sizes.ndim != 3 or sizes.shape[1:] != wanted:
        raise InvalidValue(name, f"of shape (sizes, *{wanted})", sizes.shape)
    if own is not None:
        for size in sizes:
            try:
                Features(size, own.ids, own.space)
            except InvalidValue as error:
                raise InvalidValue(name, "finite vectors of L2 norm 1", str(error)) from error


def _stacked(seen: Sequence[Seen]) -> Vectors | None:
    """``(sizes, n, dim)``; ``None`` if there is only one size."""
    if not seen or not len(seen[0].smaller):
        return None
    return np.stack([each.smaller for each in seen], axis=1)


def _all_sizes(features: Features, smaller: Vectors | None) -> Vectors:
    own = features.vectors[None]
    return own if smaller is None else np.concatenate([own, smaller])


def _refuse_contradictions(exemplars: list[Exemplar], image_ids: dict[str, ImageId]) -> None:
    """One picture cannot be an example of two things, unless boxes or masks tell them apart."""
    first: dict[tuple[ImageId, object, object], Exemplar] = {}
    for exemplar in exemplars:
        key = (image_ids[exemplar.name], exemplar.box, exemplar.rle or _digest(exemplar.mask))
        other = first.setdefault(key, exemplar)
        if other.class_name != exemplar.class_name and exemplar.against in {None, other.class_name}:
            raise ExemplarError(
                f"The same picture is {_role(other)} ({other.path}) and {_role(exemplar)} ({exemplar.path}).",
                "Remove one of the two.",
            )


def _digest(path: Path | None) -> str | None:
    return None if path is None else str(ImageId.of_bytes(path.read_bytes()))


def _mask_digest(source: Exemplar) -> str | None:
    if source.rle is not None:
        return hashlib.sha256(source.rle.encode()).hexdigest()
    return _digest(source.mask)


def _role(exemplar: Exemplar) -> str:
    return "a negative" if exemplar.class_name is None else f"an example of {exemplar.class_name!r}"
