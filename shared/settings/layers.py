"""Settings of several places laid over each other: the environment over App Configuration over Key Vault."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import SecretStr

from shared.settings.model import ALIASES, Settings, SettingsError, load

ENVIRONMENT = "environment"
APP_CONFIGURATION = "app configuration"
KEY_VAULT = "key vault"
DEFAULT = "default"

STORAGE_CONNECTIONS = ("AzureWebJobsStorage", "PORTAGE_STORAGE")
"""Names of connections, which may be identities: then ``{name}__accountName`` and the like stand for them."""

Rows = list[dict[str, str | None]]
"""``{"name", "value", "source"}`` of every setting; secrets are masked."""


@dataclass(frozen=True, slots=True)
class Value:
    """One setting as text, and where it is from."""

    text: str = field(repr=False)
    source: str


Layer = Mapping[str, Value]
"""What one place gives, by name of the setting."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The settings at one moment. ``rows`` are what the doctor shows, ``switched_off`` the plans by feature flag."""

    settings: Settings
    rows: Rows
    switched_off: frozenset[str] = frozenset()

    @property
    def disabled_plans(self) -> frozenset[str]:
        """Plans of which no run may be started: a setting and a feature flag both suffice."""
        return self.settings.disabled_plans | self.switched_off


def of_environment(environment: Mapping[str, str]) -> Layer:
    """The uppermost layer; an empty value counts as unset."""
    return {name: Value(text, ENVIRONMENT) for name, text in environment.items() if text.strip()}


def combined(layers: Sequence[Layer], switched_off: frozenset[str] = frozenset()) -> Snapshot:
    """The first of ``layers`` that has a setting gives it. Raises SettingsError."""
    values: dict[str, Value] = {}
    for layer in reversed(layers):
        values.update(layer)
    settings = load({name: value.text for name, value in values.items()})
    return Snapshot(settings, _rows(settings, values), switched_off)


def describe_wrong(error: SettingsError, environment: Mapping[str, str]) -> Rows:
    """All settings of the environment, for the doctor, when ``error`` is what kept them from being used."""
    layer = of_environment(environment)
    usable = {name: value for name, value in layer.items() if name not in error.wrong}
    rows = combined([usable]).rows
    return [
        {**row, "value": "not usable (hidden)", "source": layer[name].source}
        if (name := str(row["name"])) in error.wrong and name in layer
        else row
        for row in rows
    ]


def _rows(settings: Settings, values: Mapping[str, Value]) -> Rows:
    rows: Rows = []
    for name, described in Settings.model_fields.items():
        value, alias = getattr(settings, name), str(described.alias)
        shown = "set (hidden)" if isinstance(value, SecretStr) else None if value is None else str(value)
        source = values[alias].source if name in settings.model_fields_set else DEFAULT
        rows.append({"name": alias, "value": shown, "source": source})
        rows += _identity_rows(alias, values)
    return rows


def _identity_rows(connection: str, values: Mapping[str, Value]) -> Rows:
    """The settings that make ``connection`` an identity's; none of them is a secret."""
    if connection not in STORAGE_CONNECTIONS:
        return []
    names = sorted(name for name in values.keys() - ALIASES if name.startswith(f"{connection}__"))
    return [{"name": name, "value": values[name].text, "source": values[name].source} for name in names]
