"""What a function app says whose settings hold nonsense, through a real host."""

from collections.abc import Iterator

import httpx
import pytest

from lab.api import Api
from lab.system import UNLIMITED, System
from tests.unit.api_stand_in import portage

SECRET = "whkthatnobodymaysee"
WRONG = {"PORTAGE_SOURCE_RATE": SECRET, "PORTAGE_BITRIX24_WEBHOOK_URLS": f"portal.example/rest/1/{SECRET}/"}


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    with System(tmp_path_factory.mktemp("system"), UNLIMITED, WRONG) as system:
        system.start_storage()
        system.start_host()
        yield system


@pytest.fixture(scope="module")
def api(system: System) -> Iterator[Api]:
    api = system.api()
    yield api
    api.close()


def _names_the_settings(answer: httpx.Response) -> bool:
    return all(name in answer.text for name in WRONG) and SECRET not in answer.text


@pytest.mark.parametrize("path", ["/health", "/runs", "/runs/r-1", "/plans"])
def test_a_request_is_told_which_settings_are_wrong(api: Api, path: str) -> None:
    answer = api.get(path)
    assert (answer.status_code, answer.json()["code"]) == (503, "NOT_CONFIGURED")
    assert _names_the_settings(answer)


def test_a_start_is_told_which_settings_are_wrong(api: Api) -> None:
    answer = api.post("/runs", {"plan": "bitrix24_onprem", "mode": "full"})
    assert (answer.status_code, answer.json()["code"]) == (503, "NOT_CONFIGURED")
    assert _names_the_settings(answer)


def test_health_tells_it_without_a_key(system: System) -> None:
    assert httpx.get(f"{system.hosts[0].ready()}/api/health").status_code == 503


def test_the_doctor_has_a_failed_check_for_each_wrong_setting(system: System) -> None:
    result = portage("doctor", env=system.client_settings)
    failed = [line for line in result.stdout.splitlines() if line.startswith("FAIL")]
    assert result.exit_code == 1
    assert sorted(line.split()[2].rstrip(":") for line in failed) == sorted(WRONG)
    assert SECRET not in result.output


def test_no_log_shows_a_wrong_value(system: System) -> None:
    assert not [path.name for path in system.logs if SECRET in path.read_text("utf-8", errors="replace")]
