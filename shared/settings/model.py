"""Every setting of the function app, with its default and what it is for (DESIGN §5)."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, DirectoryPath, Field, SecretStr, ValidationError, field_validator
from pydantic.config import JsonDict


class SettingsError(ValueError):
    """The environment holds values that make no sense.

    ``wrong`` says by name of the setting what was expected. No value is in it or in the message: it may be a secret.
    """

    def __init__(self, wrong: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{name}: {expected}" for name, expected in wrong.items()))
        self.wrong = dict(wrong)


_APP = Path(__file__).resolve().parents[2]
"""The folder of function_app.py: the checkout, or what was deployed of it."""

LIVE: JsonDict = {"live": True}
"""Mark of a field whose change takes effect while the app runs; others are read when it starts."""

_HERE_ONLY: JsonDict = {"here_only": True}
"""Mark of a field that the environment alone gives: the platform needs it, or it leads to the other sources."""


class Settings(BaseModel):
    """Read by ``load``. Fields carry the name of their environment variable as alias."""

    model_config = ConfigDict(
        frozen=True, populate_by_name=True, extra="ignore", hide_input_in_errors=True, allow_inf_nan=False
    )

    storage: SecretStr | None = Field(
        None,
        alias="AzureWebJobsStorage",
        description="Connection string of the storage account; identity when unset",
        json_schema_extra=_HERE_ONLY,
    )
    raw_storage: SecretStr | None = Field(
        None, alias="PORTAGE_STORAGE", description="Connection string of another storage account for raw data and rows"
    )
    app_configuration: str | None = Field(
        None,
        alias="PORTAGE_APP_CONFIG_ENDPOINT",
        description="App Configuration that settings and feature flags come from: https://….azconfig.io",
        json_schema_extra=_HERE_ONLY,
    )
    key_vault: str | None = Field(
        None,
        alias="PORTAGE_KEY_VAULT_URL",
        description="Key Vault that secrets come from: https://….vault.azure.net",
        json_schema_extra=_HERE_ONLY,
    )
    disabled: str | None = Field(
        None,
        alias="PORTAGE_DISABLED_PLANS",
        description="Plans of which no run may be started, comma-separated",
        json_schema_extra=LIVE,
    )
    webhook_urls: SecretStr | None = Field(
        None,
        alias="PORTAGE_BITRIX24_WEBHOOK_URLS",
        description="Webhooks of the portal, comma-separated; of an application …/rest/?auth={access token}",
        json_schema_extra=LIVE,
    )
    media_hosts: str | None = Field(
        None,
        alias="PORTAGE_MEDIA_HOSTS",
        description="Hosts that files may come from besides the portal's, comma-separated; .example.com: all below it",
        json_schema_extra=LIVE,
    )
    gateway_url: SecretStr | None = Field(
        None,
        alias="PORTAGE_GATEWAY_URL",
        description="The import gateway: …/webhook/{user}/{code}",
        json_schema_extra=LIVE,
    )
    plan_tables: DirectoryPath | None = Field(
        None,
        alias="PORTAGE_PLAN_TABLES",
        description="Folder with custom_fields.toml or codes.toml of this portal, instead of the plan's own; a "
        "relative path begins where function_app.py lies",
        json_schema_extra=LIVE,
    )
    source_rate: float = Field(
        2.0,
        alias="PORTAGE_SOURCE_RATE",
        ge=0,
        description="Requests per second the portal allows; 0 = no limit",
        json_schema_extra=LIVE,
    )
    source_burst: int = Field(
        40,
        alias="PORTAGE_SOURCE_BURST",
        ge=1,
        description="Requests at once: 80 % of the portal's threshold",
        json_schema_extra=LIVE,
    )
    insights: SecretStr | None = Field(
        None,
        alias="APPLICATIONINSIGHTS_CONNECTION_STRING",
        description="Connection string of Application Insights, which telemetry goes to",
        json_schema_extra=_HERE_ONLY,
    )
    telemetry: Literal["opencensus", "opentelemetry", "none"] | None = Field(
        None,
        alias="PORTAGE_TELEMETRY",
        description="What delivers telemetry: `opencensus`, `opentelemetry` or `none`; "
        "unset: `opencensus` with a connection string, `none` without",
    )
    telemetry_share: float = Field(
        1.0,
        alias="PORTAGE_TELEMETRY_SHARE",
        ge=0,
        le=1,
        description="Share of successful calls and steps that is delivered; failures always are",
    )
    telemetry_seconds: float = Field(
        15.0, alias="PORTAGE_TELEMETRY_SECONDS", gt=0, description="How often telemetry is delivered"
    )
    show_personal_data: bool = Field(
        default=False,
        alias="PORTAGE_SHOW_PERSONAL_DATA",
        description="Whether explain shows texts, names and addresses as they are; else they are masked",
        json_schema_extra=LIVE,
    )
    halt_after_seconds: float = Field(
        900.0, alias="PORTAGE_HALT_AFTER_SECONDS", gt=0, description="How long an outage lasts before the run halts"
    )
    requeue_after_seconds: float = Field(
        1800.0, alias="PORTAGE_REQUEUE_AFTER_SECONDS", gt=0, description="When a wake-up counts as lost"
    )
    history_days: int = Field(
        30, alias="PORTAGE_HISTORY_DAYS", ge=1, le=3650, description="How long the history of orchestrations is kept"
    )

    @field_validator("plan_tables", mode="before")
    @classmethod
    def _in_the_app(cls, value: object) -> object:
        """On Azure the working directory is the platform's affair; the archive is unpacked around this module."""
        return _APP / value.strip() if isinstance(value, str) else value

    @field_validator("gateway_url", "webhook_urls")
    @classmethod
    def _web_addresses(cls, value: SecretStr | None) -> SecretStr | None:
        addresses = value.get_secret_value().split(",") if value else []
        for address in filter(None, map(str.strip, addresses)):
            if not _is_web_address(address):
                raise ValueError("expected http(s)://…")
        return value

    @field_validator("app_configuration", "key_vault")
    @classmethod
    def _service(cls, value: str | None) -> str | None:
        if value is not None and not _is_web_address(value.strip()):
            raise ValueError("expected https://…")
        return value and value.strip()

    @property
    def disabled_plans(self) -> frozenset[str]:
        """The plans of ``disabled`` one by one."""
        return frozenset(name.strip() for name in (self.disabled or "").split(",") if name.strip())

    @property
    def webhooks(self) -> tuple[str, ...]:
        """The webhook URLs one by one. Secrets."""
        text = self.webhook_urls.get_secret_value() if self.webhook_urls else ""
        return tuple(address.strip() for address in text.split(",") if address.strip())

    @property
    def file_hosts(self) -> tuple[str, ...]:
        """The hosts of ``media_hosts`` one by one."""
        return tuple(host.strip() for host in (self.media_hosts or "").split(",") if host.strip())

    @property
    def gateway(self) -> str | None:
        """The gateway URL. A secret."""
        return self.gateway_url.get_secret_value().strip() if self.gateway_url else None

    @property
    def storage_connection(self) -> str | None:
        """Connection string of the app's account; None means identity. A secret."""
        return self.storage.get_secret_value() if self.storage else None

    @property
    def insights_connection(self) -> str | None:
        """Connection string of Application Insights. A secret."""
        return self.insights.get_secret_value() if self.insights else None

    @property
    def raw_connection(self) -> str | None:
        """Connection string of the account for blobs, when it is another one. A secret."""
        return self.raw_storage.get_secret_value() if self.raw_storage else None


def load(environment: Mapping[str, str] | None = None) -> Settings:
    """Read the settings of one place; an empty value counts as unset. Raises SettingsError."""
    env = os.environ if environment is None else environment
    try:
        return Settings.model_validate({name: env[name] for name in ALIASES if env.get(name, "").strip()})
    except ValidationError as error:
        found = error.errors(include_input=False, include_url=False, include_context=False)
        raise SettingsError({str(one["loc"][0]): one["msg"].removeprefix("Value error, ") for one in found}) from None


def _is_web_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # its message would quote the address
        return False


def _aliases(*, here_only: bool | None = None, secret: bool | None = None) -> frozenset[str]:
    return frozenset(
        str(field.alias)
        for field in Settings.model_fields.values()
        if here_only in (None, field.json_schema_extra == _HERE_ONLY)
        and secret in (None, field.annotation == SecretStr | None)
    )


ALIASES = _aliases()
"""Every setting by its name in the environment."""

ELSEWHERE = _aliases(here_only=False)
"""Settings that App Configuration may give."""

SECRETS = _aliases(here_only=False, secret=True)
"""Settings that Key Vault may give."""


def secret_name(alias: str) -> str:
    """What a setting is called in Key Vault: ``PORTAGE_GATEWAY_URL`` → ``portage-gateway-url``."""
    return alias.lower().replace("_", "-")
