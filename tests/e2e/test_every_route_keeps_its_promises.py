"""Every route of the API, asked for what its own document allows and for what it does not, by a served app."""

from collections.abc import Callable

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis import Case
from schemathesis.specs.openapi.checks import positive_data_acceptance, unsupported_method

from lab.api import Api
from lab.system import UNLIMITED, System
from triggers.openapi import document
from triggers.problems import LARGEST_BODY

DOCUMENT = document()
POSTS = [path for path, item in DOCUMENT["paths"].items() if "post" in item]
CLOSED = [path for path, item in DOCUMENT["paths"].items() if item.get("get", {}).get("security") != []]
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT)
BEYOND = (
    positive_data_acceptance,  # what no schema says (an entity that the plan has not) is refused with 400 as well
    unsupported_method,  # TRACE never gets as far as the app
)
FEW = settings(max_examples=12, derandomize=True, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module")
def system(start_shared_system: Callable[..., System]) -> System:
    """With a run that has ended, and one dead letter less than none."""
    system = start_shared_system(UNLIMITED)
    api = system.api()
    api.wait(api.start(entities=["department"]))
    return system


@pytest.fixture(scope="module")
def run_id(system: System) -> str:
    return str(system.api().get("/runs").json()[0]["run_id"])


def _key(system: System) -> dict[str, str]:
    return {"x-functions-key": system.keys.function}


@SCHEMA.parametrize()
@FEW
def test_a_route_answers_as_its_document_says_whatever_it_is_asked(case: Case, system: System, run_id: str) -> None:
    _lead_somewhere(case, run_id)
    case.call_and_validate(base_url=system.hosts[0].ready(), headers=_key(system), excluded_checks=list(BEYOND))


def _lead_somewhere(case: Case, run_id: str) -> None:
    """Every other request is about what there is."""
    known = {"run_id": run_id, "plan": "bitrix24_onprem"}
    if case.path_parameters and len(str(case.path_parameters)) % 2:
        case.path_parameters.update({name: known[name] for name in case.path_parameters if name in known})


@pytest.mark.parametrize("path", POSTS)
def test_a_body_that_is_too_large_is_refused(path: str, system: System, run_id: str) -> None:
    route = path.removeprefix("/api").format(run_id=run_id, plan="bitrix24_onprem")
    answer = system.api().post(route, content=b" " * (LARGEST_BODY + 1))
    assert (answer.status_code, answer.json()["code"]) == (413, "TOO_LARGE")


@pytest.mark.parametrize("path", CLOSED)
def test_a_route_without_the_key_tells_nothing(path: str, system: System) -> None:
    route = path.removeprefix("/api").format_map(_Any())
    for key in ("", "wrong", system.keys.function[:-1]):
        answer = Api(system.hosts[0].ready(), key).get(route)
        assert (answer.status_code, answer.content) == (401, b"")


class _Any(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "1"
