"""What the page shows of a row, as plain values for JSON."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from lydite.core import RegionId
from lydite.data import from_coco_rle
from lydite.data.polygons import trace
from lydite.review.desk import DISPUTES, Desk
from lydite.review.pile import Shapes

Card = dict[str, object]
SHOWN_CLASSES = 6
MAX_PEERS = 3
_MAX_CORNERS = 4000


def card_of(desk: Desk, row: int, queue: str) -> Card:
    """A row with everything that is shown beside its picture."""
    subject = desk.pile.subjects[row]
    decision = desk.decision_of(row)
    card = _plain(desk, row)
    beliefs = _beliefs(desk, row)
    others = [name for name, _ in beliefs if name != card["label"]]
    card |= {
        "beliefs": beliefs,
        "honest": bool(desk.beliefs.honest[row]),
        "suggestion": others[0] if others else "",
        "reasons": [
            {"check": reason.check, "evidence": reason.evidence} for reason in desk.reasons.get(row, ())
        ],
        "peers": [_plain(desk, peer) for peer in _peers(desk, row)],
        "adjudicates": queue == DISPUTES,
        "words": [],
    }
    if queue == DISPUTES and decision is not None:  # otherwise nobody is told what others said
        card["words"] = [[word.reviewer, word.standing.value, word.label] for word in decision.words]
    if desk.pile.shapes is not None and isinstance(subject, RegionId):
        card["shape"] = _shape(desk.pile.shapes, row)
    return card


def _plain(desk: Desk, row: int) -> Card:
    subject = desk.pile.subjects[row]
    item = desk.pile.item_of(row)
    return {
        "row": row,
        "item": str(item),
        "region": subject.number if isinstance(subject, RegionId) else None,
        "name": item.path,
        "label": desk.label_of(row),
    }


def _beliefs(desk: Desk, row: int) -> list[tuple[str, float]]:
    """Present names with their probability, the label first, then the likeliest; merged classes add up."""
    if not desk.beliefs.known[row]:
        return []
    summed: dict[str, float] = {}
    for name, value in zip(desk.beliefs.class_map, desk.beliefs.probabilities[row].tolist(), strict=True):
        now = desk.resolve(name)
        summed[now] = summed.get(now, 0.0) + value
    label = desk.label_of(row)
    ranked = sorted(summed.items(), key=lambda pair: -pair[1])
    first = [pair for pair in ranked if pair[0] == label]
    rest = [pair for pair in ranked if pair[0] != label]
    return [(name, round(value, 4)) for name, value in (first + rest)[:SHOWN_CLASSES]]


def _peers(desk: Desk, row: int) -> list[int]:
    found = [peer for reason in desk.reasons.get(row, ()) for peer in reason.peers if peer != row]
    return list(dict.fromkeys(found))[:MAX_PEERS]


def _shape(shapes: Shapes, row: int) -> Card:
    height, width = map(int, shapes.sizes_hw[row])
    score = float(shapes.scores[row])
    return {
        "box": [round(float(v), 2) for v in shapes.boxes[row]],
        "size": [height, width],
        "score": None if np.isnan(score) else round(score, 4),
        "rings": _rings(shapes.masks[row], height, width) if shapes.masks[row] else [],
    }


@lru_cache(maxsize=512)
def _rings(counts: str, height: int, width: int) -> list[list[float]]:
    """Outlines of a mask as flat x y lists; none if they would be too long to send."""
    masks = from_coco_rle([{"size": [height, width], "counts": counts}], (height, width))
    rings = trace(masks, 0)
    if sum(map(len, rings)) > _MAX_CORNERS:
        return []
    return [ring.ravel().tolist() for ring in rings]
