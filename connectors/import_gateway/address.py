"""Where the gateway is and who calls it. The address is a secret: it carries the import code."""

import ipaddress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from shared.http.redaction import register_secret


@dataclass(frozen=True, slots=True)
class GatewayAddress:
    """``PORTAGE_GATEWAY_URL``, checked. ``host`` and ``user`` may be shown; ``code`` and ``base`` never."""

    host: str
    user: str
    encrypted: bool
    loopback: bool
    code: str = field(repr=False)
    base: str = field(repr=False)

    @staticmethod
    def parse(url: str) -> "GatewayAddress":
        """Read ``…/webhook/{user}/{code}``. Raises ValueError, without quoting the URL, when it has another form.

        From then on no sink shows the code.
        """
        form = "PORTAGE_GATEWAY_URL must have the form https://host[:port]/webhook/{user}/{code}"
        try:
            parts = urlsplit(url.strip())
            host = parts.hostname
        except ValueError:
            raise ValueError(form) from None
        path = parts.path.rstrip("/").split("/")
        named = path[-3:-1][:1] == ["webhook"] and all(path[-2:])
        if parts.scheme not in ("http", "https") or not host or not named or parts.query or parts.fragment:
            raise ValueError(form)
        register_secret(path[-1])
        base = f"{parts.scheme}://{parts.netloc}{'/'.join(path)}"
        return GatewayAddress(
            host=parts.netloc.rpartition("@")[2],
            user=path[-2],
            encrypted=parts.scheme == "https",
            loopback=_is_loopback(host),
            code=path[-1],
            base=base,
        )

    def successor(self, url: str | None) -> "GatewayAddress":
        """What ``url`` says of the same user of the same gateway, which may be another code; else this one again."""
        try:
            other = GatewayAddress.parse(url or "")
        except ValueError:
            return self
        return other if other.owner == self.owner else self

    @property
    def owner(self) -> str:
        """Whose budgets calls draw on: the gateway counts per user (contract §1)."""
        return f"target:{self.host}:{self.user}"

    def url(self, method: str) -> str:
        """Where to POST for a method. Secret."""
        return f"{self.base}/{method}"


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
