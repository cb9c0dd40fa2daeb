"""Whether files that stumble are at fault themselves, or their server is."""

import pytest

from connectors.bitrix24.readers.file_servers import FileServers
from shared.media.verdicts import Stumbled
from shared.model.errors import RetryLater

HOME = "portal.example:443"
CDN = "cdn.example:443"


def stumble(origin: str, *, silent: bool = False) -> RetryLater:
    return Stumbled("media.unreachable", "HTTP 502", origin=origin, silent=silent)


def weighed(
    servers: FileServers, *origins: str, answered: tuple[str, ...] = (), silent: bool = False, now: float = 0.0
) -> list[int | None]:
    """The verdicts on one file for each of ``origins``, none of which failed before."""
    stumbles = {place: stumble(origin, silent=silent) for place, origin in enumerate(origins)}
    return [*servers.weigh(stumbles, dict.fromkeys(stumbles, 0), answered, now).values()]


@pytest.mark.parametrize(("before", "after"), [(0, 1), (3, 4), (4, None)])
def test_a_file_that_fails_while_others_of_its_server_come_has_five_tries(before: int, after: int | None) -> None:
    assert FileServers(HOME).weigh({7: stumble(CDN)}, {7: before}, {CDN}, 0.0) == {7: after}


def test_another_worker_that_fetches_the_same_file_says_nothing_about_its_server() -> None:
    servers = FileServers(HOME)
    busy = RetryLater("media.unreachable", "another worker fetches the same file")
    assert servers.weigh({7: busy}, {7: 0}, (), 0.0) == {7: 1}
    assert servers.cursor() == {}


def test_a_dead_server_has_five_tries_within_more_than_a_minute() -> None:
    servers, now = FileServers(HOME), 1000.0
    verdicts: list[list[int | None]] = []
    while not verdicts or verdicts[-1] == [0, 0]:
        now = max(now, servers.until)
        verdicts.append(weighed(servers, CDN, CDN, silent=True, now=now))
    assert verdicts == [[0, 0]] * 4 + [[None, None]]
    assert now - 1000.0 >= 60
    assert servers.out is None


def test_files_of_a_server_that_was_given_up_are_lost_at_once_until_it_answers() -> None:
    servers = FileServers(HOME, tries={CDN: 5})
    assert weighed(servers, CDN) == [None]
    assert not servers.tried_again
    servers.weigh({}, {}, {CDN}, 0.0)
    assert weighed(servers, CDN) == [0]
    assert servers.tried_again


@pytest.mark.parametrize(("origins", "silent"), [((HOME, HOME), False), ((HOME,), True)])
def test_a_portal_that_hands_out_no_file_is_waited_for(origins: tuple[str, ...], silent: bool) -> None:
    servers = FileServers(HOME)
    for now in (0.0, 100.0, 1000.0):
        assert set(weighed(servers, *origins, silent=silent, now=now)) == {0}
    assert servers.out is not None
    assert servers.out.reason.code == "source.unreachable"


def test_one_file_of_the_portal_with_nothing_beside_it_has_the_tries_of_a_server() -> None:
    servers = FileServers(HOME)
    assert [weighed(servers, HOME) for _ in range(5)] == [[0]] * 4 + [[None]]
    assert servers.out is None


def test_a_portal_whose_first_page_does_not_come_either_is_waited_for_whatever_the_page_holds() -> None:
    servers = FileServers(HOME, down=True, since=1.0)
    assert weighed(servers, HOME, now=5000.0) == [0]
    assert servers.out is not None


def test_files_that_the_portal_alone_cannot_hand_out_are_given_up_after_half_an_hour() -> None:
    servers = FileServers(HOME)
    assert weighed(servers, HOME, HOME, now=10.0) == [0, 0]
    later = [weighed(FileServers.of(HOME, servers.cursor()), HOME, HOME, now=now) for now in (1800.0, 1811.0)]
    assert later == [[0, 0], [0, 0]]
    servers = FileServers.of(HOME, {**servers.cursor(), "tries": {HOME: 4}})
    assert weighed(servers, HOME, HOME, now=1900.0) == [None, None]


def test_a_portal_that_answers_again_begins_anew() -> None:
    servers = FileServers(HOME)
    weighed(servers, HOME, HOME, now=10.0)
    assert weighed(servers, HOME, answered=(HOME,), now=20.0) == [1]
    assert servers.cursor() == {}


@pytest.mark.parametrize(
    ("origins", "answered", "silent", "doubt"),
    [
        ((HOME,), (), False, True),
        ((HOME, HOME), (CDN,), False, True),
        ((HOME,), (HOME,), False, False),
        ((HOME,), (), True, False),
        ((CDN,), (), False, False),
        ((), (), False, False),
    ],
)
def test_only_another_file_can_show_whether_a_portal_that_stumbles_is_out(
    origins: tuple[str, ...], answered: tuple[str, ...], silent: bool, doubt: bool
) -> None:
    stumbles = [stumble(origin, silent=silent) for origin in origins]
    assert FileServers(HOME).in_doubt(stumbles, answered) is doubt


def test_what_is_known_of_servers_goes_through_a_cursor() -> None:
    servers = FileServers(HOME)
    weighed(servers, CDN, HOME, HOME, now=10.0)
    again = FileServers.of(HOME, servers.cursor())
    assert (again.tries, again.until, again.since) == ({CDN: 1}, 15.0, 10.0)
