"""What the real worker would refuse is refused at the start, by the function's name."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, List, Optional  # noqa: UP035

import azure.durable_functions as df
import azure.functions as func
import pytest

from lab.devhost.errors import FunctionLoadError, StartError
from lab.devhost.hostjson import read_host_config
from lab.devhost.validation import index_functions
from lab.processes import Process, ProcessFailed, environment, module

HOST_JSON = '{"version": "2.0"}'
GOOD_APP = """
import azure.functions as func
app = func.FunctionApp()
@app.route(route="x")
def fine(req: func.HttpRequest) -> str:
    return "x"
"""


def index(define: Callable[[Any], None]) -> list[str]:
    app = df.DFApp()
    define(app)
    return [function.name for function in index_functions(app.get_functions(), ".")]


def test_a_sound_app_is_indexed() -> None:
    def define(app: Any) -> None:
        async def starter(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
            raise NotImplementedError

        def orchestrator(context: df.DurableOrchestrationContext) -> None: ...

        def activity(value: dict, context: func.Context) -> None: ...  # type: ignore[type-arg]  # a plain class

        def text(msg: str) -> None: ...

        def many(value: str, out: func.Out[List[str]]) -> None: ...  # noqa: UP006  # the worker knows no list[str]

        app.route(route="x")(app.durable_client_input(client_name="client")(starter))
        app.orchestration_trigger(context_name="context")(orchestrator)
        app.activity_trigger(input_name="value")(activity)
        app.queue_trigger(arg_name="msg", queue_name="q", connection="AzureWebJobsStorage")(text)
        many_out = app.queue_output(arg_name="out", queue_name="q", connection="AzureWebJobsStorage")
        app.activity_trigger(input_name="value")(many_out(many))

    assert index(define) == ["starter", "orchestrator", "activity", "text", "many"]


def unbound_parameter(app: Any) -> None:
    def wrong(req: func.HttpRequest, other: str) -> str:
        raise NotImplementedError

    app.route(route="x")(wrong)


def missing_parameter(app: Any) -> None:
    def wrong(req: func.HttpRequest) -> str:
        raise NotImplementedError

    app.route(route="x", trigger_arg_name="request")(wrong)


def context_of_another_type(app: Any) -> None:
    def wrong(req: func.HttpRequest, context: str) -> str:
        raise NotImplementedError

    app.route(route="x")(wrong)


def optional_annotation(app: Any) -> None:
    def wrong(value: Optional[str]) -> None: ...  # noqa: UP045  # both spellings are refused

    app.activity_trigger(input_name="value")(wrong)


def union_annotation(app: Any) -> None:
    def wrong(value: str | None) -> None: ...

    app.activity_trigger(input_name="value")(wrong)


def generic_annotation(app: Any) -> None:
    def wrong(value: list[int]) -> None: ...

    app.activity_trigger(input_name="value")(wrong)


def annotation_that_the_trigger_cannot_give(app: Any) -> None:
    def wrong(timer: int) -> None: ...

    app.timer_trigger(schedule="0 0 0 * * *", arg_name="timer")(wrong)


def output_without_out(app: Any) -> None:
    def wrong(req: func.HttpRequest, msg: str) -> str:
        raise NotImplementedError

    output = app.queue_output(arg_name="msg", queue_name="q", connection="AzureWebJobsStorage")
    app.route(route="x")(output(wrong))


def input_with_out(app: Any) -> None:
    def wrong(value: func.Out[str]) -> None: ...

    app.activity_trigger(input_name="value")(wrong)


def return_type_that_the_binding_cannot_take(app: Any) -> None:
    def wrong(req: func.HttpRequest) -> int:
        return 1

    app.route(route="x")(wrong)


def return_of_nothing_to_a_binding(app: Any) -> None:
    def wrong(req: func.HttpRequest) -> None: ...

    app.route(route="x")(wrong)


def built_in_generic_in_an_output(app: Any) -> None:
    def wrong(value: str, out: func.Out[list[str]]) -> None: ...

    output = app.queue_output(arg_name="out", queue_name="q", connection="AzureWebJobsStorage")
    app.activity_trigger(input_name="value")(output(wrong))


def an_entity(app: Any) -> None:
    def wrong(context: Any) -> None: ...

    app.entity_trigger(context_name="context")(wrong)


def another_trigger(app: Any) -> None:
    def wrong(blob: func.InputStream) -> None: ...

    app.blob_trigger(arg_name="blob", path="x", connection="AzureWebJobsStorage")(wrong)


@pytest.mark.parametrize(
    "define",
    [
        unbound_parameter,
        missing_parameter,
        context_of_another_type,
        optional_annotation,
        union_annotation,
        generic_annotation,
        annotation_that_the_trigger_cannot_give,
        output_without_out,
        input_with_out,
        return_type_that_the_binding_cannot_take,
        return_of_nothing_to_a_binding,
        built_in_generic_in_an_output,
        an_entity,
        another_trigger,
    ],
)
def test_a_function_that_the_worker_cannot_load_is_named(define: Callable[[Any], None]) -> None:
    with pytest.raises(FunctionLoadError, match="'wrong'"):
        index(define)


@pytest.mark.parametrize(
    ("host_json", "reason"),
    [
        ('{"version": "2.0",}', "strict JSON"),
        ('{"version": "2.0"} // comment', "strict JSON"),
        ('{"extensions": {"queues": {"batchSize": 64}}}', "batchSize"),
        ('{"extensions": {"queues": {"visibilityTimeout": "30 s"}}}', "time span"),
        ('{"extensions": {"queues": {"messageEncoding": "hex"}}}', "messageEncoding"),
        ('{"extensions": {"durableTask": {"hubName": "no-dashes"}}}', "hubName"),
    ],
)
def test_a_host_json_that_azure_would_trip_over_is_refused(tmp_path: Path, host_json: str, reason: str) -> None:
    path = tmp_path / "host.json"
    path.write_text(host_json, encoding="utf-8")
    with pytest.raises(StartError, match=reason):
        read_host_config(path)


def test_host_json_settings_are_read(tmp_path: Path) -> None:
    path = tmp_path / "host.json"
    queues = {"batchSize": 2, "newBatchThreshold": 1, "visibilityTimeout": "00:00:30", "messageEncoding": "none"}
    durable = {"hubName": "Hub", "maxConcurrentActivityFunctions": 7}
    document = {"functionTimeout": "-1", "extensions": {"queues": queues, "durableTask": durable}}
    path.write_text(json.dumps(document), encoding="utf-8")
    config = read_host_config(path)
    assert (config.function_timeout, config.queues.batch_size, config.queues.new_batch_threshold) == (None, 2, 1)
    assert (config.queues.visibility_timeout.seconds, config.queues.base64) == (30, False)
    assert (config.durable.hub, config.durable.max_activities, config.route_prefix) == ("Hub", 7, "api")


def start(folder: Path, app: str, host_json: str = HOST_JSON) -> Process:
    (folder / "function_app.py").write_text(app, encoding="utf-8")
    (folder / "host.json").write_text(host_json, encoding="utf-8")
    command = module("lab.devhost", "--app", str(folder), "--port", "0")
    return Process("refused", command, log_dir=folder, env=environment({"AzureWebJobsStorage": ""}))


@pytest.mark.parametrize(
    ("app", "reason"),
    [
        (GOOD_APP + "other = func.FunctionApp()\n", "exactly one function-app object"),
        (GOOD_APP.replace("req: func", "request: func"), "cannot load the function 'fine'"),
        (GOOD_APP + "import nothing_of_this_name\n", "function_app.py cannot be imported"),
        (GOOD_APP, "'AzureWebJobsStorage' (a storage connection string) is not set"),
    ],
)
def test_a_host_that_cannot_serve_says_why_and_ends_with_an_error(tmp_path: Path, app: str, reason: str) -> None:
    process = start(tmp_path, app)
    with pytest.raises(ProcessFailed, match="ended with code 1"):
        process.ready()
    assert reason in process.log.read_text(encoding="utf-8")
