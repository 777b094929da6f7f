"""What tells the members of the family apart."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Family:
    """One architecture.

    Args:
        name: Its name in the table of proposers.
        model_class: Its class in transformers.
        model_types: What ``config.json`` may call it; files of the video variants hold the same image model.
        hub: The model that is downloaded unless another is named.
        licence: Of that model's weights.
        since: The first transformers that has the class.
    """

    name: str
    model_class: str
    model_types: tuple[str, ...]
    hub: str
    licence: str
    since: str
