"""The vocabulary of Lydite: frozen types with laws. numpy and the standard library only."""

from lydite.core.boxes import Boxes, Index
from lydite.core.candidates import Candidates
from lydite.core.classes import ClassMap
from lydite.core.decisions import Block, Decisions, Flip, Outcome
from lydite.core.errors import (
    EXIT_DONE,
    EXIT_FAILED,
    EXIT_USAGE,
    AnnotationError,
    ArchiveError,
    CheckpointError,
    ClassMapMismatch,
    CollapsedFeatures,
    ContractError,
    ExemplarError,
    ImageError,
    InputError,
    InvalidValue,
    LyditeError,
    MissingExtra,
    OutputConflict,
    OutputError,
    ServerError,
    SpaceMismatch,
    TrainingError,
    UnknownName,
    UsageError,
)
from lydite.core.exposure import Ledger, Role, Seen
from lydite.core.features import FeatureMap, Features, similarity
from lydite.core.findings import Finding, Severity
from lydite.core.ids import ImageId, ItemId, RegionId
from lydite.core.masks import Masks
from lydite.core.predictions import Exposure, Predictions
from lydite.core.space import FeatureSpace
from lydite.core.verdicts import CLASS_ACTS, JUDGEMENTS, Act, Verdict, is_name

__all__ = [
    "CLASS_ACTS",
    "EXIT_DONE",
    "EXIT_FAILED",
    "EXIT_USAGE",
    "JUDGEMENTS",
    "Act",
    "AnnotationError",
    "ArchiveError",
    "Block",
    "Boxes",
    "Candidates",
    "CheckpointError",
    "ClassMap",
    "ClassMapMismatch",
    "CollapsedFeatures",
    "ContractError",
    "Decisions",
    "ExemplarError",
    "Exposure",
    "FeatureMap",
    "FeatureSpace",
    "Features",
    "Finding",
    "Flip",
    "ImageError",
    "ImageId",
    "Index",
    "InputError",
    "InvalidValue",
    "ItemId",
    "Ledger",
    "LyditeError",
    "Masks",
    "MissingExtra",
    "Outcome",
    "OutputConflict",
    "OutputError",
    "Predictions",
    "RegionId",
    "Role",
    "Seen",
    "ServerError",
    "Severity",
    "SpaceMismatch",
    "TrainingError",
    "UnknownName",
    "UsageError",
    "Verdict",
    "is_name",
    "similarity",
]
