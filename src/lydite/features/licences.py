"""On what terms an encoder's weights may be used, as far as the package can know."""

from __future__ import annotations

UNKNOWN = "unknown: see the model's page"
_OWN = {
    "descriptor": "Apache-2.0 (no weights; part of Lydite)",
    "embedded": "Apache-2.0 (weights that ship with Lydite)",
}


def licence_of(encoder: str, checkpoint: str | None = None) -> str:
    """A note on the licence of an encoder.

    Args:
        encoder: Its name, as in ``EncoderSettings``.
        checkpoint: The local file that its weights came from, if they did.

    Returns:
        The licence; what timm states about its own weights is given as that. ``UNKNOWN``, or why nothing
        is known, if nothing is.
    """
    if encoder in _OWN:
        return _OWN[encoder]
    if checkpoint:
        return "unknown: the weights came from a local file; ask whoever made it"
    stated = _stated_by_timm(encoder)
    return f"{stated} (as timm states)" if stated else UNKNOWN


def _stated_by_timm(encoder: str) -> str | None:
    try:
        from timm.models import get_pretrained_cfg
    except ImportError:
        return None
    try:
        described = get_pretrained_cfg(encoder)
    except (RuntimeError, ValueError, KeyError):  # a name that this version of timm does not know
        return None
    return None if described is None else described.license
