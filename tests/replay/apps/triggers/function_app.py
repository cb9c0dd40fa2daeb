"""Triggers and bindings without orchestrations."""

import asyncio
import json
import os
import threading
import time

import azure.functions as func

app = func.FunctionApp(http_auth_level=func.AuthLevel.FUNCTION)


def _json(value: object, status_code: int = 200) -> func.HttpResponse:
    return func.HttpResponse(json.dumps(value), status_code=status_code, mimetype="application/json")


@app.route(route="items/{id:int}/{part?}", methods=["GET", "POST"])
def item(req: func.HttpRequest) -> func.HttpResponse:
    return _json(
        {
            "method": req.method,
            "route": dict(req.route_params),
            "query": dict(req.params),
            "header": req.headers.get("x-test"),
            "body": req.get_body().decode(),
        },
        status_code=201,
    )


@app.route(route="items/special", auth_level=func.AuthLevel.ANONYMOUS)
async def special(req: func.HttpRequest) -> str:
    return "special"


@app.route(route="files/{*path}", auth_level=func.AuthLevel.ANONYMOUS)
def files(req: func.HttpRequest) -> func.HttpResponse:
    return _json(req.route_params["path"])


@app.route(auth_level=func.AuthLevel.ANONYMOUS)
def fails(req: func.HttpRequest) -> func.HttpResponse:
    raise ValueError("a secret detail")


@app.route(auth_level=func.AuthLevel.ANONYMOUS)
def where(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    return _json(
        {
            "thread": threading.current_thread() is not threading.main_thread(),
            "function": context.function_name,
            "greeting": os.environ["GREETING"],
            "folder": os.path.basename(os.getcwd()),
        }
    )


@app.route(auth_level=func.AuthLevel.ANONYMOUS)
async def loop_thread(req: func.HttpRequest) -> func.HttpResponse:
    return _json(threading.current_thread() is threading.main_thread())


@app.route(auth_level=func.AuthLevel.ANONYMOUS)
async def slow(req: func.HttpRequest) -> func.HttpResponse:
    await asyncio.sleep(float(req.params["seconds"]))
    return _json("done")


@app.route(auth_level=func.AuthLevel.ANONYMOUS)
def cookies(req: func.HttpRequest) -> func.HttpResponse:
    response = func.HttpResponse(status_code=302, headers={"Location": "/elsewhere"})
    response.headers.add("Set-Cookie", "a=1; Path=/")
    response.headers.add("Set-Cookie", "b=2; HttpOnly")
    return response


@app.route(auth_level=func.AuthLevel.ANONYMOUS)
def switched_off(req: func.HttpRequest) -> func.HttpResponse:
    return _json("never")


@app.route(route="send", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
@app.queue_output(arg_name="out", queue_name="%OUTGOING_QUEUE%", connection="AzureWebJobsStorage")
def send(req: func.HttpRequest, out: func.Out[str]) -> func.HttpResponse:
    out.set(req.get_body().decode())
    return _json("sent")


@app.queue_trigger(arg_name="msg", queue_name="%INCOMING_QUEUE%", connection="AzureWebJobsStorage")
@app.queue_output(arg_name="out", queue_name="%OUTGOING_QUEUE%", connection="AzureWebJobsStorage")
def forward(msg: func.QueueMessage, out: func.Out[str]) -> None:
    text = msg.get_body().decode()
    if text == "bad":
        raise ValueError("a bad message")
    if text.startswith("sleep "):
        time.sleep(float(text.removeprefix("sleep ")))
    if text.startswith("first ") and msg.dequeue_count == 1:
        time.sleep(float(text.removeprefix("first ")))
    out.set(json.dumps({"text": text, "attempt": msg.dequeue_count, "id": bool(msg.id and msg.pop_receipt)}))


@app.timer_trigger(schedule="0 0 0 1 1 *", arg_name="timer", run_on_startup=True)
@app.queue_output(arg_name="out", queue_name="%TIMER_QUEUE%", connection="AzureWebJobsStorage")
def yearly(timer: func.TimerRequest, out: func.Out[str]) -> None:
    out.set(json.dumps({"past_due": timer.past_due}))


@app.timer_trigger(schedule="%TICK_SCHEDULE%", arg_name="timer")
@app.queue_output(arg_name="out", queue_name="%TICK_QUEUE%", connection="AzureWebJobsStorage")
async def tick(timer: func.TimerRequest, out: func.Out[str]) -> None:
    out.set(str(os.getpid()))
