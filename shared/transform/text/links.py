"""Addresses in texts: which may be kept, and which show a record or a file of the portal."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import SplitResult, parse_qs, urlsplit

from shared.transform.text.tree import ATTACHED_FILE, DISK_FILE, FILE_URL, Ref

SCHEMES = frozenset({"http", "https", "mailto", "tel"})
"""What a link may begin with."""

_BARE_HOST = re.compile(r"(?:[\w-]+\.)+[^\W\d_]{2,24}(?:[:/?#]|$)")
_UNSEEN = re.compile(r"[\x00-\x20\x7f-\xa0\u200b-\u200f\u2028\u2029\ufeff]")
_BREAKS_OUT = str.maketrans({'"': "%22", "<": "%3C", ">": "%3E", " ": "%20", "`": "%60"})

_PATHS: tuple[tuple[str, str], ...] = (
    (r".*/tasks/task/view/([0-9]{1,18})", "task"),
    (r"(?:/extranet/contacts|/company)/personal/user/[0-9]+/blog/([0-9]{1,18})", "feed_post"),
    (r"(?:/extranet/contacts|/company)/personal/user/([0-9]{1,18})", "user"),
    (r"(?:/extranet)?/workgroups/group/([0-9]{1,18})(?:/general)?", "group"),
    (r"/crm/deal/(?:details|show)/([0-9]{1,18})", "deal"),
    (r"/crm/contact/(?:details|show)/([0-9]{1,18})", "contact"),
    (r"/crm/company/(?:details|show)/([0-9]{1,18})", "company"),
    (r"(?:/crm|/page/[^/]+/[^/]+)/type/([0-9]{1,18})/details/([0-9]{1,18})", "smart_process_item"),
    (r"/disk/(?:showfile|downloadfile)/([0-9]{1,18})", DISK_FILE),
)
_RECORDS = tuple((re.compile(path + "/?"), entity) for path, entity in _PATHS)


@dataclass(frozen=True, slots=True)
class Portal:
    """The source portal as its texts know it: the host names it answers to, in lower case."""

    hosts: frozenset[str] = frozenset()

    def refers_to(self, address: str) -> Ref | None:
        """The record or file that an absolute or relative address on the portal shows, else None."""
        parts = self._own(address)
        if parts is None:
            return None
        path = parts.path.lower()
        for pattern, entity in _RECORDS:
            if match := pattern.fullmatch(path):
                return Ref(entity, ":".join(match.groups()))
        return _by_query(path, parse_qs(parts.query, max_num_fields=None))

    def file_at(self, address: str) -> Ref | None:
        """The file behind the address of a picture on the portal; None for other hosts, and for a relative address
        whose portal is unknown."""
        known = self.refers_to(address)
        if known is not None:
            return known
        parts = self._own(address)
        if parts is None:
            return None
        host = parts.netloc or min(self.hosts, default="")
        return Ref(FILE_URL, parts._replace(scheme=parts.scheme or "https", netloc=host).geturl()) if host else None

    def _own(self, address: str) -> SplitResult | None:
        try:
            parts = urlsplit(address.strip())
            host = parts.hostname
        except ValueError:
            return None
        if parts.scheme in ("http", "https", "") and host in self.hosts:
            return parts
        return parts if not parts.scheme and not host and parts.path.startswith("/") else None


def as_typed(address: str) -> str:
    """An address as a person wrote it into a text: a bare host (``www.example.com/x``) is one on the web."""
    address = address.strip()
    return f"https://{address}" if _BARE_HOST.match(address) else address


def web_address(address: str) -> str | None:
    """An absolute address that is safe in a link, or None."""
    address = address.strip()
    if address.startswith("//"):
        address = f"https:{address}"
    try:
        parts = urlsplit(address)
        host = parts.hostname
    except ValueError:
        return None
    if _UNSEEN.search(address.replace(" ", "")) or parts.scheme not in SCHEMES:
        return None
    if parts.scheme in ("http", "https") and not host:
        return None
    return address.translate(_BREAKS_OUT)


def _by_query(path: str, query: dict[str, list[str]]) -> Ref | None:
    for name, entity, accepts in _QUERIES:
        value = query.get(name, [""])[0]
        if accepts(path) and (match := re.fullmatch(r"(chat)?([0-9]{1,18})", value)):
            return Ref("chat" if match[1] else entity, match[2], _chat(query) if entity == "chat_message" else None)
    return None


def _chat(query: dict[str, list[str]]) -> str | None:
    """The chat that an address opens; None for a private one, which is named after the person."""
    match = re.fullmatch(r"chat([0-9]{1,18})", query.get("IM_DIALOG", [""])[0])
    return match[1] if match else None


def _ends(*tails: str) -> Callable[[str], bool]:
    return lambda path: path.rstrip("/").endswith(tails)


_QUERIES: tuple[tuple[str, str, Callable[[str], bool]], ...] = (
    ("IM_MESSAGE", "chat_message", _ends("/online")),
    ("IM_DIALOG", "user", _ends("/online")),
    ("attachedId", ATTACHED_FILE, _ends("/uf.php")),
    ("objectId", DISK_FILE, _ends("/focus.php", "/index.php")),
    ("structure_UF_DEPARTMENT", "department", _ends("/structure.php")),
)
