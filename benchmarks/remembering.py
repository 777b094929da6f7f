"""A proposer that is asked about each picture once, for benchmarks that search the same pictures again."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from lydite.core import Candidates, ItemId
from lydite.detect.proposers import AnyProposer, Provenance


@dataclass
class RememberingProposer:
    """A proposer that is asked about each picture once."""

    proposer: AnyProposer
    found: dict[bytes, Candidates] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """See ``Proposer.name``."""
        return self.proposer.name

    @property
    def provenance(self) -> Provenance:
        """See ``Proposer.provenance``."""
        return self.proposer.provenance

    def propose(self, pixels: npt.NDArray[np.uint8], item: ItemId) -> Candidates:
        """The candidates of a picture, made once."""
        key = pixels.tobytes()
        if key not in self.found:
            self.found[key] = self.proposer.propose(pixels, item)
        return replace(self.found[key], item=item)
