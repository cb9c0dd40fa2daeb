"""Which adapter is used, and when its library is loaded."""

import subprocess
import sys
from pathlib import Path

import pytest

from shared.telemetry.selecting import Adapter, select
from shared.telemetry.silent import Silent

ROOT = Path(__file__).parents[3]


def test_none_is_silent() -> None:
    assert isinstance(select(Adapter.NONE, "InstrumentationKey=not even looked at"), Silent)


@pytest.mark.parametrize("adapter", [Adapter.OPENCENSUS, Adapter.OPENTELEMETRY])
def test_an_adapter_without_a_connection_string_is_refused(adapter: Adapter) -> None:
    with pytest.raises(ValueError, match="APPLICATIONINSIGHTS_CONNECTION_STRING is not set"):
        select(adapter, None)


@pytest.mark.parametrize("adapter", [Adapter.OPENCENSUS, Adapter.OPENTELEMETRY])
def test_what_is_no_connection_string_is_refused_without_quoting_it(adapter: Adapter) -> None:
    with pytest.raises(ValueError, match=r"^APPLICATIONINSIGHTS_CONNECTION_STRING is not a connection string$"):
        select(adapter, "InstrumentationKey=hunter2")


def test_no_library_is_loaded_until_it_is_selected() -> None:
    program = "import sys, function_app; print([n for n in sys.modules if 'opencensus' in n or 'monitor.open' in n])"
    loaded = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert loaded.stdout.strip() == "[]"
