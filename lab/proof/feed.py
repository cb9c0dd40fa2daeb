"""Posts of the feed and comments on them (API facts §4.3)."""

from lab.proof.files import attached, on_the_drive
from lab.proof.record import Record
from lab.proof.sides import Json
from lab.proof.visibility import known_audience

_CIRCLES = {"U": ("user_ids", "user"), "SG": ("group_ids", "group"), "DR": ("department_ids", "department")}


def post(record: Record, row: Json) -> None:
    """``log.blogpost.get``. A title that the portal made of the text (``MICRO``) is none."""
    record.link("author_id", "user", row["AUTHOR_ID"], made_up=True)
    record.line("title", None if row["MICRO"] == "Y" else row["TITLE"])
    record.instant("published_at", row["DATE_PUBLISH"])
    record.value("comments_enabled", row["ENABLE_COMMENTS"] == "Y")
    files = record.media("media_ids", attached(record.proof.portal, row.get("FILES") or []))
    record.rich("body_html", row["DETAIL_TEXT"], files)
    record.audience("audience", _audience(record, row))


def comment(record: Record, row: Json) -> None:
    """``log.blogcomment.user.get``: a text comes only through its author's own webhook."""
    record.link("post_id", "feed_post", row["post_id"])
    record.link("author_id", "user", row["author_id"], made_up=True)
    record.instant("created_at", row["date"])
    files = record.media("media_ids", on_the_drive(record.proof.portal, row["files"]))
    if row["author_id"] in record.proof.portal.webhook_users:
        record.rich("body_html", row["text"], files)
    else:
        record.withheld("body_html")


def _audience(record: Record, row: Json) -> dict[str, object] | None:
    known = known_audience(record.proof.portal, row)
    if not known:
        return None
    circles: dict[str, list[str]] = {name: [] for name, _ in _CIRCLES.values()}
    for right in known:
        kind = right.rstrip("0123456789")
        if right != "UA" and (target := record.proof.resolve(_CIRCLES[kind][1], right[len(kind) :])):
            circles[_CIRCLES[kind][0]].append(target)
    return {"everyone": "UA" in known, **{name: sorted(ids) for name, ids in circles.items()}}
