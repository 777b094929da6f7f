"""Who may ask: names of this machine, the same page, and a token where others can reach the port."""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

COOKIE = "lydite-token"
HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}
"""On every answer."""


@dataclass(frozen=True, slots=True)
class Access:
    """The rule of who may ask.

    Args:
        token: What a browser must show; empty where only this machine can reach the port.
    """

    token: str = ""

    def refuse(  # noqa: PLR0911 - one rule a line
        self, method: str, headers: Mapping[str, str], shown_token: str
    ) -> str:
        """Why a request is refused; empty if it is not.

        Without a token only names of this machine are answered to: a page elsewhere whose name was made to
        point here (DNS rebinding) bears another name.
        """
        host = headers.get("host", "")
        if not self.token and not is_loopback(urlsplit(f"//{host}").hostname or ""):
            return "This address is not served."
        if self.token and not hmac.compare_digest(shown_token.encode(), self.token.encode()):
            return "A token is needed: open the address that lydite review serve printed."
        if headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
            return "Other pages may not ask."
        origin = headers.get("origin")
        if origin is not None and origin not in {f"http://{host}", f"https://{host}"}:
            return "Other pages may not ask."
        if method not in {"GET", "HEAD"}:
            if origin is None and headers.get("sec-fetch-site") != "same-origin":
                return "A request that writes must come from the page."
            if headers.get("content-type", "").split(";")[0].strip() != "application/json":
                return "Only JSON is taken."
        return ""


def is_loopback(host: str) -> bool:
    """Whether a name can only mean this machine."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
