"""What opens a portal: the URL of a webhook, or that of an application with its access token."""

import pytest

from connectors.bitrix24.transport import Access
from shared.http.redaction import redact

TOKEN = "t0ken-of-an-application"


def test_a_webhook_says_whose_it_is() -> None:
    access = Access.of("https://Portal.example/rest/017/s3cret-of-seventeen/")
    assert (access.portal, access.user, access.token) == ("portal.example", "17", None)


def test_the_token_of_an_application_stays_out_of_its_address() -> None:
    access = Access.of(f"https://portal.example/rest/?auth={TOKEN}")
    assert (access.base, access.user, access.token) == ("https://portal.example/rest/", None, TOKEN)
    assert TOKEN not in repr(access)
    assert TOKEN not in redact(f"refused: {TOKEN}")


@pytest.mark.parametrize(
    "url",
    [
        "https://portal.example/rest/",
        "https://portal.example/rest/?auth=",
        f"https://portal.example/?auth={TOKEN}",
        f"https://portal.example/rest/me/{TOKEN}/",
        f"ftp://portal.example/rest/1/{TOKEN}/",
        f"portal.example/rest/1/{TOKEN}/",
    ],
)
def test_any_other_address_is_refused_without_being_quoted(url: str) -> None:
    with pytest.raises(ValueError, match="must have the form") as refusal:
        Access.of(url)
    assert TOKEN not in str(refusal.value)


def test_what_follows_a_token_is_the_token_of_the_same_portal() -> None:
    old, new = (Access.of(f"https://portal.example/rest/?auth={token}") for token in (TOKEN, "t0ken-after-that"))
    others = ["https://portal.example/rest/1/s3cret-of-one/", "https://portal.example/rest/?auth=t0ken-after-that"]
    assert old.successor(others) == new
    assert old.successor(others[:1]) == old
