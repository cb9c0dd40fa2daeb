"""A feed post as ``log.blogpost.get`` answers it (API facts §4.3)."""

from typing import Any

from lab.simulators.bitrix24.lists import Row

_FIELDS: list[tuple[str, str, str]] = [
    ("UF_BLOG_POST_DOC", "file", "Y"),
    ("UF_BLOG_POST_URL_PRV", "url_preview", "N"),
    ("UF_GRATITUDE", "integer", "N"),
    ("UF_BLOG_POST_FILE", "disk_file", "Y"),
    ("UF_BLOG_POST_IMPRTNT", "integer", "N"),
    ("UF_IMPRTANT_DATE_END", "datetime", "N"),
    ("UF_BLOG_POST_VOTE", "vote", "N"),
]
_EMPTY: dict[str, Any] = {"UF_BLOG_POST_DOC": False, "UF_BLOG_POST_FILE": False, "UF_BLOG_POST_URL_PRV": ""}


def post(number: int, author: int, title: str, text: str, published: str, *, attached: list[int], tags: str) -> Row:
    """``attached``: attached-object ids; ``tags``: comma-separated ids. Who may read it is not told."""
    row: Row = {
        "ID": str(number),
        "BLOG_ID": "1",
        "PUBLISH_STATUS": "P",
        "TITLE": title or text[:30],
        "AUTHOR_ID": str(author),
        "ENABLE_COMMENTS": "N" if number % 19 == 0 else "Y",
        "NUM_COMMENTS": "0",
        "CODE": None,
        "MICRO": "N" if title else "Y",
        "DETAIL_TEXT": text,
        "DATE_PUBLISH": published,
        "CATEGORY_ID": tags,
        "HAS_SOCNET_ALL": "N",
        "HAS_TAGS": "Y" if tags else "N",
        "HAS_IMAGES": "N",
        "HAS_PROPS": "Y" if attached else "N",
        "HAS_COMMENT_IMAGES": None,
    }
    values: dict[str, Any] = {"UF_BLOG_POST_IMPRTNT": "1" if number % 11 == 0 else None}
    if attached:
        row["FILES"] = values["UF_BLOG_POST_FILE"] = attached
    for place, (name, kind, multiple) in enumerate(_FIELDS):
        row[name] = _descriptor(place, name, kind, multiple, number) | {
            "VALUE": values.get(name, _EMPTY.get(name)),
            "VALUE_RAW": _serialized(values.get(name)),
            "ENTITY_VALUE_ID": number,
        }
    return row


def _descriptor(place: int, name: str, kind: str, multiple: str, number: int) -> Row:
    base = {"file": "file", "datetime": "datetime"}.get(kind, "int")
    user_type: Row = {"USER_TYPE_ID": kind, "CLASS_NAME": kind, "DESCRIPTION": kind, "BASE_TYPE": base}
    if kind == "disk_file":
        user_type["TAG"] = ["DISK FILE ID", "DOCUMENT ID"]
    return {
        "ID": str(place + 1),
        "ENTITY_ID": "BLOG_POST",
        "FIELD_NAME": name,
        "USER_TYPE_ID": kind,
        "XML_ID": name,
        "SORT": "100",
        "MULTIPLE": multiple,
        "MANDATORY": "N",
        "SETTINGS": {"IBLOCK_ID": 0, "SECTION_ID": 0} if number % 2 else [],
        "EDIT_FORM_LABEL": None,
        "USER_TYPE": user_type,
    }


def _serialized(value: Any) -> str | None:
    if isinstance(value, list):
        inner = "".join(f"i:{place};i:{one};" for place, one in enumerate(value))
        return f"a:{len(value)}:{{{inner}}}"
    return value if isinstance(value, str) else None
