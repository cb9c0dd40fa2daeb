"""The reference page of all settings: those of the model, and those that others read."""

from collections.abc import Iterator, Mapping, Sequence

from shared.settings.configuration import INTERVAL
from shared.settings.model import ELSEWHERE, LIVE, SECRETS, Settings, secret_name

OTHERS: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "Identities": {
        "AZURE_CLIENT_ID": ("Client id of the user-assigned identity", "the app's own identity"),
        "AzureWebJobsStorage__accountName": ("Storage account, opened by the identity", "–"),
        "AzureWebJobsStorage__blobServiceUri": ("Where blobs answer, if not at the account's usual address", "–"),
        "AzureWebJobsStorage__queueServiceUri": ("Where queues answer", "–"),
        "AzureWebJobsStorage__tableServiceUri": ("Where tables answer", "–"),
        "AzureWebJobsStorage__credential": ("`managedidentity`: no other kind of sign-in is tried", "–"),
        "AzureWebJobsStorage__clientId": ("Identity for this account alone", "`AZURE_CLIENT_ID`"),
        "PORTAGE_STORAGE__accountName": ("Another account for raw data and rows, opened by the identity", "–"),
        "PORTAGE_STORAGE__blobServiceUri": ("Where its blobs answer", "–"),
        "PORTAGE_STORAGE__credential": ("As above", "–"),
        "PORTAGE_STORAGE__clientId": ("As above", "`AZURE_CLIENT_ID`"),
    },
    "On one's own machine": {
        "PORTAGE_PORT": ("Port of the function app", "7071"),
        "PORTAGE_DATA_DIR": ("Folder of local state", "`.local/`"),
        "PORTAGE_AZURITE_PORT": ("First of the emulator's three ports", "10000"),
        "PORTAGE_FUNCTION_KEY": ("Key that callers send as `x-functions-key`", "made up, in the data folder"),
        "PORTAGE_CHROMIUM": ("Browser for the tests of the dashboard", "`chromium` or `google-chrome` on the path"),
        "PORTAGE_QUEUE_LEASE_SECONDS": ("How long a message belongs to who took it; more of it: `lab/devhost`", "30"),
    },
    "Command line": {
        "PORTAGE_URL": ("Address of the function app", "that of this machine"),
        "PORTAGE_FUNCTION_KEY": ("Its function key", "that of the data folder"),
        "PORTAGE_ACCESS_TOKEN": ("Secret. Token of a person who signed in", "–"),
    },
    "Import gateway": {
        "GATEWAY_HOST": ("Address to listen at", "127.0.0.1"),
        "GATEWAY_PORT": ("Port to listen at", "8090"),
        "GATEWAY_CODES": ("Secret. `user:code[:Unix seconds of its expiry]`, comma-separated", "required"),
        "GATEWAY_STORE": ("`sqlite:///path` or `postgresql://user:password@host/database`", "in the data folder"),
        "GATEWAY_MEDIA_DIR": ("Folder of files", "in the data folder"),
        "GATEWAY_TLS_CERT": ("Certificate, if no proxy before it does TLS", "–"),
        "GATEWAY_TLS_KEY": ("Its key", "–"),
        "GATEWAY_TRUSTED_PROXIES": ("Networks of proxies whose word on the caller's address counts", "–"),
        "GATEWAY_IP_ALLOW": ("Networks that may call", "all"),
        "GATEWAY_METHODS": ("Methods that are enabled, comma-separated", "all"),
        "GATEWAY_LIMITS": ("JSON: method → `max_items`, `per_minute`", "those of the contract"),
        "GATEWAY_RATE_FACTOR": ("What all rates are multiplied with", "1"),
        "GATEWAY_STRICT": ("Whether unknown fields are refused", "true"),
        "GATEWAY_MAX_BYTES": ("Of one call", "5242880"),
        "GATEWAY_MAX_MEDIA_BYTES": ("Of one file", "104857600"),
        "GATEWAY_MAX_TEXT": ("Characters of one text", "1000000"),
    },
}
"""Title → setting → (meaning, default): what the platform, the lab, the command line and the gateway read."""

_HEAD = f"""# Settings

Made by `python -m shared.settings`; do not edit.

A setting of the function app comes from the first of these places that has it:

1. **environment**: the app settings of the function app, or `local.settings.json`;
2. **App Configuration**, when `PORTAGE_APP_CONFIG_ENDPOINT` is set: the key is the setting's name, without a label. A
   value may be a reference to a secret of a Key Vault;
3. **Key Vault**, when `PORTAGE_KEY_VAULT_URL` is set: secrets, under the name that the table shows.

`portage doctor` shows which place gave each value, and hides secrets. The second and the third are opened by the app's
identity, which needs the roles App Configuration Data Reader and Key Vault Secrets User.

Both are read again every {INTERVAL:g} seconds: a setting marked *live* is followed then, the others at the next start.
A secret that the portal or the gateway refuses is read again at once, and the call repeated with the new one. A secret
in the environment changes with a restart only. When a place does not answer, or holds a value that makes no sense, what
was read before stays in force, and `portage doctor` says so.

Feature flags of App Configuration: `plan.<plan>`, switched off, refuses new runs of the plan with 403 `FLAG_DISABLED`,
as `PORTAGE_DISABLED_PLANS` does; either suffices. A flag's filters are not evaluated. Runs under way go on.
"""


def markdown() -> str:
    """The page."""
    return "\n".join(
        [_HEAD, *_table("Function app", ("Setting", "Meaning", "Default", "From", "Key Vault"), _model())]
    ) + (
        "".join("\n" + "\n".join(_table(title, ("Setting", "Meaning", "Default"), _others(title))) for title in OTHERS)
    )


def _model() -> Iterator[Sequence[str]]:
    for described in Settings.model_fields.values():
        name = str(described.alias)
        default = "–" if described.default is None else f"{described.default:g}"
        places = "any place" if name in ELSEWHERE else "environment"
        when = ", live" if described.json_schema_extra == LIVE else ""
        vault = f"`{secret_name(name)}`" if name in SECRETS else ""
        yield f"`{name}`", str(described.description), default, places + when, vault


def _others(title: str) -> Iterator[Sequence[str]]:
    for name, (meaning, default) in OTHERS[title].items():
        yield f"`{name}`", meaning, default


def _table(title: str, head: Sequence[str], rows: Iterator[Sequence[str]]) -> list[str]:
    lines = [f"## {title}", "", _line(head), _line(["---"] * len(head))]
    return [*lines, *map(_line, rows), ""]


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
