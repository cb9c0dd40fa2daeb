"""Import `function_app.py` unmodified and find its one app object."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
import traceback
from pathlib import Path
from types import ModuleType

from azure.functions import FunctionRegister
from azure.functions.decorators.function_app import Function

from lab.devhost.errors import StartError

_MODULE = "function_app"


def load_functions(app_dir: Path) -> list[Function]:
    """Import the app in `app_dir` and return its functions.

    The folder becomes the working directory and the head of `sys.path` first: the durable SDK reads `host.json` from
    the working directory at import. `get_functions()` works once per app object, so this works once per process.
    Raises `StartError` when the import fails, or when there is not exactly one app object at module level.
    """
    os.chdir(app_dir)
    if str(app_dir) not in sys.path[:1]:
        sys.path.insert(0, str(app_dir))
    app = _only_app(_import_app(app_dir))
    try:
        functions: list[Function] = app.get_functions()
    except ValueError as error:
        raise StartError(f"the app cannot be indexed: {error}") from error
    if not functions:
        raise StartError("the app registers no function")
    return functions


def _import_app(app_dir: Path) -> ModuleType:
    path = app_dir / f"{_MODULE}.py"
    if not path.exists():
        raise StartError(f"{path.name} is missing in {app_dir}")
    loaded = sys.modules.get(_MODULE)
    if loaded is not None and Path(str(loaded.__file__)).resolve() == path.resolve():
        raise StartError(f"{path} is already loaded: an app can be indexed once per process")
    sys.modules.pop(_MODULE, None)
    try:
        return importlib.import_module(_MODULE)
    except Exception as error:
        raise StartError(f"{path.name} cannot be imported:\n{traceback.format_exc()}") from error


def _only_app(module: ModuleType) -> FunctionRegister:
    found = {name: value for name, value in vars(module).items() if isinstance(value, FunctionRegister)}
    if len(found) != 1:
        names = ", ".join(found) or "none"
        raise StartError(f"{_MODULE}.py must hold exactly one function-app object at module level; found: {names}")
    return next(iter(found.values()))
