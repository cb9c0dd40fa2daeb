"""Addresses that are as good as keys are archived without what makes them so; everything else stays as it came."""

import json
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as some

from connectors.bitrix24.raw import archived, told
from connectors.bitrix24.signed_addresses import register_portal, without_signatures

HOST = "portal.bitrix24.com"
PORTAL = f"https://{HOST}"
SECRET = "abc%7C/def+123=="
MASKED = "***"


@pytest.fixture(autouse=True, scope="module")
def _the_portal_is_known() -> None:
    register_portal(HOST)


def archive(answer: Any, *, escaped: bool = False) -> Any:
    """``answer`` as it comes back from the archive; ``escaped`` as PHP writes it."""
    text = json.dumps(answer)
    (one,) = told([archived("1", (text.replace("/", "\\/") if escaped else text).encode())])
    return one.answer


@pytest.mark.parametrize("escaped", [False, True])
@pytest.mark.parametrize(
    ("key", "address", "expected"),
    [
        (
            "DOWNLOAD_URL",
            f"{PORTAL}/rest/download.json?auth={SECRET}&token=disk%7C{SECRET}",
            f"{PORTAL}/rest/download.json?auth={MASKED}&token={MASKED}",
        ),
        (
            "urlMachine",
            f"{PORTAL}/rest/download.json?token={SECRET}&id=5",
            f"{PORTAL}/rest/download.json?token=***&id=5",
        ),
        (
            "urlDownload",
            f"{PORTAL}/disk/downloadFile/5/?sign={SECRET}&ncc=1",
            f"{PORTAL}/disk/downloadFile/5/?sign=***&ncc=1",
        ),
        ("urlPreview", f"{PORTAL}/x.php?id=5&signature={SECRET}#top", f"{PORTAL}/x.php?id=5&signature=***#top"),
        ("urlShow", f"/bitrix/tools/disk/uf.php?id=7&auth={SECRET}", "/bitrix/tools/disk/uf.php?id=7&auth=***"),
        (
            "avatar",
            f"https://cdn.example/a.png?X-Amz-Signature={SECRET}",
            "https://cdn.example/a.png?X-Amz-Signature=***",
        ),
        (
            "viewUrl",
            f"/company/file/7/?access_token={SECRET}&amp;sig={SECRET}",
            "/company/file/7/?access_token=***&amp;sig=***",
        ),
        ("IMAGE", f"/upload/photo.png?sig={SECRET}", "/upload/photo.png?sig=***"),
        ("PERSONAL_PHOTO", f"https://cdn.example/photo.png?sig={SECRET}", "https://cdn.example/photo.png?sig=***"),
        ("AVATAR", f"https://cdn.example/photo.png?x=1&token={SECRET}", "https://cdn.example/photo.png?x=1&token=***"),
        ("text", f"[URL={PORTAL}/rest/download.json?auth={SECRET}]", f"[URL={PORTAL}/rest/download.json?auth=***]"),
        ("text", f"my hook is {PORTAL}/rest/17/s3cr3ts3cr3t/profile", f"my hook is {PORTAL}/rest/17/***/profile"),
        ("text", f"{PORTAL}/rest/api/17/s3cr3ts3cr3t/user.get", f"{PORTAL}/rest/api/17/***/user.get"),
        ("text", f"it is\n{HOST}:443/rest/17/s3cr3ts3cr3t/", f"it is\n{HOST}:443/rest/17/***/"),
        ("text", f'<a href="{PORTAL}/rest/x?auth={SECRET}">', f'<a href="{PORTAL}/rest/x?auth=***">'),
        ("text", f"{PORTAL}/x?a[b]=1&auth={SECRET}", f"{PORTAL}/x?a[b]=1&auth=***"),
        ("downloadUrl", "/rest/17/s3cr3ts3cr3t/disk.file.get", "/rest/17/***/disk.file.get"),
    ],
)
def test_secrets_of_an_address_are_masked_and_what_it_leads_to_stays(
    key: str, address: str, expected: str, escaped: bool
) -> None:
    assert archive({"result": [{"ID": "7", key: address}]}, escaped=escaped) == {"result": [{"ID": "7", key: expected}]}


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("DESCRIPTION", f"see https://elsewhere.example/invitation?token={SECRET}"),
        ("UF_CRM_LINK", f"https://elsewhere.example/?auth={SECRET}"),
        ("VALUE", "https://elsewhere.example/?design=7&sign=leo"),
        ("text", '<a href="/page?token=7">here</a>'),
        ("PERSONAL_PHOTO", "https://cdn.example/photo.png?size=100"),
        ("text", "what is auth=basic; and /rest/of/it?"),
        ("text", "see https://jira.example/rest/api/2/attachment/content/7, not /rest/2/customers/5"),
        ("text", f"https://elsewhere.example/rest/download.json?auth={SECRET}"),
        ("text", f"https://my{HOST}/rest/17/s3cr3ts3cr3t/ and https://{HOST}.example/rest/17/s3cr3ts3cr3t/"),
        ("text", f"{PORTAL}/company/ or https://elsewhere.example/?auth={SECRET}"),
        ("text", f"{PORTAL}/company/\nhttps://elsewhere.example/?auth={SECRET}"),
        ("text", f"[URL={PORTAL}/a]a[/URL][URL=https://elsewhere.example/?auth={SECRET}]b[/URL]"),
        ("text", f"{PORTAL}/a,https://elsewhere.example/rest/17/s3cr3ts3cr3t/"),
        ("TITLE", "/page?token=7"),
        ("urlShow", "/bitrix/tools/disk/uf.php?id=7&author=5"),
    ],
)
def test_what_people_wrote_and_unsigned_pictures_stay_as_they_are(key: str, text: str) -> None:
    assert archive({"result": {key: text}}) == {"result": {key: text}}


def test_a_parameter_behind_an_escaped_ampersand_is_known() -> None:
    body = b'{"DOWNLOAD_URL":"/rest/download.json?auth=a\\u002Bb\\u0026token=c\\u0026id=5"}'
    assert without_signatures(body) == b'{"DOWNLOAD_URL":"/rest/download.json?auth=***\\u0026token=***\\u0026id=5"}'


_texts = some.text(max_size=20) | some.sampled_from(
    [
        f"{PORTAL}/rest/download.json?auth={SECRET}&token=x",
        "/uf.php?token=",
        "?token=1&auth=\\",
        '/a?sign=x"y',
        "/rest/1/secretsecret",
        "&auth=",
        "/x;sig=\u2028\n\t",
    ]
)
_answers = some.recursive(
    some.none() | some.booleans() | some.integers() | _texts | some.lists(_texts, max_size=3).map("".join),
    lambda inner: (
        some.lists(inner, max_size=4)
        | some.dictionaries(some.sampled_from(["ID", "DOWNLOAD_URL", "urlShow", "text", "avatar"]), inner, max_size=4)
    ),
    max_leaves=12,
)


def shape(answer: Any) -> Any:
    """``answer`` without its texts."""
    if isinstance(answer, dict):
        return {key: shape(value) for key, value in answer.items()}
    return [shape(one) for one in answer] if isinstance(answer, list) else "" if isinstance(answer, str) else answer


def changed(before: Any, after: Any) -> list[tuple[str, str]]:
    """Texts that are not as they were."""
    if isinstance(before, dict):
        return [pair for key in before for pair in changed(before[key], after[key])]
    if isinstance(before, list):
        return [pair for one, other in zip(before, after, strict=True) for pair in changed(one, other)]
    return [] if before == after else [(before, after)]


@given(answer=_answers, ascii_only=some.booleans(), escaped=some.booleans())
def test_any_answer_keeps_its_structure_and_loses_nothing_but_secrets(
    answer: Any, ascii_only: bool, escaped: bool
) -> None:
    text = json.dumps(answer, ensure_ascii=ascii_only)
    masked = orjson.loads(without_signatures((text.replace("/", "\\/") if escaped else text).encode()))
    assert shape(masked) == shape(answer)
    for before, after in changed(answer, masked):
        parts, at = after.split(MASKED), 0
        assert len(parts) > 1
        for part in parts:
            at = before.index(part, at) + len(part)


_links = some.builds(
    lambda *parts: "".join(parts),
    some.sampled_from(["", "https://jira.example", "//cdn.example", 'see "elsewhere.example']),
    some.sampled_from(["", "/", "/rest/", "/rest/api/2/", "/rest/17/"]),
    some.text(max_size=20) | some.sampled_from(["attachment/7", "s3cr3ts3cr3t/"]),
    some.sampled_from(["", "?auth=1", "&token=abc", ";sign="]),
)


@given(texts=some.lists(_links | _texts.filter(lambda text: HOST not in text), max_size=4), escaped=some.booleans())
def test_text_that_does_not_name_the_portal_is_kept_byte_by_byte(texts: list[str], escaped: bool) -> None:
    text = json.dumps({"result": {"DESCRIPTION": " ".join(texts), "tags": texts}})
    body = (text.replace("/", "\\/") if escaped else text).encode()
    assert without_signatures(body) == body


def test_an_answer_without_such_addresses_is_kept_byte_by_byte() -> None:
    body = b'{"result": [ {"ID":"7","TITLE":"auth = \\u0430?"} ] }'
    assert without_signatures(body) is body
