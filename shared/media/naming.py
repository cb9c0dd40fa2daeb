"""What files are called: in the store and, as their media key, at the target (import contract §3)."""

import hashlib
import re
import unicodedata
from urllib.parse import quote

LONGEST = 512
"""Characters of a media key."""

_FOLDER = re.compile(r"[a-z][a-z0-9_]{0,63}\Z")
_FILE = re.compile(r"[a-z0-9]{1,32}\Z")
_LONGEST_ID = 128
_LONGEST_EXTENSION = 32
_NAMELESS = "file"
_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f/\\:*?\"<>|\u2028\u2029\ud800-\udfff]+")
"""Controls, separators and what file systems do not take; halves of surrogate pairs have no encoding."""


def media_key(folder: str, source_id: str, file: str | int, name: str) -> str:
    """``{folder}/{id}/{file}-{safe name}``: percent-encoded ASCII of at most 512 characters.

    ``file`` (letters and digits) tells the files of one record apart, whatever their names. The same arguments give the
    same key for ever. Raises ValueError for a folder that is no entity's, an empty id or another ``file``.
    """
    if not _FOLDER.match(folder) or not source_id or not _FILE.match(str(file)):
        raise ValueError("a media key needs an entity's folder, an id, and letters and digits for the file")
    before = f"{folder}/{_safe_id(source_id)}/{file}-"
    return before + _safe_name(name, LONGEST - len(before))


def _safe_id(source_id: str) -> str:
    """Different ids stay different; one that is too long becomes its digest."""
    encoded = quote(source_id, safe="", errors="surrogatepass").replace(".", "%2E")
    if len(encoded) <= _LONGEST_ID:
        return encoded
    return hashlib.sha256(source_id.encode("utf-8", "surrogatepass")).hexdigest()


def _safe_name(name: str, longest: int) -> str:
    """A name that is too long loses the end of its stem and keeps its extension."""
    plain = _UNSAFE.sub("_", unicodedata.normalize("NFC", name)).strip(" .") or _NAMELESS
    stem, dot, extension = plain.rpartition(".")
    ending = _encode(f"{dot}{extension}") if stem else ""
    if not stem or len(ending) > _LONGEST_EXTENSION:
        stem, ending = plain, ""
    return _encode(stem, longest - len(ending)) + ending


def _encode(text: str, longest: int = LONGEST) -> str:
    """Percent-encoded, cut between characters."""
    encoded = ""
    for character in text:
        following = quote(character, safe="")
        if len(encoded) + len(following) > longest:
            break
        encoded += following
    return encoded
