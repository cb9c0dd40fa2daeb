"""No secret leaves through a text, a log record or a traceback, in whatever form it stands there."""

import io
import json
import logging
import traceback
from collections.abc import Iterator
from urllib.parse import quote

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.responses import Response

from shared.http.redaction import RedactingFilter, quiet_libraries, redact, register_secret

SECRET = "u1x7kq9zv3"
WEBHOOK = f"https://portal.example/rest/17/{SECRET}/crm.deal.list.json?start=-1#top"
FORMS = {
    "as it is": WEBHOOK,
    "without a method": f"https://portal.example/rest/17/{SECRET}",
    "with a slash": f"https://portal.example/rest/17/{SECRET}/",
    "third version": f"https://portal.example/rest/api/17/{SECRET}/tasks.task.list",
    "path only": f"/rest/17/{SECRET}/batch",
    "of the gateway": f"http://gateway.example:8090/webhook/17/{SECRET}/import.users.batch",
    "in upper case": f"HTTPS://PORTAL.EXAMPLE/REST/17/{SECRET}/BATCH",
    "in a tuple": str(("POST", f"/rest/17/{SECRET}", 200)),
    "in bytes": str(f"/rest/17/{SECRET}/batch".encode()),
    "in a list of URLs": f"https://p.example/rest/1/{SECRET},https://p.example/rest/2/{SECRET}",
    "in mark-up": f"<a href='https://portal.example/rest/17/{SECRET}'>",
    "in JSON": json.dumps({"url": WEBHOOK}),
    "in PHP's JSON": json.dumps({"url": WEBHOOK}).replace("/", "\\/"),
    "in JSON in JSON": json.dumps(json.dumps({"url": WEBHOOK}).replace("/", "\\/")),
    "in a form": f"url={quote(WEBHOOK, safe='')}&more=1",
    "encoded in lower case": quote(WEBHOOK, safe="").lower(),
    "encoded twice": quote(quote(WEBHOOK, safe=""), safe=""),
    "a token in a query": f"https://portal.example/rest/user.get?auth={SECRET}&start=0",
    "a token in a form": f"event=ONCRMDEALUPDATE&auth%5Bapplication_token%5D={SECRET}&ts=1",
    "a token in a decoded form": f"auth[access_token]={SECRET}",
    "a token in an encoded query": quote(f"https://portal.example/rest/user.get?start=0&auth={SECRET}", safe=""),
    "a token in JSON": json.dumps({"start": 0, "auth": SECRET}),
    "a token in JSON in JSON": json.dumps(json.dumps({"access_token": SECRET})),
    "a token in Python": str({"refresh_token": SECRET}),
    "a header": f"Authorization: Bearer {SECRET}",
    "a header in Python": str({"Authorization": f"Bearer {SECRET}"}),
    "a function key": f"x-functions-key: {SECRET}",
    "a function key in a query": f"http://localhost:7071/api/runs?code={SECRET}",
    "a password in a URL": f"postgresql://portage:{SECRET}@db.example/store",
    "a connection string": f"DefaultEndpointsProtocol=https;AccountKey={SECRET}==;EndpointSuffix=core",
    "a shared access signature": f"https://a.blob.core.windows.net/raw?sv=2024&sig={SECRET}%3D",
}


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """What a handler with the filter writes, of every level."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter("%(name)s %(message)s"))
    handler.addFilter(RedactingFilter())
    levels = {name: logging.getLogger(name).level for name in ("", "httpx", "httpcore")}
    for name in levels:
        logging.getLogger(name).setLevel(logging.DEBUG)
    logging.getLogger().addHandler(handler)
    yield stream
    logging.getLogger().removeHandler(handler)
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
def test_a_secret_that_nobody_registered_is_known_by_its_surroundings(form: str) -> None:
    assert SECRET not in redact(form)


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
def test_what_is_redacted_stays_as_it_is(form: str) -> None:
    assert redact(redact(form)) == redact(form)


def test_what_is_around_a_secret_stays_readable() -> None:
    assert redact(WEBHOOK) == "https://portal.example/rest/17/***/crm.deal.list.json?start=-1#top"
    assert redact("url=%2Frest%2F1%2Fabcdef%2Fuser.get&x=1") == "url=%2Frest%2F1%2F***%2Fuser.get&x=1"
    assert redact(json.dumps({"auth": "abcdef", "start": 0})) == '{"auth": "***", "start": 0}'
    assert redact("postgresql://me:pass@db/x") == "postgresql://me:***@db/x"


@pytest.mark.parametrize(
    "text",
    [
        "GET /api/runs/20260101 200",
        "https://portal.example/rest/user.get?start=50",
        '{"code": "UNKNOWN_RUN", "title": "No such run"}',
        "the author: somebody",
        "see https://learn.example/a:b and user@host",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert redact(text) == text


@settings(max_examples=30)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=20).map("v3ry-own-{}-s3cret".format))
def test_a_registered_secret_is_found_in_every_encoding(secret: str) -> None:
    register_secret(secret)
    once = quote(secret, safe="")
    for form in (secret, quote(secret), once, quote(once, safe=""), json.dumps(secret)[1:-1], repr(secret)[1:-1]):
        assert redact(f"a{form}b {form}") == "a***b ***"


def test_of_two_registered_secrets_the_longer_is_hidden_whole() -> None:
    register_secret("s3cret-stem")
    register_secret("s3cret-stem-and-more")
    assert redact("<s3cret-stem-and-more> <s3cret-stem>") == "<***> <***>"


def test_short_texts_are_not_secrets() -> None:
    register_secret("the")
    assert redact("the portal") == "the portal"


def test_a_log_record_is_redacted_with_its_arguments(written: io.StringIO) -> None:
    logging.getLogger("portage").warning("calling %s as %s", WEBHOOK, {"auth": SECRET})
    assert written.getvalue() == (
        "portage calling https://portal.example/rest/17/***/crm.deal.list.json?start=-1#top as {'auth': '***'}\n"
    )


def test_a_log_record_whose_arguments_do_not_fit_is_redacted(written: io.StringIO) -> None:
    logging.getLogger("portage").warning(f"%d {WEBHOOK}", "x")
    assert written.getvalue().startswith("portage %d https://portal.example/rest/17/***/")


def test_a_traceback_is_redacted_with_everything_it_came_from(written: io.StringIO) -> None:
    try:
        _fail()
    except ValueError:
        logging.getLogger("portage").exception("it failed", stack_info=True)
    assert "'https://portal.example/rest/17/***/" in written.getvalue()
    assert SECRET not in written.getvalue()


def test_a_traceback_that_was_formatted_before_is_redacted(written: io.StringIO) -> None:
    record = logging.LogRecord("portage", logging.ERROR, __file__, 1, "it failed", (), None)
    record.exc_text = f"OSError: {WEBHOOK}"
    logging.getLogger("portage").handle(record)
    assert SECRET not in written.getvalue()


def test_a_handler_that_looks_at_the_exception_itself_finds_none() -> None:
    error = OSError(WEBHOOK)
    record = logging.LogRecord("x", logging.ERROR, __file__, 1, "no", (), (OSError, error, None))
    RedactingFilter().filter(record)
    assert record.exc_info is None
    assert "OSError" in logging.Formatter().format(record)


async def test_what_httpx_logs_of_a_call_is_redacted(written: io.StringIO) -> None:
    transport = httpx.ASGITransport(Response())
    async with httpx.AsyncClient(transport=transport) as client:
        await client.post(WEBHOOK)
    assert "HTTP Request: POST https://portal.example/rest/17/***/" in written.getvalue()
    assert SECRET not in written.getvalue()


async def test_what_httpx_logs_of_a_call_that_fails_is_redacted(written: io.StringIO) -> None:
    async with httpx.AsyncClient() as client:
        try:
            await client.post(f"http://127.0.0.1:9/rest/17/{SECRET}/batch", params={"auth": SECRET})
        except httpx.ConnectError as error:
            logging.getLogger("portage").warning("%s", "".join(traceback.format_exception(error)), exc_info=error)
    assert "ConnectError" in written.getvalue()
    assert SECRET not in written.getvalue()


def _fail() -> None:
    try:
        int(WEBHOOK)
    except ValueError as error:
        raise ValueError({"auth": SECRET}) from error


def test_libraries_that_log_urls_are_quiet() -> None:
    quiet_libraries()
    assert not any(logging.getLogger(name).isEnabledFor(logging.INFO) for name in ("httpx", "httpcore", "azure"))
