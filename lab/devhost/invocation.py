"""Call one function as the worker does: typed data in, typed data out, sync functions in threads."""

from __future__ import annotations

import asyncio
import logging
import os
import threading
import traceback
import uuid
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Any

import azure.functions as func
from azure.functions import meta

from lab.devhost.functions import IndexedFunction

log = logging.getLogger(__name__)

_NOT_THE_APP = (str(Path(__file__).parent), str(Path(asyncio.__file__).parents[1]))


class InvocationError(Exception):
    """A function raised. Its text is the worker's `Type: message`; `stack` is the traceback of the function."""

    def __init__(self, error: BaseException) -> None:
        super().__init__(f"{type(error).__name__}: {error}")
        self.message = str(error)
        self.stack = "".join(traceback.format_exception(type(error), error, _app_frames(error.__traceback__)))

    def log(self, function: str) -> None:
        """Write the failure of `function` with the function's own traceback to the host's log."""
        log.error("function %s failed: %s\n%s", function, self, self.stack)


@dataclass(frozen=True, slots=True)
class Result:
    """What a call produced: the encoded return value and the encoded outputs by binding name."""

    returned: meta.Datum | None
    outputs: dict[str, meta.Datum] = field(default_factory=dict)


def _app_frames(frames: TracebackType | None) -> TracebackType | None:
    """The traceback from the app's own code on: how the host called it says nothing."""
    while frames is not None and frames.tb_next is not None and not _is_app(frames):
        frames = frames.tb_next
    return frames


def _is_app(frame: TracebackType) -> bool:
    return not frame.tb_frame.f_code.co_filename.startswith(_NOT_THE_APP)


class InvocationContext(func.Context):
    """What a parameter named `context` receives."""

    def __init__(self, function: IndexedFunction) -> None:
        self._function = function
        self._invocation_id = str(uuid.uuid4())
        self._local = threading.local()

    @property
    def invocation_id(self) -> str:
        """A fresh GUID per call."""
        return self._invocation_id

    @property
    def function_name(self) -> str:
        """The function's own name."""
        return self._function.name

    @property
    def function_directory(self) -> str:
        """The app folder."""
        return self._function.directory

    @property
    def thread_local_storage(self) -> Any:
        """Storage that user threads may set `invocation_id` on."""
        return self._local

    @property
    def trace_context(self) -> Any:
        """Not provided by the local host."""
        return None

    @property
    def retry_context(self) -> Any:
        """Not provided by the local host: retry policies are not executed."""
        return None


class _Out(func.Out[Any]):
    def __init__(self) -> None:
        self._value: Any = None

    def set(self, val: Any) -> None:
        self._value = val

    def get(self) -> Any:
        return self._value


class Invoker:
    """Runs functions. `timeout` is `functionTimeout`; `None` means unbounded."""

    def __init__(self, timeout: timedelta | None) -> None:
        self._timeout = timeout.total_seconds() if timeout else None
        configured = os.environ.get("PYTHON_THREADPOOL_THREAD_COUNT")
        threads = int(configured) if configured else min(32, (os.cpu_count() or 1) + 4)
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="function")

    def close(self) -> None:
        """Stop taking work. Calls that run in threads cannot be interrupted and are left behind."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def invoke(
        self,
        function: IndexedFunction,
        inputs: Mapping[str, meta.Datum],
        metadata: Mapping[str, meta.Datum] | None = None,
    ) -> Result:
        """Decode `inputs` (by parameter name), call, encode. Raises `InvocationError` for whatever the call raised."""
        try:
            arguments = {
                item.name: item.converter.decode(inputs[item.name], trigger_metadata=metadata)
                for item in function.inputs
            }
            if function.wants_context:
                arguments["context"] = InvocationContext(function)
            outs = {item.name: _Out() for item in function.outputs}
            returned = await asyncio.wait_for(self._call(function, {**arguments, **outs}), self._timeout)
            return _encode(function, returned, outs)
        except asyncio.CancelledError:
            raise
        except TimeoutError as error:
            raise InvocationError(error) from error
        except Exception as error:
            raise InvocationError(error) from error

    async def _call(self, function: IndexedFunction, arguments: dict[str, Any]) -> Any:
        if function.is_async:
            return await function.call(**arguments)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, lambda: function.call(**arguments))


def _encode(function: IndexedFunction, returned: Any, outs: dict[str, _Out]) -> Result:
    outputs = {}
    for item in function.outputs:
        value = outs[item.name].get()
        if value is not None:
            outputs[item.name] = item.converter.encode(value, expected_type=item.python_type)
    if function.returned is None:
        if returned is not None:
            raise RuntimeError(f"function {function.name} without a $return binding returned a value")
        return Result(None, outputs)
    implicit = not function.returned.properties
    if returned is None and not implicit:
        return Result(None, outputs)
    return Result(function.returned.converter.encode(returned, expected_type=function.returned.python_type), outputs)
