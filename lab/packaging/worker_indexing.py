"""Indexes an unpacked archive with Microsoft's own worker library, which checks names, parameters and bindings.

Runs by itself, as ``python worker_indexing.py ARCHIVE``, where ``azure-functions-runtime`` and what the app requires
are installed. Prints a list of the functions' names. Raises what the worker would refuse the app with.
"""

import json
import os
import sys
from importlib import import_module
from types import SimpleNamespace

_WIRE = SimpleNamespace(BindingInfo=SimpleNamespace(undefined=0, out=1, inout=2))
"""The numbers that the host's protocol has for these; the library is told them by its process."""


def main(archive: str) -> None:
    """See the module."""
    os.chdir(archive)
    sys.path.insert(0, archive)
    import_module("azure_functions_runtime.bindings.meta").load_binding_registry()
    registry = import_module("azure_functions_runtime.functions").Registry()
    functions = import_module("azure_functions_runtime.loader").index_function_app("function_app.py")
    print(json.dumps([registry.add_indexed_function(function=one, protos=_WIRE).name for one in functions]))


if __name__ == "__main__":
    main(sys.argv[1])
