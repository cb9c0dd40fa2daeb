"""Every setting of the function app, with its default and what it is for (DESIGN §5)."""

import os
from collections.abc import Mapping
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, DirectoryPath, Field, SecretStr, ValidationError, field_validator


class SettingsError(ValueError):
    """The environment holds values that make no sense.

    ``wrong`` says by name of the setting what was expected. No value is in it or in the message: it may be a secret.
    """

    def __init__(self, wrong: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{name}: {expected}" for name, expected in wrong.items()))
        self.wrong = dict(wrong)


class Settings(BaseModel):
    """Read by ``load``. Fields carry the name of their environment variable as alias."""

    model_config = ConfigDict(
        frozen=True, populate_by_name=True, extra="ignore", hide_input_in_errors=True, allow_inf_nan=False
    )

    storage: SecretStr | None = Field(
        None, alias="AzureWebJobsStorage", description="Connection string of the storage account; identity when unset"
    )
    raw_storage: SecretStr | None = Field(
        None, alias="PORTAGE_STORAGE", description="Another storage account for raw data and rows"
    )
    webhook_urls: SecretStr | None = Field(
        None, alias="PORTAGE_BITRIX24_WEBHOOK_URLS", description="Incoming webhooks of the portal, comma-separated"
    )
    media_hosts: str | None = Field(
        None,
        alias="PORTAGE_MEDIA_HOSTS",
        description="Hosts that files may come from besides the portal's, comma-separated; .example.com: all below it",
    )
    gateway_url: SecretStr | None = Field(
        None, alias="PORTAGE_GATEWAY_URL", description="The import gateway: …/webhook/{user}/{code}"
    )
    plan_tables: DirectoryPath | None = Field(
        None,
        alias="PORTAGE_PLAN_TABLES",
        description="Folder with custom_fields.toml or codes.toml of this portal, instead of the plan's own",
    )
    source_rate: float = Field(
        2.0, alias="PORTAGE_SOURCE_RATE", ge=0, description="Requests per second the portal allows; 0 = no limit"
    )
    source_burst: int = Field(
        40, alias="PORTAGE_SOURCE_BURST", ge=1, description="Requests at once: 80 % of the portal's threshold"
    )
    halt_after_seconds: float = Field(
        900.0, alias="PORTAGE_HALT_AFTER_SECONDS", gt=0, description="How long an outage lasts before the run halts"
    )
    requeue_after_seconds: float = Field(
        1800.0, alias="PORTAGE_REQUEUE_AFTER_SECONDS", gt=0, description="When a wake-up counts as lost"
    )

    @field_validator("gateway_url", "webhook_urls")
    @classmethod
    def _web_addresses(cls, value: SecretStr | None) -> SecretStr | None:
        addresses = value.get_secret_value().split(",") if value else []
        for address in filter(None, map(str.strip, addresses)):
            if not _is_web_address(address):
                raise ValueError("expected http(s)://…")
        return value

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
    def raw_connection(self) -> str | None:
        """Connection string of the account for blobs, when it is another one. A secret."""
        return self.raw_storage.get_secret_value() if self.raw_storage else None


def load(environment: Mapping[str, str] | None = None) -> Settings:
    """Read the settings; an empty value counts as unset. Raises SettingsError."""
    env = os.environ if environment is None else environment
    aliases = {field.alias for field in Settings.model_fields.values() if field.alias}
    try:
        return Settings.model_validate({name: env[name] for name in aliases if env.get(name, "").strip()})
    except ValidationError as error:
        found = error.errors(include_input=False, include_url=False, include_context=False)
        raise SettingsError({str(one["loc"][0]): one["msg"].removeprefix("Value error, ") for one in found}) from None


Rows = list[dict[str, str | None]]
"""``{"name", "value", "source"}`` of every setting; secrets are masked."""


def describe(settings: Settings) -> Rows:
    """All settings, for ``portage doctor``."""
    rows: Rows = []
    for name, field in Settings.model_fields.items():
        value = getattr(settings, name)
        given = name in settings.model_fields_set
        shown = "set (hidden)" if isinstance(value, SecretStr) else None if value is None else str(value)
        rows.append({"name": field.alias, "value": shown, "source": "environment" if given else "default"})
    return rows


def describe_wrong(error: SettingsError, environment: Mapping[str, str] | None = None) -> Rows:
    """All settings, for ``portage doctor``, when ``error`` is what ``load`` said of them."""
    env = os.environ if environment is None else environment
    rows = describe(load({name: value for name, value in env.items() if name not in error.wrong}))
    unusable = {"value": "not usable (hidden)", "source": "environment"}
    return [{**row, **unusable} if row["name"] in error.wrong else row for row in rows]


def _is_web_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # its message would quote the address
        return False
