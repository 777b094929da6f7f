"""Every rule of detection as a frozen value: the one place of all defaults.

The names are flat and distinct on purpose: a field here is the option of the command line, the key of
the configuration file, and the name that an explanation gives when it says what would flip a verdict.
Scores and thresholds are on the scale ``s = (cosine + 1) / 2`` in [0, 1] unless a text says cosine.
"""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator


class _Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class TidySettings(_Settings):
    """How masks are mended before they are looked at."""

    clean_masks: bool = Field(
        False, description="clean masks: opening takes specks and threads away, closing mends cracks"
    )
    opening: int = Field(1, ge=0, le=20, description="clean-masks: how often the opening is done; 0 = not")
    closing: int = Field(2, ge=0, le=20, description="clean-masks: how often the closing is done; 0 = not")
    cleanup_kernel: int = Field(
        3, ge=3, le=31, description="clean-masks: width of the square brush in pixels, odd"
    )
    fill_holes: float = Field(
        0.0, ge=0, le=1, description="holes up to this share of the outline's area are filled; 0 = none"
    )
    merge_gap: int = Field(
        0,
        ge=0,
        le=100,
        description="two candidates at most so many pixels apart are tried as one thing too; 0 = off",
    )
    merge_solidity: float = Field(
        0.90, ge=0, le=1, description="merge-gap: least share of its convex hull that such a union fills"
    )

    @field_validator("cleanup_kernel")
    @classmethod
    def _odd(cls, width: int) -> int:
        if width % 2 == 0:
            raise ValueError("cleanup_kernel is even, so it has no middle")
        return width


class FilterSettings(_Settings):
    """Which candidates are not worth judging."""

    min_area_frac: float = Field(
        0.00005, ge=0, le=1, description="smallest candidate, as a share of the picture's area"
    )
    max_area_frac: float = Field(
        0.90, ge=0, le=1, description="largest candidate, as a share of the picture's area"
    )
    border_width: int = Field(
        0, ge=0, description="ban candidates nearer to the picture's edge than this many pixels; 0 = no ban"
    )
    min_quality: float = Field(
        0.15, ge=0, le=1, description="how sure the proposer must be that a candidate is one thing"
    )
    max_surround: float = Field(
        0.80,
        ge=-1,
        le=1,
        description="largest cosine to what lies around: more is a part of a thing; 1 = off",
    )
    max_rectangle: float = Field(
        1.0,
        ge=0,
        le=1,
        description="largest share of its tightest rectangle that an outline fills: more is an artefact, "
        "such as a frame or a tile; 0.95 is usual, 1 = off, for plates and phones are rectangles",
    )
    max_square: float = Field(
        1.0,
        ge=0,
        le=1,
        description="the same for the tightest square, so that only tiles go; 1 = off",
    )
    max_holes: float = Field(1.0, ge=0, le=1, description="largest share of holes within an outline; 1 = off")
    duplicate_iou: float = Field(
        0.90, ge=0, le=1, description="above this IoU with a better proposal a candidate is its duplicate"
    )

    @property
    def reads_outlines(self) -> bool:
        """Whether a rule about rectangles, squares or holes is on."""
        return min(self.max_rectangle, self.max_square, self.max_holes) < 1

    @model_validator(mode="after")
    def _areas_leave_room(self) -> FilterSettings:
        if self.min_area_frac > self.max_area_frac:
            raise ValueError("min_area_frac is larger than max_area_frac, so nothing could pass")
        return self


class PositiveAggregation(StrEnum):
    """From the cosines to the positives of a class to one number."""

    TRIMMED_TOPK = "trimmed_topk"
    MAX = "max"
    MEAN = "mean"
    MEAN_TOPK = "mean_topk"
    MAX_AND_TOPK = "max_and_topk"


class NegativeAggregation(StrEnum):
    """From the cosines to the negatives of a class to one number."""

    QUANTILE = "quantile"
    TOPK = "topk"
    MAX = "max"


class PrototypeKind(StrEnum):
    """What stands for a cluster of examples."""

    MEAN = "mean"
    MEDOID = "medoid"


class BankSettings(_Settings):
    """What is made of the examples before anything is compared with them."""

    prototypes: int = Field(
        0, ge=0, le=1000, description="prototypes that stand for a class; 0 = all its examples, each itself"
    )
    prototype_kind: PrototypeKind = Field(
        PrototypeKind.MEAN, description="prototypes: the mean of a cluster, or the example nearest to it"
    )
    focus: bool = Field(
        False,
        description="find the thing in examples that are whole pictures, if it covers less than half",
    )
    class_negatives: bool = Field(
        True,
        description="a negative in a sub-folder or box named after a class speaks against this class only",
    )
    pseudo_negative_share: float = Field(
        0.25,
        ge=0,
        le=1,
        description="pseudo-negative-cos: set aside only what is nearer to a positive than this share of the "
        "positives of its class are to their nearest other, and nearest to positives above all; "
        "0 = by the cosine alone",
    )
    adjust_examples: bool = Field(
        False,
        description="draw each example to the positives and push it from the negatives that it is most like",
    )
    attention_positive: float = Field(
        3.0, ge=0, le=100, description="adjust-examples: weight of the positives"
    )
    attention_negative: float = Field(
        1.5, ge=0, le=100, description="adjust-examples: weight of the negatives"
    )


class ScoringSettings(_Settings):
    """How cosines to many exemplars become two numbers."""

    exemplar_sizes: int = Field(
        3, ge=1, le=4, description="at how many sizes each example is known, each half the one before"
    )
    positive_aggregation: PositiveAggregation = Field(
        PositiveAggregation.TRIMMED_TOPK,
        description="trimmed_topk: mean of the best k but their ends; max_and_topk: 0.7 max + 0.3 mean_topk",
    )
    topk: int = Field(
        5,
        ge=1,
        le=100,
        description="how many of the best positives count, but no more than a majority of the class",
    )
    trim: float = Field(0.20, ge=0, lt=0.5, description="share of the best k cut at each end by trimmed_topk")
    negative_aggregation: NegativeAggregation = Field(
        NegativeAggregation.QUANTILE, description="quantile is robust: one bad negative cannot reject all"
    )
    negative_quantile: float = Field(
        0.95, ge=0, le=1, description="quantile of the cosines to negatives; 0.90 for harsh negatives"
    )
    negative_topk: int = Field(3, ge=1, le=100, description="how many of the best negatives count with topk")
    pseudo_negative_cos: float = Field(
        0.60,
        ge=-1,
        le=1,
        description="negatives with a cosine to any positive above this are set aside by name, unless the "
        "positives are that near to each other; 1 = keep all",
    )
    background_share: float = Field(
        0.0,
        ge=0,
        le=0.9,
        description="so many of a picture's candidates, those least like any example, count as negatives; "
        "0.4 is usual, 0 = off",
    )


class RuleSettings(_Settings):
    """What a candidate must show to be accepted; the defaults are the preset 'strict'."""

    min_pos_score: float = Field(0.78, ge=0, le=1, description="least positive score")
    decision_threshold: float = Field(
        0.06, ge=-1, le=1, description="least gap between positive and negative score"
    )
    score_ratio: float = Field(1.05, ge=0, description="least ratio of positive to negative score")
    neg_cap: float = Field(1.0, ge=0, le=1, description="largest negative score; 1 = no cap")
    require_pos_gt_neg: bool = Field(True, description="the positive score must exceed the negative one")
    margin: float = Field(
        -1.0,
        ge=-1,
        le=1,
        description="least gap between the single nearest positive and negative; -1 = none",
    )
    class_separation: float = Field(
        0.0, ge=0, le=1, description="least gap to the positive score of the second class"
    )
    consensus_k: int = Field(
        1, ge=1, le=10, description="how many positives (at most all of the class) must agree"
    )
    consensus_thr: float = Field(0.78, ge=0, le=1, description="score from which a single positive agrees")
    max_shape_distance: float = Field(
        0.50,
        ge=0,
        description="largest distance of its outline from the outlines of the nearer majority of examples",
    )
    adaptive: bool = Field(
        False, description="judge relative to the picture's best candidate as well (adaptive mode)"
    )
    adaptive_ratio: float = Field(
        0.95, ge=0, le=1, description="adaptive mode: least share of the picture's best positive score"
    )
    adaptive_diff_floor: float = Field(
        0.15, ge=-1, le=1, description="adaptive mode: least gap between positive and negative score"
    )
    class_thresholds: dict[str, float] = Field(
        {}, description="least rank of a class, as calibration found it; classes not named have none"
    )
    class_slack: float = Field(
        0.0, description="how far above the threshold of its class a rank must lie; below 0 accepts more"
    )
    allow_unknown: bool = Field(
        True,
        description="a candidate may be nothing; if not, each one that passes the filters gets a class",
    )


class SuppressionSettings(_Settings):
    """Which of several accepted candidates of one thing stays."""

    nms_iou: float = Field(
        0.50, ge=0, le=1, description="above this mask IoU the weaker of two instances goes"
    )
    one_class_per_thing: bool = Field(
        True,
        description="nms-iou holds between classes too: one thing is not two; if not, only within a class",
    )
    nested_ios: float = Field(
        0.80,
        ge=0,
        le=1,
        description="above this share of the smaller inside the larger the weaker goes; 1 = keep nested",
    )


class CalibrationTarget(StrEnum):
    """What the thresholds of the classes are chosen for."""

    F1 = "f1"
    PRECISION = "precision"
    RECALL = "recall"


class CalibrationSettings(_Settings):
    """Thresholds from the examples themselves instead of constants."""

    calibrate: bool = Field(
        False, description="find the threshold of each class by searching the examples' own pictures"
    )
    calibration_target: CalibrationTarget = Field(
        CalibrationTarget.F1, description="what to calibrate for; precision and recall need a level"
    )
    calibration_level: float = Field(
        0.90,
        gt=0,
        lt=1,
        description="the precision to reach, as estimated, or the share to keep of the objects that are "
        "found at any threshold; not used with f1",
    )
    exhaustive: bool = Field(
        False,
        description="declare that no object of a known class in the examples' pictures is without example",
    )
    rehearsals: int = Field(60, ge=3, description="at most so many pictures of examples are searched")
    survey: int = Field(
        12,
        ge=0,
        description="so many pictures of the pile are searched too, to see how often what ranks high",
    )


class ReportSettings(_Settings):
    """What the pages show."""

    keep_rejected: int = Field(
        30, ge=0, description="how many of the best refused candidates each page draws"
    )
    keep_rejected_min: float = Field(
        0.58, ge=0, le=1, description="least positive score of a refused candidate worth drawing"
    )


CONSTANTS_OFF: dict[str, object] = {
    "min_quality": 0.0,
    "max_surround": 1.0,
    "min_pos_score": 0.0,
    "decision_threshold": -1.0,
    "score_ratio": 0.0,
    "require_pos_gt_neg": False,
    "consensus_thr": 0.0,
    "max_shape_distance": 1e9,
}
"""The rules whose constants give way to thresholds of the classes, and the values that switch them off."""

PRESETS: dict[str, dict[str, object]] = {
    "calibrated": {"calibrate": True},
    "strict": {},
    "soft": {
        "min_pos_score": 0.72,
        "consensus_thr": 0.72,
        "decision_threshold": 0.02,
        "score_ratio": 1.01,
        "adaptive_ratio": 0.90,
        "adaptive_diff_floor": 0.02,
        "topk": 5,
    },
}
"""What each preset changes of the defaults above; 'strict' is the defaults."""

FEW, OF_FEW_EXAMPLES = 3, {"min_pos_score": 0.75, "consensus_thr": 0.75}
"""What a run that cannot be calibrated changes of 'strict' where no class has so many examples."""
