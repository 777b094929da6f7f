"""The sections of a recipe: the one place of all defaults, and what each setting means."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class Section(BaseModel):
    """Frozen settings that refuse unknown names."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class BackboneSettings(Section):
    """Which network looks, and at what."""

    name: str = Field("embedded", min_length=1, description="an encoder of Lydite, or any model of timm")
    checkpoint: str | None = Field(None, description="local weights file instead of a download")
    layer: str = Field("last", description="probe: where the map is taken")
    side: int = Field(224, ge=32, le=4096, description="pixels of the short side at which pictures are seen")
    drop_path: float = Field(0.0, ge=0, lt=1, description="fine_tune: stochastic depth")
    start: Literal["trained", "random"] = Field(
        "trained", description="fine_tune: from trained weights, or (models of timm) from random ones"
    )
    options: dict[str, Any] = Field({}, description="for the builder of timm, as it names them")
    mean: tuple[float, float, float] | None = Field(
        None, description="of red, green, blue in 0..1; else as published with the model"
    )
    std: tuple[float, float, float] | None = Field(None, description="as mean")


class HeadKind(StrEnum):
    """What turns features into logits."""

    LINEAR = "linear"
    """One weight a feature and class."""
    MLP = "mlp"
    """One hidden layer."""
    ATTENTION = "attention"
    """Learned attention over the cells of the dense map, then linear."""
    NEIGHBOURS = "neighbours"
    """The nearest known pictures vote."""


class HeadSettings(Section):
    """What turns features into logits."""

    kind: HeadKind = Field(HeadKind.LINEAR, description="linear, mlp, attention or neighbours")
    start: Literal["zeros", "probe", "auto"] = Field(
        "zeros",
        description="fine_tune: the classifier begins with zeros, or as a linear probe of the network; "
        "auto: as a probe, unless the network has batch norms, which move what a probe was fitted to",
    )
    c: float = Field(30.0, gt=0, description="linear probe: weight of the data against the penalty")
    hidden: int = Field(256, ge=2, le=65536, description="mlp: width of the hidden layer")
    queries: int = Field(4, ge=1, le=64, description="attention: how many places are looked at, each its own")
    grid: int = Field(4, ge=1, le=32, description="attention of a probe: cells along each side of a picture")
    dropout: float = Field(0.0, ge=0, lt=1, description="share of features dropped while learning")
    neighbours: int = Field(10, ge=1, description="neighbours: how many vote")
    temperature: float = Field(0.05, gt=0, description="neighbours: small values listen to the nearest only")


class LossSettings(Section):
    """What is made small."""

    label_smoothing: float = Field(0.05, ge=0, lt=1, description="share of the target spread over classes")
    class_weights: Literal["none", "balanced"] = Field(
        "none", description="balanced: rare classes count as much as common ones"
    )


class OptimiserSettings(Section):
    """How weights move."""

    name: str = Field("adamw", min_length=1, description="adamw, or any optimiser of timm")
    lr: float = Field(5e-4, gt=0, description="largest learning rate")
    weight_decay: float = Field(0.05, ge=0, description="decoupled weight decay")
    layer_decay: float = Field(
        1.0, gt=0, le=1, description="factor of the learning rate a layer, from the head down; 1 = the same"
    )
    clip: float = Field(1.0, ge=0, description="largest norm of the gradient; 0 = not clipped")


class ScheduleSettings(Section):
    """How long, and how fast when."""

    epochs: int = Field(15, ge=1, le=10000, description="how often every picture is seen")
    warmup: float = Field(1.0, ge=0, description="epochs until the largest learning rate")
    final_lr: float = Field(0.01, ge=0, le=1, description="cosine ends at this share of the learning rate")


class Profile(StrEnum):
    """Which changes of a picture leave its class as it is."""

    NONE = "none"
    """The picture as it is."""
    FLIP = "flip"
    """Mirrored."""
    ROTATE = "rotate"
    """Mirrored and turned by quarters."""
    LIGHT = "light"
    """Mirrored, and a large part of it."""
    GEOMETRY = "geometry"
    """Mirrored, turned a little, and a part of it."""
    NO_COLOUR = "no_color"
    """Geometry, occlusion and degradation: every colour stays."""
    FULL = "full"
    """Light and colour too."""


class AugmentSettings(Section):
    """How pictures are varied."""

    profile: Profile = Field(
        Profile.NO_COLOUR,
        description="none, flip, rotate, light, geometry, no_color (and blur, occlusion), full (and colour)",
    )
    strength: float = Field(1.0, ge=0, le=2, description="1 = as usual")
    views: int = Field(
        1, ge=1, le=64, description="probe: views of each picture to learn from; the first is as it is"
    )


class MixSettings(Section):
    """How two pictures become one."""

    mixup: float = Field(0.2, ge=0, description="alpha of mixup; 0 = off")
    cutmix: float = Field(0.0, ge=0, description="alpha of cutmix; 0 = off")
    probability: float = Field(1.0, ge=0, le=1, description="share of batches that are mixed")
    switch: float = Field(0.5, ge=0, le=1, description="share of cutmix where both are on")
    off_epochs: int = Field(2, ge=0, description="so many last epochs see whole pictures")


class SharpnessSettings(Section):
    """Whether flat minima are sought (SAM)."""

    rho: float = Field(0.0, ge=0, description="radius of the neighbourhood; 0 = off")
    adaptive: bool = Field(False, description="radius relative to the weights (ASAM)")


class AveragingSettings(Section):
    """Means of weights."""

    ema: float = Field(0.0, ge=0, lt=1, description="decay of a moving average of the weights; 0 = off")
    swa_from: int = Field(0, ge=0, description="epoch from which weights are averaged; 0 = off")


class SamplingSettings(Section):
    """Which picture comes when."""

    order: Literal["shuffle", "weighted", "balanced"] = Field(
        "shuffle", description="weighted: rare classes oftener; balanced: every class equally often"
    )
    power: float = Field(
        0.5, ge=0, le=1, description="weighted: 0 = as common as they are, 1 = equally often"
    )
    batch: int = Field(32, ge=2, le=65536, description="pictures in a batch")
    parts: int = Field(1, ge=1, le=4096, description="a batch goes through the network in so many parts")

    @property
    def may_miss(self) -> bool:
        """Whether chance may leave a row out of every epoch: classes are drawn oftener or seldomer."""
        return self.order != "shuffle"


class StageSettings(Section):
    """What changes on the way."""

    balanced_epochs: int = Field(0, ge=0, description="so many last epochs sample classes equally often")
    second_epochs: int = Field(0, ge=0, description="epochs of a second stage; 0 = none")
    second_lr: float = Field(0.25, gt=0, le=1, description="second stage: share of the learning rate")
    second_side: int | None = Field(
        None, ge=32, le=4096, description="second stage: pixels of the short side"
    )
    hard_epochs: int = Field(
        0, ge=0, description="so many last epochs vary pictures of classes with a large loss more strongly"
    )
    confidence_epochs: int = Field(
        0,
        ge=0,
        description="so many last epochs only turn pictures with a large loss, and vary the rest strongly",
    )


class TtaSettings(Section):
    """At how many views a picture is judged."""

    views: Literal["none", "flip", "geo4", "geo8"] = Field(
        "none", description="none, flip, geo4 (mirrored both ways), geo8 (turned as well)"
    )
    first: int = Field(0, ge=0, le=8, description="only the first so many of them; 0 = all")


class BudgetSettings(Section):
    """Which model is kept, and on what it is computed."""

    select: Literal["last", "loss", "accuracy"] = Field(
        "last",
        description="last: a fixed number of epochs; otherwise the best epoch on the held-out fold, "
        "whose rows are then 'selected'",
    )
    workers: int = Field(0, ge=0, le=256, description="processes that prepare pictures; 0 = none")
    device: str = Field("cpu", description="cpu, cuda, cuda:1, mps")
    precision: Literal["full", "bf16", "fp16"] = Field("full", description="of the arithmetic")
    channels_last: bool = Field(
        True, description="fine_tune: how pictures lie in memory; seldom matters for results"
    )
    threads: int = Field(
        0, ge=0, le=1024, description="fine_tune: of the arithmetic; 0 = as many as there are"
    )
    save_steps: int = Field(
        100, ge=1, description="fine_tune: steps between states that an interrupted run goes on from"
    )
    cache_mb: int = Field(
        4096, ge=0, description="fine_tune: megabytes of the disk for decoded pictures; 0 = none"
    )
