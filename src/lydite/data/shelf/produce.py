"""The table of produce: classes, their product groups, and how each one grows.

A class is what a detector should name; a group is the variety on the price tag. Several pairs are near
misses on purpose: a red apple, a round tomato and a red pepper; an orange and a mandarin; a russet
potato and a brown onion.
"""

from __future__ import annotations

from dataclasses import dataclass

from lydite.core.classes import ClassMap
from lydite.core.errors import UnknownName
from lydite.data.shelf.lathe import Form
from lydite.data.shelf.skin import DARK_LEAF, DRY, GREEN_STEM, LEAF, STEM, Skin

Span = tuple[float, float]


@dataclass(frozen=True)
class Stalk:
    """A stem: radius and length in units, curve relative to the length, how deep its foot is sunk."""

    radius: float
    length: Span
    curve: float = 0.25
    sink: float = 0.05
    skin: Skin = STEM


@dataclass(frozen=True)
class Calyx:
    """Sepals: how many, how far they reach along the skin, their width in radians, their curl."""

    count: int
    reach: float
    width: float
    curl: float
    skin: Skin = LEAF


@dataclass(frozen=True)
class Variety:
    """One product group.

    Args:
        form: Shape.
        skin: Colour and relief.
        scale: Size of a unit relative to an apple's radius.
        stalk: Stem, if it has one.
        calyx: Sepals, if it has them.
        tilt: Degrees between the stem and the camera in which pieces lie, low and high.
        roll: Degrees that the stem turns in the picture, plus or minus.
    """

    form: Form
    skin: Skin
    scale: float = 1.0
    stalk: Stalk | None = None
    calyx: Calyx | None = None
    tilt: Span = (25.0, 75.0)
    roll: float = 60.0

    @property
    def half_extent(self) -> tuple[float, float]:
        """Half-length along the axis and half-width across it, relative to an apple's radius."""
        return self.form.length * self.scale, self.form.girth * self.scale

    @property
    def is_long(self) -> bool:
        """Whether pieces lie side by side rather than in a heap."""
        return self.form.length > 1.7 * self.form.girth


_APPLE = Form(length=0.93, taper=0.09, stem_dent=(0.34, 0.33), blossom_dent=(0.16, 0.3), lobes=5,
              lobe_depth=0.045, lobe_end=1.0, lumps=0.025)  # fmt: skip
_APPLE_STALK = Stalk(0.045, (0.38, 0.55), 0.35, 0.04)
_ORANGE = Form(length=0.96, stem_dent=(0.05, 0.18), blossom_dent=(0.03, 0.12), lumps=0.018)
_ORANGE_BUTTON = Stalk(0.085, (0.05, 0.07), 0.0, 0.02, GREEN_STEM)
_LEMON = Form(
    length=1.16, girth=0.92, fullness=0.98, stem_dent=(-0.14, 0.3), blossom_dent=(-0.26, 0.24), lumps=0.03
)
_TOMATO = Form(length=0.8, fullness=0.92, stem_dent=(0.17, 0.3), blossom_dent=(0.03, 0.2), lobes=6,
               lobe_depth=0.03, lobe_end=0.0, lumps=0.02)  # fmt: skip
_ROMA = Form(
    length=1.42, girth=0.95, fullness=0.8, taper=-0.05, stem_dent=(0.1, 0.25), blossom_dent=(-0.06, 0.2)
)
_PEPPER = Form(length=1.12, girth=0.98, fullness=0.62, taper=0.14, stem_dent=(0.38, 0.5),
               blossom_dent=(0.28, 0.42),
               lobes=4, lobe_depth=0.085, lobe_end=0.5, lumps=0.045)  # fmt: skip
_PEPPER_STALK = Stalk(0.13, (0.6, 0.85), 0.4, 0.05, GREEN_STEM)
_PEPPER_CALYX = Calyx(5, 0.11, 0.62, 0.02, GREEN_STEM)
_PEAR = Form(length=1.42, girth=1.0, fullness=0.9, taper=-0.14, neck=0.5, neck_at=0.32, stem_dent=(0.02, 0.1),
             blossom_dent=(0.1, 0.22), lumps=0.03)  # fmt: skip
_BOSC = Form(length=1.6, girth=0.95, fullness=0.9, taper=-0.2, neck=0.56, neck_at=0.2, stem_dent=(-0.05, 0.1),
             blossom_dent=(0.08, 0.22), lumps=0.03)  # fmt: skip
_BANANA = Form(length=3.5, fullness=0.36, taper=-0.08, neck=0.66, neck_at=0.84, blossom_dent=(-0.3, 0.3),
               lobes=5,
               lobe_depth=0.055, bend=1.35, lumps=0.01)  # fmt: skip
_CUCUMBER = Form(length=3.6, fullness=0.36, taper=-0.03, neck=0.25, neck_at=0.85, bend=0.3, lumps=0.03)
_CARROT = Form(length=3.6, fullness=0.4, taper=0.62, stem_dent=(0.12, 0.4), blossom_dent=(-0.8, 0.12),
               bend=0.12,
               lumps=0.045)  # fmt: skip
_POTATO = Form(length=1.28, girth=0.98, fullness=0.86, lumps=0.085, flatten=0.86)
_ONION = Form(length=0.9, fullness=1.02, stem_dent=(-0.55, 0.17), blossom_dent=(-0.06, 0.16), lumps=0.025)
_AUBERGINE = Form(
    length=1.95, girth=0.95, fullness=0.82, taper=-0.2, neck=0.16, neck_at=0.5, bend=0.35, lumps=0.02
)
_AUBERGINE_STALK = Stalk(0.16, (0.5, 0.75), 0.3, 0.06, GREEN_STEM)


def _banana(base: tuple[float, float, float], tip: tuple[float, float, float], specks: float) -> Variety:
    skin = Skin(base, (0.80, 0.76, 0.28), 0.12, 0.06, speck=(0.36, 0.22, 0.08), specks=specks,
                speck_size=0.11,
                stem_tint=tip, stem_reach=0.17, blossom_tint=(0.16, 0.11, 0.07), blossom_reach=0.085,
                gloss=0.1, sharpness=16)  # fmt: skip
    return Variety(_BANANA, skin, 0.5, Stalk(0.2, (0.12, 0.2), 0.0, 0.1, STEM), tilt=(80, 100), roll=20)


def _pepper(base: tuple[float, float, float], second: tuple[float, float, float], blush: float) -> Variety:
    skin = Skin(base, second, blush, 0.07, relief=0.006, relief_size=0.4, gloss=0.85, sharpness=70)
    return Variety(_PEPPER, skin, 1.1, _PEPPER_STALK, _PEPPER_CALYX, tilt=(35, 85), roll=70)


PRODUCE: dict[str, dict[str, Variety]] = {
    "apple": {
        "red-delicious": Variety(
            Form(length=1.04, taper=0.13, stem_dent=(0.34, 0.32), blossom_dent=(0.2, 0.34), lobes=5,
                 lobe_depth=0.075,
                 lobe_end=1.0, lumps=0.025),
            Skin((0.62, 0.07, 0.09), (0.40, 0.03, 0.06), 0.5, 0.1, (0.46, 0.04, 0.06), 0.6, 13,
                 (0.80, 0.48, 0.36), 0.2, 0.03, (0.66, 0.56, 0.22), 0.09, (0.60, 0.40, 0.16), 0.06,
                 gloss=0.5, sharpness=55),
            1.0, _APPLE_STALK),
        "granny-smith": Variety(
            _APPLE,
            Skin((0.52, 0.68, 0.16), (0.66, 0.74, 0.26), 0.35, 0.06, speck=(0.72, 0.80, 0.44), specks=0.26,
                 speck_size=0.035, stem_tint=(0.48, 0.54, 0.18), stem_reach=0.1, gloss=0.42, sharpness=48),
            1.0, _APPLE_STALK),
        "gala": Variety(
            _APPLE,
            Skin((0.90, 0.70, 0.30), (0.80, 0.26, 0.13), 0.5, 0.08, (0.72, 0.10, 0.09), 0.85, 22,
                 (0.93, 0.76, 0.48), 0.16, 0.032, (0.80, 0.74, 0.32), 0.15, (0.88, 0.76, 0.38), 0.12,
                 gloss=0.38, sharpness=42),
            0.92, _APPLE_STALK),
    },
    "orange": {
        "navel": Variety(
            _ORANGE,
            Skin((0.95, 0.50, 0.06), (0.97, 0.58, 0.12), 0.3, 0.04, blossom_tint=(0.80, 0.46, 0.10),
                 blossom_reach=0.05,
                 relief=0.007, relief_size=0.05, gloss=0.34, sharpness=26),
            1.02, _ORANGE_BUTTON, tilt=(10, 120), roll=180),
        "mandarin": Variety(
            Form(length=0.77, stem_dent=(-0.05, 0.26), blossom_dent=(0.09, 0.25), lobes=9, lobe_depth=0.014,
                 lumps=0.04),
            Skin((0.93, 0.42, 0.03), (0.95, 0.52, 0.07), 0.3, 0.06, speck=(0.80, 0.34, 0.03), specks=0.25,
                 speck_size=0.06, stem_tint=(0.84, 0.50, 0.10), stem_reach=0.1, relief=0.006,
                 relief_size=0.06,
                 gloss=0.4, sharpness=30),
            0.84, _ORANGE_BUTTON, Calyx(3, 0.10, 0.5, 0.02, LEAF), tilt=(15, 80), roll=90),
    },
    "lemon": {
        "eureka": Variety(
            _LEMON,
            Skin((0.95, 0.83, 0.13), (0.90, 0.80, 0.20), 0.3, 0.04, stem_tint=(0.74, 0.74, 0.22),
                 stem_reach=0.1,
                 blossom_tint=(0.82, 0.76, 0.20), blossom_reach=0.08, relief=0.0065, relief_size=0.055,
                 gloss=0.32, sharpness=26),
            0.82, Stalk(0.07, (0.05, 0.08), 0.0, 0.03, GREEN_STEM), tilt=(60, 120), roll=180),
        "verdelli": Variety(
            _LEMON,
            Skin((0.42, 0.58, 0.12), (0.68, 0.70, 0.18), 0.33, 0.07, stem_tint=(0.34, 0.48, 0.12),
                 stem_reach=0.12,
                 relief=0.0065, relief_size=0.055, gloss=0.36, sharpness=30),
            0.74, Stalk(0.07, (0.05, 0.08), 0.0, 0.03, GREEN_STEM), tilt=(60, 120), roll=180),
    },
    "tomato": {
        "round": Variety(
            _TOMATO,
            Skin((0.80, 0.12, 0.05), (0.86, 0.24, 0.08), 0.22, 0.03, stem_tint=(0.74, 0.36, 0.10),
                 stem_reach=0.1,
                 gloss=0.7, sharpness=85),
            0.95, Stalk(0.055, (0.3, 0.45), 0.3, 0.03, GREEN_STEM), Calyx(5, 0.24, 0.3, 0.3), tilt=(15, 80)),
        "roma": Variety(
            _ROMA,
            Skin((0.78, 0.13, 0.06), (0.86, 0.30, 0.10), 0.25, 0.03, stem_tint=(0.80, 0.42, 0.12),
                 stem_reach=0.09,
                 gloss=0.62, sharpness=75),
            0.7, Stalk(0.05, (0.1, 0.3), 0.3, 0.03, GREEN_STEM), Calyx(5, 0.12, 0.32, 0.2), tilt=(55, 110),
            roll=180),
    },
    "bell pepper": {
        "red": _pepper((0.76, 0.06, 0.05), (0.66, 0.03, 0.04), 0.3),
        "yellow": _pepper((0.95, 0.73, 0.05), (0.94, 0.62, 0.05), 0.3),
        "green": _pepper((0.17, 0.40, 0.08), (0.26, 0.48, 0.11), 0.3),
    },
    "pear": {
        "williams": Variety(
            _PEAR,
            Skin((0.73, 0.74, 0.24), (0.84, 0.70, 0.26), 0.3, 0.06, speck=(0.48, 0.46, 0.18), specks=0.34,
                 speck_size=0.055, stem_tint=(0.52, 0.52, 0.2), stem_reach=0.1, blossom_tint=(0.45, 0.38,
                 0.16),
                 blossom_reach=0.07, gloss=0.24, sharpness=26),
            0.94, Stalk(0.055, (0.4, 0.6), 0.4, 0.06), tilt=(60, 100), roll=75),
        "bosc": Variety(
            _BOSC,
            Skin((0.62, 0.42, 0.18), (0.68, 0.54, 0.24), 0.35, 0.14, speck=(0.76, 0.60, 0.34), specks=0.36,
                 speck_size=0.05, stem_tint=(0.46, 0.30, 0.13), stem_reach=0.14, relief=0.003,
                 relief_size=0.05,
                 gloss=0.12, sharpness=18),
            0.9, Stalk(0.055, (0.45, 0.65), 0.4, 0.06), tilt=(60, 100), roll=75),
    },
    "banana": {
        "cavendish": _banana((0.94, 0.78, 0.16), (0.66, 0.66, 0.22), 0.14),
        "plantain": _banana((0.44, 0.56, 0.15), (0.34, 0.42, 0.14), 0.18),
    },
    "cucumber": {
        "slicing": Variety(
            _CUCUMBER,
            Skin((0.10, 0.24, 0.07), (0.15, 0.32, 0.09), 0.4, 0.12, (0.30, 0.46, 0.16), 0.4, 16,
                 (0.34, 0.48, 0.2), 0.16, 0.12, blossom_tint=(0.40, 0.50, 0.18), blossom_reach=0.14,
                 relief=0.03, relief_size=0.3, gloss=0.4, sharpness=34),
            0.5, Stalk(0.14, (0.2, 0.35), 0.3, 0.05, GREEN_STEM), tilt=(80, 100), roll=15),
        "pickling": Variety(
            Form(length=2.3, fullness=0.5, bend=0.35, lumps=0.06),
            Skin((0.30, 0.44, 0.12), (0.56, 0.62, 0.28), 0.3, 0.12, (0.62, 0.68, 0.36), 0.5, 12,
                 (0.74, 0.78, 0.5), 0.24, 0.14, relief=0.05, relief_size=0.26, gloss=0.24, sharpness=24),
            0.52, Stalk(0.1, (0.1, 0.2), 0.3, 0.05, GREEN_STEM), tilt=(75, 105), roll=40),
    },
    "carrot": {
        "nantes": Variety(
            _CARROT,
            Skin((0.93, 0.43, 0.08), (0.95, 0.52, 0.14), 0.3, 0.07, stem_tint=(0.52, 0.46, 0.14),
                 stem_reach=0.07,
                 rings=0.32, gloss=0.16, sharpness=20),
            0.46, Stalk(0.3, (0.2, 0.45), 0.1, 0.05, GREEN_STEM), tilt=(82, 98), roll=15),
        "purple": Variety(
            _CARROT,
            Skin((0.32, 0.10, 0.20), (0.42, 0.17, 0.20), 0.35, 0.12, stem_tint=(0.34, 0.32, 0.14),
                 stem_reach=0.07,
                 rings=0.35, gloss=0.16, sharpness=20),
            0.46, Stalk(0.3, (0.2, 0.45), 0.1, 0.05, GREEN_STEM), tilt=(82, 98), roll=15),
    },
    "potato": {
        "russet": Variety(
            _POTATO,
            Skin((0.66, 0.50, 0.30), (0.56, 0.40, 0.22), 0.4, 0.16, speck=(0.34, 0.23, 0.12), specks=0.3,
                 speck_size=0.13, relief=0.01, relief_size=0.09, gloss=0.05, sharpness=12),
            0.92, tilt=(50, 130), roll=180),
        "red": Variety(
            Form(length=1.08, girth=0.98, fullness=0.9, lumps=0.07, flatten=0.9),
            Skin((0.60, 0.22, 0.22), (0.68, 0.36, 0.30), 0.35, 0.14, speck=(0.36, 0.12, 0.12), specks=0.26,
                 speck_size=0.12, relief=0.006, relief_size=0.08, gloss=0.08, sharpness=14),
            0.8, tilt=(50, 130), roll=180),
    },
    "onion": {
        "brown": Variety(
            _ONION,
            Skin((0.78, 0.50, 0.20), (0.66, 0.36, 0.12), 0.4, 0.1, (0.54, 0.28, 0.09), 0.6, 30,
                 stem_tint=(0.74, 0.60, 0.36), stem_reach=0.13, blossom_tint=(0.50, 0.40, 0.26),
                 blossom_reach=0.07,
                 gloss=0.32, sharpness=30),
            0.95, Stalk(0.1, (0.25, 0.4), 0.3, 0.1, DRY), tilt=(40, 90), roll=120),
        "red": Variety(
            _ONION,
            Skin((0.46, 0.10, 0.24), (0.38, 0.06, 0.18), 0.4, 0.1, (0.62, 0.28, 0.40), 0.45, 28,
                 stem_tint=(0.66, 0.40, 0.42), stem_reach=0.12, blossom_tint=(0.60, 0.48, 0.40),
                 blossom_reach=0.07,
                 gloss=0.42, sharpness=36),
            0.92, Stalk(0.09, (0.2, 0.35), 0.3, 0.1, DRY), tilt=(40, 90), roll=120),
    },
    "aubergine": {
        "globe": Variety(
            _AUBERGINE,
            Skin((0.105, 0.05, 0.12), (0.17, 0.06, 0.16), 0.35, 0.1, gloss=0.9, sharpness=80),
            0.88, _AUBERGINE_STALK, Calyx(5, 0.2, 0.6, 0.03, DARK_LEAF), tilt=(70, 100), roll=60),
        "graffiti": Variety(
            _AUBERGINE,
            Skin((0.46, 0.18, 0.42), (0.36, 0.11, 0.34), 0.35, 0.08, (0.88, 0.80, 0.80), 0.8, 15,
                 gloss=0.66, sharpness=60),
            0.82, _AUBERGINE_STALK, Calyx(5, 0.18, 0.6, 0.03, LEAF), tilt=(70, 100), roll=60),
    },
}  # fmt: skip

CLASSES: dict[str, tuple[str, ...]] = {name: tuple(groups) for name, groups in PRODUCE.items()}


def class_map() -> ClassMap:
    """The classes in the order of the table."""
    return ClassMap(tuple(CLASSES))


def get_variety(class_name: str, group: str) -> Variety:
    """One row of the table.

    Raises:
        UnknownName: If there is no such class or group; the nearest names are suggested.
    """
    if class_name not in PRODUCE:
        raise UnknownName("class", class_name, PRODUCE)
    if group not in PRODUCE[class_name]:
        raise UnknownName(f"group of {class_name}", group, PRODUCE[class_name])
    return PRODUCE[class_name][group]
