"""Where links and redirects may lead."""

import pytest

from shared.media.verdicts import Outcome
from tests.unit.media.file_server import Fetching, Server, redirecting, replying


@pytest.mark.parametrize("hops", range(1, 6))
async def test_up_to_five_redirects_are_followed(portal: Server, fetching: Fetching, hops: int) -> None:
    portal.answer = redirecting(*["/next", portal.url("/other"), "?again=1", "//" + portal.origin[7:], "../up"][:hops])
    assert (await fetching(portal.url())).outcome is Outcome.STORED
    assert len(portal.requests) == hops + 1


async def test_the_sixth_redirect_is_final(portal: Server, fetching: Fetching) -> None:
    portal.answer = redirecting(*["/next"] * 6)
    fetched = await fetching(portal.url())
    assert (fetched.outcome, fetched.reason) == (Outcome.REFUSED, "media.redirected_too_often")


@pytest.mark.parametrize("location", ["http://evil.example/", "file:///etc/passwd", "http://[", "http://a:b@{host}/"])
async def test_a_redirect_is_checked_like_the_link(portal: Server, fetching: Fetching, location: str) -> None:
    portal.answer = redirecting(location.format(host=portal.origin[7:]))
    fetched = await fetching(portal.url())
    assert (fetched.outcome, fetched.reason) == (Outcome.REFUSED, "media.address_refused")


async def test_a_redirect_without_a_target_is_final(portal: Server, fetching: Fetching) -> None:
    portal.answer = replying(302)
    assert (await fetching(portal.url())).reason == "media.refused"


async def test_a_redirect_to_another_port_of_this_machine_reaches_nobody(portal: Server, stranger: Server) -> None:
    fetching = Fetching(portal, hosts=("127.0.0.1", "localhost"))
    for location in (stranger.url(), stranger.url().replace("127.0.0.1", "localhost")):
        portal.answer = redirecting(location)
        fetched = await fetching(portal.url())
        assert (fetched.outcome, fetched.reason) == (Outcome.REFUSED, "media.private_address")
    assert stranger.requests == []
    await fetching.fetcher.close()


async def test_a_link_to_a_stranger_reaches_nobody(fetching: Fetching, stranger: Server) -> None:
    assert (await fetching(stranger.url())).reason == "media.address_refused"
    assert stranger.requests == []
