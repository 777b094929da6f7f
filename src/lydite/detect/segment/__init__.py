"""Models of the Segment Anything family: loading, asking, and making candidates of the answers."""

from lydite.detect.segment.family import Family
from lydite.detect.segment.proposer import PromptedProposer, SegmentProposer, build_family

__all__ = ["Family", "PromptedProposer", "SegmentProposer", "build_family"]
