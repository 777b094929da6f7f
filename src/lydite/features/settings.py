"""Which encoder looks, and how: the frozen choice behind every feature space."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from lydite.core.errors import UsageError
from lydite.features.rules import PoolingRule
from lydite.features.zoom import Zoom


class EncoderSettings(BaseModel):
    """Everything that decides what an encoder sees. Unknown keys are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    encoder: str = Field(
        "embedded",
        description="'embedded' (the network of the package), 'descriptor' (colours and textures) "
        "or any timm model",
    )
    layer: str = Field(
        "last", description="where the map is taken: 'last', or a stage of a convolutional network ('layer3')"
    )
    checkpoint: Path | None = Field(
        None, description="local weights file (.safetensors or .pth) instead of a download"
    )
    short_side: int = Field(
        512, ge=32, le=4096, description="pixels of the short side at which pictures are looked at"
    )
    pooling: PoolingRule = Field(
        PoolingRule.COVERAGE,
        description="cells under a mask to one vector: coverage (weighted by share), nearest (those whose "
        "corner it holds), topk (the largest values of each channel)",
    )
    pool_topk: int = Field(8, ge=1, le=10000, description="pooling topk: how many values of each channel")
    zoom_cells: float = Field(
        0.0,
        ge=0,
        le=10000,
        description="masks that cover fewer cells are looked at again, closer, tile by tile; 0 = off",
    )
    zoom_factor: int = Field(2, ge=2, le=8, description="zoom-cells: how many times closer")
    device: str = Field("cpu", description="cpu, cuda, cuda:1, mps")
    half: bool = Field(False, description="run the network in half precision")
    mean: tuple[float, float, float] | None = Field(
        None, description="input mean per channel on the [0, 1] scale, if the weights want another"
    )
    std: tuple[float, float, float] | None = Field(
        None, description="input standard deviation per channel, if the weights want another"
    )
    model_options: dict[str, str | int | float | bool] = Field(
        default_factory=dict, description="extra arguments for the model's builder, as name=value"
    )

    @property
    def zoom(self) -> Zoom:
        """When to look closer."""
        return Zoom(self.zoom_cells, self.zoom_factor)

    def refuse_foreign(self, fact: str) -> None:
        """Pass if nothing is set but what every encoder honours, such as ``short_side``.

        Args:
            fact: Why nothing else can be honoured, without its full stop.

        Raises:
            UsageError: Otherwise; names the first option that is set.
        """
        for name, field in type(self).model_fields.items():
            default = field.get_default(call_default_factory=True)
            if name not in _EVERYONES and getattr(self, name) != default:
                raise UsageError(
                    f"{fact}, so it cannot honour {name!r}.",
                    f"Leave {name!r} out, or choose a timm model as 'encoder'.",
                    self.model_dump(mode="json")[name],
                )


_EVERYONES = frozenset({"encoder", "short_side", "pooling", "pool_topk", "zoom_cells", "zoom_factor"})
