"""What a log line tells as an event."""

import logging
from collections.abc import Iterator

import pytest

from composition.logs import configure_logging
from shared.http.redaction import register_secret
from shared.ports.telemetry import Event
from shared.ports.tracing import entering, ignore, span
from shared.telemetry.logs import EventHandler

SECRET = "logsecret840211"


@pytest.fixture
def events() -> Iterator[list[Event]]:
    found: list[Event] = []
    factory = logging.getLogRecordFactory()
    configure_logging()
    handler, logger = EventHandler(found.append), logging.getLogger("portage")
    logger.addHandler(handler)
    yield found
    logger.removeHandler(handler)
    logging.setLogRecordFactory(factory)


def test_a_line_tells_the_run_that_it_is_about(events: list[Event]) -> None:
    with entering(ignore, None, run_id="run-1", plan="one", entity="user"):
        logging.getLogger("portage.workers").info("page %s is read", 3)
    (event,) = events
    assert event.message == "page 3 is read"
    expected = {"logger": "portage.workers", "run_id": "run-1", "plan": "one", "entity": "user"}
    assert event.attributes == expected


def test_a_line_belongs_to_the_span_that_it_was_said_in(events: list[Event]) -> None:
    with entering(ignore, None), span("work") as opened:
        logging.getLogger("portage.workers").info("in hand")
    assert events[0].context == opened.context


def test_a_line_outside_of_any_work_is_one_too(events: list[Event]) -> None:
    logging.getLogger("portage.workers").warning("alone")
    assert (events[0].message, events[0].context, events[0].level) == ("alone", None, logging.WARNING)


def test_an_exception_is_told_by_type_and_place_not_by_what_it_says(events: list[Event]) -> None:
    try:
        int("Ada Lovelace <ada@example.org>")
    except ValueError:
        logging.getLogger("portage.workers").exception("a step failed")
    (event,) = events
    assert event.attributes["exception"] == "ValueError"
    assert "test_log_lines_as_events.py" in event.attributes["stack"]
    assert "Lovelace" not in repr(event)


def test_a_secret_does_not_come_along(events: list[Event]) -> None:
    register_secret(SECRET)
    logging.getLogger("portage.workers").error("refused: %s", SECRET)
    assert SECRET not in repr(events)


def test_other_libraries_are_not_listened_to(events: list[Event]) -> None:
    logging.getLogger("azure.core").error("whatever it says")
    assert events == []
