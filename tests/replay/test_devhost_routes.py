"""Route templates of HTTP triggers."""

import pytest

from lab.devhost.web.routes import RouteError, compile_route


@pytest.mark.parametrize(
    ("template", "path", "expected"),
    [
        ("runs", "api/runs", {}),
        ("runs", "API/Runs/", {}),
        ("runs/{run_id}", "api/runs/r-1", {"run_id": "r-1"}),
        ("runs/{run_id}", "api/runs", None),
        ("runs/{run_id}", "api/runs/a%2Fb", {"run_id": "a/b"}),
        ("runs/{run_id?}", "api/runs", {}),
        ("runs/{page=1}", "api/runs", {"page": "1"}),
        ("runs/{page=1}", "api/runs/2", {"page": "2"}),
        ("n/{n:int}", "api/n/-12", {"n": "-12"}),
        ("n/{n:int}", "api/n/12x", None),
        ("n/{n:int}", "api/n/3000000000", None),
        ("n/{n:long}", "api/n/3000000000", {"n": "3000000000"}),
        ("n/{n:range(1,5)}", "api/n/6", None),
        ("n/{n:min(3)}", "api/n/3", {"n": "3"}),
        ("s/{s:alpha:length(2,4)}", "api/s/abc", {"s": "abc"}),
        ("s/{s:alpha:length(2,4)}", "api/s/abcde", None),
        ("s/{s:maxlength(2)?}", "api/s", {}),
        ("g/{g:guid}", "api/g/2f1e4fc0-81fd-11eb-8dcd-0242ac130003", {"g": "2f1e4fc0-81fd-11eb-8dcd-0242ac130003"}),
        ("g/{g:guid}", "api/g/nope", None),
        ("b/{b:bool}", "api/b/True", {"b": "True"}),
        ("d/{d:datetime}", "api/d/2026-01-01", {"d": "2026-01-01"}),
        ("r/{r:regex(^[a-z]{{2}}$)}", "api/r/ab", {"r": "ab"}),
        ("r/{r:regex(^[a-z]{{2}}$)}", "api/r/abc", None),
        ("f/{name}.{ext}", "api/f/report.html", {"name": "report", "ext": "html"}),
        ("all/{*rest}", "api/all/a/b", {"rest": "a/b"}),
        ("all/{*rest}", "api/all", {}),
    ],
)
def test_a_path_gives_the_values_of_its_parameters(template: str, path: str, expected: dict[str, str] | None) -> None:
    assert compile_route("api", template).match(path) == expected


def test_an_empty_prefix_leaves_the_template_at_the_root() -> None:
    assert compile_route("", "runs").match("runs") == {}


@pytest.mark.parametrize("template", ["a/{b", "a/{b:unknown}", "a/{}", "a/{b:int(}"])
def test_a_malformed_template_is_refused(template: str) -> None:
    with pytest.raises(RouteError):
        compile_route("api", template)
