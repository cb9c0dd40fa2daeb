"""The report of a run from the command line: a page in a file, or JSON."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.api_stand_in import StandIn, connected, portage

PAGE = b"<!doctype html><title>Report of run r-1</title>"


@pytest.fixture
def api() -> Iterator[StandIn]:
    with StandIn() as stand_in:
        stand_in.answers["GET /api/runs/r-1/report"] = [(200, PAGE)]
        yield stand_in


def test_a_page_is_asked_for_and_written_to_the_file(api: StandIn, tmp_path: Path) -> None:
    place = tmp_path / "signed.html"
    told = portage("report", "r-1", "--output", str(place), env=connected(api))
    assert (told.exit_code, place.read_bytes()) == (0, PAGE)
    assert told.stdout == f"report of run r-1: {place}\n"
    assert api.requests[0].headers["accept"] == "text/html"


def test_without_a_file_it_lies_here_under_the_name_of_the_run(
    api: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert portage("report", "r-1", env=connected(api)).exit_code == 0
    assert (tmp_path / "report-r-1.html").read_bytes() == PAGE


def test_json_goes_to_stdout(api: StandIn) -> None:
    api.answers["GET /api/runs/r-1/report"] = [(200, {"version": 1})]
    assert portage("report", "r-1", "--json", env=connected(api)).stdout == '{"version": 1}\n'
    assert api.requests[0].headers["accept"] == "application/json"


def test_json_goes_into_the_file_that_is_named(api: StandIn, tmp_path: Path) -> None:
    api.answers["GET /api/runs/r-1/report"] = [(200, {"version": 1})]
    place = tmp_path / "report.json"
    assert portage("report", "r-1", "--json", "--output", str(place), env=connected(api)).stdout == ""
    assert place.read_text("utf-8") == '{"version": 1}'


def test_a_place_that_cannot_be_written_is_a_wrong_command_line(api: StandIn, tmp_path: Path) -> None:
    told = portage("report", "r-1", "--output", str(tmp_path / "none" / "report.html"), env=connected(api))
    assert told.exit_code == 2
    assert "cannot write" in told.stderr


def test_something_that_is_no_report_is_not_written(api: StandIn, tmp_path: Path) -> None:
    api.answers["GET /api/runs/r-1/report"] = [(200, b"hello")]
    place = tmp_path / "report.html"
    assert portage("report", "r-1", "--output", str(place), env=connected(api)).exit_code == 5
    assert not place.exists()
