"""What a file is, told by its first bytes; servers often declare something else."""

import codecs
import re

SNIFFED = 4096
"""Bytes that ``kind_of`` wants to see, unless the file is shorter."""

UNKNOWN = "application/octet-stream"
HTML = "text/html"
TEXT = "text/plain"
ZIP = "application/zip"
OLE = "application/x-ole-storage"
"""The container of older office documents."""

_OFFICE = "application/vnd.openxmlformats-officedocument"
_SIGNATURES = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"%PDF-", "application/pdf"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", OLE),
    (b"ID3", "audio/mpeg"),
)
_ZIP_STARTS = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_ZIP_ENTRIES = (
    (b"word/", f"{_OFFICE}.wordprocessingml.document"),
    (b"xl/", f"{_OFFICE}.spreadsheetml.sheet"),
    (b"ppt/", f"{_OFFICE}.presentationml.presentation"),
)
_TYPE = re.compile(rb"[a-z]+/[a-z0-9.+-]{1,100}")
_BRANDS = {b"qt  ": "video/quicktime", b"M4A ": "audio/mp4", b"heic": "image/heic", b"avif": "image/avif"}
_BITMAP_HEADERS = (12, 40, 52, 56, 64, 108, 124)
_FRAME = re.compile(rb"\xff[\xf2\xf3\xfa\xfb][\x10-\xef]")
"""An MPEG audio frame of layer III with a bit rate that exists."""

_BEFORE_MARKUP = re.compile(
    r"(?:\s|<!--.*?-->|<\?xml.*?\?>|<!doctype\s+svg[^>\[]*+(?:\[[^\]]*+\]\s*+)?>)*", re.IGNORECASE | re.DOTALL
)
_SVG = re.compile(r"<(?:\w+:)?svg[\s>/]", re.IGNORECASE)
_HTML = re.compile(r"<(?:!doctype\s+html|html|head|body|title|meta|script|form|div)[\s>/]", re.IGNORECASE)
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f]")
_MARKS = ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"), (b"", "utf-8"), (b"", "latin-1"))
"""Byte order marks, and what to try without one; anything is Latin 1, so that shows markup only."""

_CERTAIN = ("image/png", "image/jpeg", "image/gif", "image/webp", "image/bmp", "application/pdf")
"""Types whose files always begin with their signature: without it a file is of another type."""

_DECLARED = re.compile(r"[a-z0-9!#$&^_.+-]{1,64}/[a-z0-9!#$&^_.+-]{1,100}")
_VAGUE = re.compile(r"(?:application|binary)/(?:octet-stream|(?:x-|force-)?download|unknown)")
_NARROWER = {
    ZIP: re.compile(r"application/(?:x-zip.*|epub\+zip|java-archive|vnd\..+)"),
    OLE: re.compile(r"application/(?:msword|vnd\..+)"),
    TEXT: re.compile(
        r"text/.+|image/svg\+xml|message/rfc822|application/(?:json|xml|rtf|x-.+|javascript|.+\+(?:xml|json))"
    ),
}
"""Types that are special cases of what the first bytes show."""


def kind_of(head: bytes) -> str | None:
    """The content type that the first ``SNIFFED`` bytes of a file show, or None when they show none."""
    for start, kind in _SIGNATURES:
        if head.startswith(start):
            return kind
    if head.startswith(_ZIP_STARTS):
        return _zip(head)
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    if head[:2] == b"BM" and int.from_bytes(head[14:18], "little") in _BITMAP_HEADERS:
        return "image/bmp"
    if head[4:8] == b"ftyp":
        return _BRANDS.get(head[8:12], "video/mp4")
    return "audio/mpeg" if _FRAME.match(head) else _text(head)


def settled(found: str | None, declared: str) -> str | None:
    """The type to store a file under: ``found`` in its bytes, made precise by what was ``declared``.

    None when the two contradict each other: an image that is none, or a page where a document was promised. One kind
    of image under the name of another is no contradiction; the bytes win.
    """
    declared = declared.partition(";")[0].strip().lower()
    if _VAGUE.fullmatch(declared) or not _DECLARED.fullmatch(declared):
        return found or UNKNOWN
    if found is None:
        return None if declared in _CERTAIN else declared
    if found in _NARROWER and _NARROWER[found].fullmatch(declared):
        return declared
    strict = declared in _CERTAIN or _family(declared) in ("image", "sound")
    return None if strict and _family(declared) != _family(found) else found


def is_kind(kind: str, wanted: str) -> bool:
    """Whether ``kind`` is ``wanted``, which is a content type or a family such as ``image/``."""
    return kind == wanted or (wanted.endswith("/") and kind.startswith(wanted))


def _family(kind: str) -> str:
    """Images may stand for each other, and so may sound and film, which share their containers."""
    family = kind.partition("/")[0]
    return {"image": "image", "audio": "sound", "video": "sound"}.get(family, kind)


def _zip(head: bytes) -> str:
    if head[30:38] == b"mimetype":  # OpenDocument and EPUB begin with their type, as it is
        kind = head[38:].partition(b"PK")[0]
        return kind.decode("ascii") if _TYPE.fullmatch(kind) else ZIP
    if b"[Content_Types].xml" in head or b"_rels/.rels" in head:
        return next((kind for entry, kind in _ZIP_ENTRIES if entry in head), ZIP)
    return ZIP


def _text(head: bytes) -> str | None:
    for mark, encoding in _MARKS:
        if not head or not head.startswith(mark):
            continue
        try:
            text = codecs.getincrementaldecoder(encoding)().decode(head).lstrip("\ufeff")
        except UnicodeDecodeError:
            continue
        if _CONTROLS.search(text):
            return None
        markup = _BEFORE_MARKUP.match(text)
        start = markup.end() if markup else 0
        if _HTML.match(text, start):
            return HTML
        if _SVG.match(text, start):
            return "image/svg+xml"
        return None if encoding == "latin-1" else TEXT
    return None
