"""What the vectors of an encoder say about labels and groups."""

from lydite.clean.semantics.suspicion import Suspicion, suspect_labels

__all__ = ["Suspicion", "suspect_labels"]
