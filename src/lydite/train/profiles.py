"""How strongly pictures are changed while training: named profiles, each a frozen set of strengths."""

from __future__ import annotations

from dataclasses import dataclass, replace

from lydite.core import InvalidValue, UnknownName


@dataclass(frozen=True, slots=True)
class Profile:
    """Strengths of every change; the defaults change nothing.

    Args:
        smallest: Least share of the picture's area that a crop keeps; 1 keeps the centre square.
        stretch: Greatest ratio of the sides of a crop, at least 1.
        flip: Probability of a mirror image.
        upend: Probability of a vertical flip.
        quarter: Probability of a turn by 90, 180 or 270 degrees.
        turn_deg: Greatest turn to either side.
        light: Greatest change of brightness and of contrast, as a share.
        saturation: Greatest change of saturation, as a share.
        hue_deg: Greatest shift of hue to either side.
        grey: Probability of losing all colour.
        degrade: Probability of one of blur, JPEG artefacts, noise, fewer pixels.
        erase: Probability of a box of noise over a part.

    Raises:
        InvalidValue: If a strength is out of its range.
    """

    smallest: float = 1.0
    stretch: float = 1.0
    flip: float = 0.0
    upend: float = 0.0
    quarter: float = 0.0
    turn_deg: float = 0.0
    light: float = 0.0
    saturation: float = 0.0
    hue_deg: float = 0.0
    grey: float = 0.0
    degrade: float = 0.0
    erase: float = 0.0

    def __post_init__(self) -> None:
        shares = (self.flip, self.upend, self.quarter, self.light, self.saturation, self.grey, self.degrade)
        if not all(0 <= share <= 1 for share in (*shares, self.erase)) or not 0 < self.smallest <= 1:
            raise InvalidValue("Profile", "of probabilities and shares in 0..1", self)
        if self.stretch < 1 or not 0 <= self.turn_deg <= 180 or not 0 <= self.hue_deg <= 180:
            raise InvalidValue("Profile", "of a stretch from 1 and turns in 0..180", self)

    @property
    def colour(self) -> bool:
        """Whether colours may change."""
        return self.saturation > 0 or self.hue_deg > 0 or self.grey > 0 or self.light > 0

    def harder(self, strength: float) -> Profile:
        """The same kinds of change, stronger; 1 is this profile, 2 twice as strong where the range allows."""
        if strength < 0:
            raise InvalidValue("Profile.harder", "asked with a strength from 0", strength)
        capped = {
            name: min(1.0, getattr(self, name) * strength)
            for name in ("light", "saturation", "degrade", "erase")
        }
        return replace(
            self,
            smallest=max(0.08, 1 - (1 - self.smallest) * strength),
            stretch=1 + (self.stretch - 1) * strength,
            turn_deg=min(180.0, self.turn_deg * strength),
            hue_deg=min(180.0, self.hue_deg * strength),
            **capped,
        )


_GEOMETRY = Profile(smallest=0.35, stretch=4 / 3, flip=0.5, turn_deg=15)
_NO_COLOR = replace(_GEOMETRY, degrade=0.2, erase=0.25)
PROFILES: dict[str, Profile] = {
    "none": Profile(),
    "flip": Profile(flip=0.5),
    "rotate": Profile(flip=0.5, quarter=0.75),
    "light": Profile(smallest=0.6, stretch=4 / 3, flip=0.5),
    "geometry": _GEOMETRY,
    "no_color": _NO_COLOR,
    "full": replace(_NO_COLOR, light=0.3, saturation=0.3, hue_deg=12, grey=0.05),
}
"""``no_color`` leaves every colour as it is: what tells classes apart by colour survives."""


def get_profile(name: str) -> Profile:
    """A profile by its name.

    Raises:
        UnknownName: If there is none.
    """
    if name not in PROFILES:
        raise UnknownName("augmentation profile", name, PROFILES)
    return PROFILES[name]
