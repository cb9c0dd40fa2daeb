"""Microsoft's documented Durable Functions patterns, written as they are for Azure."""

import asyncio
import json
import time
import uuid
from datetime import timedelta

import azure.durable_functions as df
import azure.functions as func

app = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)


@app.route(route="orchestrators/{name}", methods=["POST"])
@app.durable_client_input(client_name="client")
async def start(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    body = req.get_body()
    instance_id = await client.start_new(
        req.route_params["name"], req.params.get("id"), json.loads(body) if body else None
    )
    return client.create_check_status_response(req, instance_id)


@app.route(route="wait/{name}", methods=["POST"])
@app.durable_client_input(client_name="client")
async def start_and_wait(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    instance_id = await client.start_new(req.route_params["name"], None, req.get_json())
    return await client.wait_for_completion_or_create_check_status_response(req, instance_id, 15000, 100)


@app.route(route="events/{id}/{event}", methods=["POST"])
@app.durable_client_input(client_name="client")
async def raise_event(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    await client.raise_event(req.route_params["id"], req.route_params["event"], req.get_json())
    return func.HttpResponse(status_code=202)


@app.route(route="pending/{name}", methods=["POST"])
@app.durable_client_input(client_name="client")
async def status_after_start(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    instance_id = await client.start_new(req.route_params["name"])
    status = await client.get_status(instance_id)
    return func.HttpResponse(json.dumps({"id": instance_id, "found": bool(status)}), mimetype="application/json")


@app.orchestration_trigger(context_name="context")
def chaining(context: df.DurableOrchestrationContext):
    first = yield context.call_activity("say", "Tokyo")
    second = yield context.call_activity("say", "Seattle")
    third = yield context.call_activity("say", "London")
    return [first, second, third]


@app.orchestration_trigger(context_name="context")
def fan_out(context: df.DurableOrchestrationContext):
    tasks = [context.call_activity("square", number) for number in range(context.get_input())]
    squares = yield context.task_all(tasks)
    total = yield context.call_activity("add", squares)
    return total


@app.orchestration_trigger(context_name="context")
def monitor(context: df.DurableOrchestrationContext):
    job = context.get_input()
    checks = 0
    expiry = context.current_utc_datetime + timedelta(seconds=30)
    while context.current_utc_datetime < expiry:
        checks += 1
        if (yield context.call_activity("job_state", {"job": job, "check": checks})) == "Completed":
            return checks
        yield context.create_timer(context.current_utc_datetime + timedelta(milliseconds=200))
    return None


@app.orchestration_trigger(context_name="context")
def approval(context: df.DurableOrchestrationContext):
    timeout = context.create_timer(context.current_utc_datetime + timedelta(seconds=context.get_input()))
    approved = context.wait_for_external_event("approved")
    winner = yield context.task_any([approved, timeout])
    if winner == approved:
        timeout.cancel()
        return (yield context.call_activity("say", approved.result))
    return (yield context.call_activity("say", "escalated"))


@app.orchestration_trigger(context_name="context")
def parent(context: df.DurableOrchestrationContext):
    retry = df.RetryOptions(first_retry_interval_in_milliseconds=100, max_number_of_attempts=2)
    children = [
        context.call_sub_orchestrator_with_retry("child", retry, {"number": number, "parent": context.instance_id})
        for number in range(3)
    ]
    return (yield context.task_all(children))


@app.orchestration_trigger(context_name="context")
def child(context: df.DurableOrchestrationContext):
    job = context.get_input()
    return (yield context.call_activity("fails_once", f"{job['parent']}-{job['number']}"))


@app.orchestration_trigger(context_name="context")
def failing_child(context: df.DurableOrchestrationContext):
    yield context.call_activity("fail", "always")


@app.orchestration_trigger(context_name="context")
def parent_of_failing(context: df.DurableOrchestrationContext):
    try:
        yield context.call_sub_orchestrator("failing_child")
    except Exception as error:
        return str(error)


@app.orchestration_trigger(context_name="context")
def eternal(context: df.DurableOrchestrationContext):
    round_number = context.get_input()
    yield context.call_activity("say", round_number)
    context.set_custom_status({"round": round_number})
    if round_number < 5:
        context.continue_as_new(round_number + 1)
        return None
    return round_number


@app.orchestration_trigger(context_name="context")
def exhausted(context: df.DurableOrchestrationContext):
    retry = df.RetryOptions(first_retry_interval_in_milliseconds=100, max_number_of_attempts=3)
    try:
        yield context.call_activity_with_retry("fail", retry, "again")
    except Exception as error:
        return str(error)


@app.orchestration_trigger(context_name="context")
def unhandled(context: df.DurableOrchestrationContext):
    yield context.call_activity("fail", "unhandled")


@app.orchestration_trigger(context_name="context")
def event_payload(context: df.DurableOrchestrationContext):
    payload = yield context.wait_for_external_event("payload")
    return {"type": type(payload).__name__, "payload": payload}


@app.orchestration_trigger(context_name="context")
def two_waits(context: df.DurableOrchestrationContext):
    first = yield context.wait_for_external_event("go")
    second = yield context.wait_for_external_event("Go")
    return [first, second]


@app.orchestration_trigger(context_name="context")
def counts_events(context: df.DurableOrchestrationContext):
    seen = context.get_input()
    seen.append((yield context.wait_for_external_event("item")))
    if len(seen) < 3:
        context.continue_as_new(seen)
        return None
    return seen


@app.orchestration_trigger(context_name="context")
def fails_among_slow(context: df.DurableOrchestrationContext):
    try:
        yield context.task_all([context.call_activity("fail", "one"), context.call_activity("slow", 1.0)])
    except Exception:
        context.set_custom_status("caught")
        return (yield context.call_activity("say", "compensated"))


@app.orchestration_trigger(context_name="context")
def waits(context: df.DurableOrchestrationContext):
    yield context.create_timer(context.current_utc_datetime + timedelta(seconds=context.get_input()))
    return "waited"


@app.orchestration_trigger(context_name="context")
def slow_tree(context: df.DurableOrchestrationContext):
    children = [context.call_sub_orchestrator("slow_branch", number) for number in range(4)]
    return sum((yield context.task_all(children)))


@app.orchestration_trigger(context_name="context")
def slow_branch(context: df.DurableOrchestrationContext):
    total = 0
    for step in range(5):
        total += yield context.call_activity("slow_square", context.get_input() + step)
    return total


@app.orchestration_trigger(context_name="context")
def echo(context: df.DurableOrchestrationContext):
    return (yield context.call_activity("identity", context.get_input()))


@app.orchestration_trigger(context_name="context")
def starts_child_of_id(context: df.DurableOrchestrationContext):
    return (yield context.call_sub_orchestrator("wait_for_end", None, context.get_input()))


@app.orchestration_trigger(context_name="context")
def wait_for_end(context: df.DurableOrchestrationContext):
    yield context.wait_for_external_event("end")
    return "ended"


@app.orchestration_trigger(context_name="context")
def calls_the_unknown(context: df.DurableOrchestrationContext):
    yield context.call_activity("no_such_activity")


@app.orchestration_trigger(context_name="context")
def depends_on_chance(context: df.DurableOrchestrationContext):
    yield context.call_activity("say", str(uuid.uuid4()))


@app.orchestration_trigger(context_name="context")
def fails_until_repaired(context: df.DurableOrchestrationContext):
    return (yield context.call_activity("needs_repair", context.instance_id))


@app.orchestration_trigger(context_name="context")
def parent_until_repaired(context: df.DurableOrchestrationContext):
    return (yield context.call_sub_orchestrator("fails_until_repaired", None, f"{context.instance_id}-child"))


@app.orchestration_trigger(context_name="context")
def forgotten_timer(context: df.DurableOrchestrationContext):
    timer = context.create_timer(context.current_utc_datetime + timedelta(seconds=2))
    yield context.task_any([timer, context.call_activity("say", "quick")])
    context.set_custom_status("the code is done")
    return "done"


@app.activity_trigger(input_name="name")
def say(name) -> str:
    return f"Hello {name}!"


@app.activity_trigger(input_name="value")
def identity(value):
    return value


@app.activity_trigger(input_name="seconds")
def slow(seconds: float) -> str:
    time.sleep(seconds)
    return "slow"


@app.activity_trigger(input_name="number")
async def slow_square(number: int) -> int:
    await asyncio.sleep(0.15)
    return number * number


@app.activity_trigger(input_name="number")
async def square(number: int) -> int:
    return number * number


@app.activity_trigger(input_name="numbers")
def add(numbers: list) -> int:
    return sum(numbers)


@app.activity_trigger(input_name="job")
def job_state(job: dict) -> str:
    return "Completed" if job["check"] >= 3 else "Running"


_repaired: set[str] = set()


@app.route(route="repair/{id}", methods=["POST"])
def repair(req: func.HttpRequest) -> func.HttpResponse:
    _repaired.add(req.route_params["id"])
    return func.HttpResponse(status_code=204)


@app.activity_trigger(input_name="key")
def needs_repair(key: str) -> str:
    if key not in _repaired:
        raise ValueError("not repaired yet")
    return "repaired"


_failed_at: dict[str, float] = {}


@app.activity_trigger(input_name="key")
def fails_once(key: str) -> str:
    # A second delivery of the first attempt comes at once and fails like it.
    if time.monotonic() - _failed_at.setdefault(key, time.monotonic()) < 0.08:
        raise ValueError("the first attempt fails")
    return key[-1]


@app.activity_trigger(input_name="text")
def fail(text: str) -> str:
    raise ValueError(f"bad {text}")
