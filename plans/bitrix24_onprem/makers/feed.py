"""Posts of the feed and comments on them (API facts §4.3)."""

import re
from collections.abc import Mapping

from plans.bitrix24_onprem.makers.media import file_references
from shared.model.errors import RecordRejected
from shared.model.json import Json, JsonObject, as_list
from shared.transform.makers import markup
from shared.transform.making import Maker, Making, look_up
from shared.transform.references import Pending
from shared.transform.steps import title, yes_or_no

_EVERYBODY = "UA"
_RIGHT = re.compile(r"(SG|DR|U)([1-9][0-9]{0,17})")
_CIRCLES = {"DR": ("department_ids", "department"), "SG": ("group_ids", "group"), "U": ("user_ids", "user")}


def post_title(making: Making) -> Json:
    """The title that somebody gave the post. The portal makes one of the text where there is none (``MICRO``)."""
    given = making.value()
    return None if yes_or_no(making.record.data.get("MICRO")) or not given else title(given, {})


def post_files(making: Making) -> Json:
    """Files in the order of the post. The second source is the field that the first comes from: some portals leave the
    first out."""
    told = [look_up(making.record.data, name) for name in making.sources]
    return file_references(making, (str(one) for value in told for one in (as_list(value) or [value]) if one))


def audience(making: Making) -> Json:
    """Rights codes (``UA``, ``SG5``, ``DR3``, ``U1``) as circles of readers; None when they are not known."""
    rights = [str(right) for right in as_list(making.value())]
    if not rights:
        return None
    made: JsonObject = {"everyone": _EVERYBODY in rights, "user_ids": [], "group_ids": [], "department_ids": []}
    for right in rights:
        if right == _EVERYBODY:
            continue
        match = _RIGHT.fullmatch(right)
        if match is None:
            raise ValueError(f"holds the right {right[:20]}, which means nothing here")
        name, entity = _CIRCLES[match[1]]
        made[name].append(Pending(entity, match[2], required=False))
    return made


def comment_post(making: Making) -> Json:
    """The post of a comment. Raises RecordRejected("reference.missing") where the portal does not let it be known."""
    post = look_up(making.record.data, making.sources[0])
    if not post:
        raise RecordRejected("reference.missing", "the portal does not tell which post it is on", field="post_id")
    return Pending("feed_post", str(post), required=True)


def comment_text(making: Making) -> Json:
    """The text of a comment; None where only its author could have read it, and that is noted."""
    if making.record.data.get("text_unavailable"):
        making.flaws.append("body_html: the text cannot be read without a webhook of its author")
        return None
    return markup(making)


def comment_files(making: Making) -> Json:
    """Files in the order of the comment."""
    return file_references(making, (str(one) for one in as_list(making.value()) if one))


MAKERS: Mapping[str, Maker] = {
    "audience": audience,
    "comment_files": comment_files,
    "comment_post": comment_post,
    "comment_text": comment_text,
    "post_files": post_files,
    "post_title": post_title,
}
