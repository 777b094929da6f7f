"""What the vectors of an encoder say about labels and groups."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lydite.core.lazy import lazy_names

if TYPE_CHECKING:
    from lydite.clean.semantics.suspicion import Suspicion, suspect_labels
else:
    __getattr__ = lazy_names(__name__, suspicion="Suspicion suspect_labels")

__all__ = ["Suspicion", "suspect_labels"]
