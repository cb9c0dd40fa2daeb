"""The checks of the real Python worker, done at start: one function that fails them fails the whole app."""

from __future__ import annotations

import inspect
import json
from collections.abc import Mapping
from typing import Any, get_args, get_origin

import azure.functions as func
from azure.functions import meta
from azure.functions.decorators.function_app import Function

from lab.devhost.errors import FunctionLoadError
from lab.devhost.functions import RETURN, Binding, IndexedFunction
from lab.devhost.generic_binding import GenericConverter

SUPPORTED_TRIGGERS = frozenset(
    {"httpTrigger", "queueTrigger", "timerTrigger", "activityTrigger", "orchestrationTrigger"}
)
_SUPPORTED_BINDINGS = SUPPORTED_TRIGGERS | {"durableClient", "http", "queue"}


def index_functions(functions: list[Function], directory: str) -> list[IndexedFunction]:
    """Validate every function; raises `FunctionLoadError` naming the first that the worker would refuse."""
    return [_index(function, directory) for function in functions]


def _index(function: Function, directory: str) -> IndexedFunction:
    name = str(function.get_function_name())
    call = function.get_user_function()
    bindings = _raw_bindings(function, name)
    trigger_type = str(function.get_trigger().type)  # type: ignore[union-attr]  # build() checked that there is one
    annotations = _annotations(call, name)
    parameters = inspect.signature(call).parameters
    bound = {raw["name"]: raw for raw in bindings if raw["name"] != RETURN}
    wants_context = _wants_context(name, parameters, bound, annotations)
    _check_names(name, set(parameters) - ({"context"} if wants_context else set()), set(bound))
    resolved = [_bind(name, raw, annotations.get(key)) for key, raw in bound.items()]
    trigger = next(item for item in resolved if item.kind == trigger_type)
    return IndexedFunction(
        name=name,
        call=call,
        is_async=inspect.iscoroutinefunction(call),
        trigger=trigger,
        inputs=(trigger, *(item for item in resolved if not item.is_output and item is not trigger)),
        outputs=tuple(item for item in resolved if item.is_output),
        returned=_return_binding(name, bindings, trigger, annotations.get("return")),
        wants_context=wants_context,
        directory=directory,
    )


def _raw_bindings(function: Function, name: str) -> list[dict[str, Any]]:
    bindings: list[dict[str, Any]] = [json.loads(raw) for raw in function.get_raw_bindings()]
    for raw in bindings:
        if raw["type"] == "entityTrigger":
            raise FunctionLoadError(name, "entity functions are not supported by the local host")
        if raw["type"] not in _SUPPORTED_BINDINGS:
            raise FunctionLoadError(name, f"the binding type {raw['type']!r} is not supported by the local host")
    return bindings


def _annotations(call: Any, name: str) -> dict[str, Any]:
    try:
        return inspect.get_annotations(call, eval_str=True)
    except (NameError, SyntaxError, TypeError) as error:
        raise FunctionLoadError(name, f"its annotations cannot be resolved: {error}") from error


def _wants_context(
    name: str, parameters: Mapping[str, Any], bound: Mapping[str, Any], annotations: Mapping[str, Any]
) -> bool:
    if "context" not in parameters or "context" in bound:
        return False
    wanted = annotations.get("context")
    if wanted is not None and not (isinstance(wanted, type) and issubclass(wanted, func.Context)):
        raise FunctionLoadError(name, f"the parameter 'context' must be azure.functions.Context, not {wanted!r}")
    return True


def _check_names(name: str, parameters: set[str], bound: set[str]) -> None:
    if unbound := sorted(parameters - bound):
        raise FunctionLoadError(name, f"these parameters have no binding of their name: {', '.join(unbound)}")
    if missing := sorted(bound - parameters):
        raise FunctionLoadError(name, f"these bindings have no parameter of their name: {', '.join(missing)}")


def _bind(name: str, raw: dict[str, Any], annotation: Any) -> Binding:
    key, kind, is_output = raw["name"], raw["type"], raw["direction"] == "OUT"
    plain, is_out = _plain_type(name, key, annotation)
    if annotation is not None and is_out != is_output:
        wrong = "an input but annotated as func.Out" if is_out else "an output but not annotated as func.Out[...]"
        raise FunctionLoadError(name, f"the binding {key!r} is {wrong}")
    converter = _converter(kind, plain)
    if plain is not None:
        check = converter.check_output_type_annotation if is_output else converter.check_input_type_annotation
        if not _accepts(check, plain):
            raise FunctionLoadError(name, f"the binding {key!r} ({kind}) does not accept the type {plain.__name__!r}")
    return Binding(key, kind, is_output, converter, raw, plain)


def _plain_type(name: str, key: str, annotation: Any) -> tuple[type | None, bool]:
    is_out = get_origin(annotation) is func.Out or annotation is func.Out
    if get_origin(annotation) is func.Out:
        (annotation,) = get_args(annotation)
        if get_origin(annotation) is list:
            # Lists of messages are the one generic that an output converter takes.
            return list, True
    if annotation is None or annotation is func.Out:
        return None, is_out
    if not isinstance(annotation, type) or get_origin(annotation) is not None:
        raise FunctionLoadError(name, f"the annotation of {key!r} must be a plain class, not {annotation!r}")
    return annotation, is_out


def _converter(kind: str, plain: type | None) -> Any:
    converter = _registered(kind)
    implicit = getattr(converter, "has_implicit_output", lambda: False)()
    return GenericConverter if plain in {str, bytes} and not implicit else converter


def _registered(kind: str) -> Any:
    return meta.get_binding_registry().get(kind)  # type: ignore[no-untyped-call]


def _accepts(check: Any, plain: type) -> bool:
    return plain is list or bool(check(plain))


def _return_binding(name: str, bindings: list[dict[str, Any]], trigger: Binding, annotation: Any) -> Binding | None:
    explicit = next((raw for raw in bindings if raw["name"] == RETURN), None)
    registered = _registered(trigger.kind)
    if explicit is None:
        implicit = getattr(registered, "has_implicit_output", lambda: False)()
        return Binding(RETURN, trigger.kind, True, registered, {}) if implicit else None
    if get_origin(annotation) is func.Out or annotation is func.Out:
        raise FunctionLoadError(name, "the return value must not be annotated as func.Out")
    if annotation is None or annotation is type(None):
        return Binding(RETURN, explicit["type"], True, _registered(explicit["type"]), explicit)
    plain, _ = _plain_type(name, "return", annotation)
    converter = _converter(explicit["type"], plain)
    if plain is not None and not _accepts(converter.check_output_type_annotation, plain):
        raise FunctionLoadError(
            name, f"the return type {plain.__name__!r} does not suit the binding {explicit['type']}"
        )
    return Binding(RETURN, explicit["type"], True, converter, explicit, plain)
