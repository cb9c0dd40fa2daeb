"""The checks of the real Python worker, done at start: one function that fails them fails the whole app."""

from __future__ import annotations

import inspect
import json
import types
from collections.abc import Mapping
from typing import Any, Union, get_args, get_origin, get_type_hints

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
        returned=_return_binding(name, bindings, trigger, annotations),
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
        return get_type_hints(call)
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
    is_out = annotation is func.Out or get_origin(annotation) is func.Out
    if annotation is not None and is_out != is_output:
        wrong = "an input but annotated as func.Out" if is_out else "an output but not annotated as func.Out[...]"
        raise FunctionLoadError(name, f"the binding {key!r} is {wrong}")
    if is_out:
        annotation = _argument_of_out(name, key, annotation)
    converter = _converter(kind, annotation)
    if annotation is not None:
        _check_class(name, key, annotation)
        check = converter.check_output_type_annotation if is_output else converter.check_input_type_annotation
        if not _accepts(check, annotation):
            raise FunctionLoadError(name, f"the binding {key!r} ({kind}) does not accept the type {annotation!r}")
    return Binding(key, kind, is_output, converter, raw, annotation)


def _argument_of_out(name: str, key: str, annotation: Any) -> Any:
    arguments = get_args(annotation)
    if len(arguments) != 1:
        raise FunctionLoadError(name, f"the annotation of {key!r} must name one type, as in func.Out[str]")
    return arguments[0]


def _check_class(name: str, key: str, annotation: Any) -> None:
    # The worker knows the generics of `typing` (List[str]) but neither list[str] nor Optional nor unions.
    is_typing_generic = get_origin(annotation) not in {None, Union} and not isinstance(
        annotation, types.GenericAlias | types.UnionType
    )
    if not isinstance(annotation, type) and not is_typing_generic:
        raise FunctionLoadError(name, f"the annotation of {key!r} must be a plain class, not {annotation!r}")


def _converter(kind: str, annotation: Any) -> Any:
    converter = _registered(kind)
    return GenericConverter if annotation in (str, bytes) and not _has_implicit_output(converter) else converter


def _registered(kind: str) -> Any:
    return meta.get_binding_registry().get(kind)  # type: ignore[no-untyped-call]


def _has_implicit_output(converter: Any) -> bool:
    return bool(getattr(converter, "has_implicit_output", lambda: False)())


def _accepts(check: Any, annotation: Any) -> bool:
    try:
        return bool(check(annotation))
    except TypeError:
        return False  # the converter compares classes, and this is none


def _return_binding(
    name: str, bindings: list[dict[str, Any]], trigger: Binding, annotations: Mapping[str, Any]
) -> Binding | None:
    explicit = next((raw for raw in bindings if raw["name"] == RETURN), None)
    if explicit is None:
        registered = _registered(trigger.kind)
        return Binding(RETURN, trigger.kind, True, registered, {}) if _has_implicit_output(registered) else None
    kind, converter, annotation = explicit["type"], _registered(explicit["type"]), annotations.get("return")
    if annotation is not None:
        if not isinstance(annotation, type):
            raise FunctionLoadError(name, f"the return annotation must be a plain class, not {annotation!r}")
        if not _accepts(converter.check_output_type_annotation, annotation):
            raise FunctionLoadError(name, f"the return type {annotation.__name__!r} does not suit the binding {kind!r}")
    return Binding(RETURN, kind, True, converter, explicit, annotation)
