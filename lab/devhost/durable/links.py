"""URLs that clients of orchestrations are given."""

from __future__ import annotations

import json

PUBLIC_PATH = "/runtime/webhooks/durabletask"
RPC_PATH = "/durabletask/"
_ID = "INSTANCEID"


def management_urls(origin: str, instance_id: str, system_key: str | None, hub: str) -> dict[str, str]:
    """The management payload of one instance, as absolute URLs under `origin`."""
    base = f"{origin}{PUBLIC_PATH}/instances/{instance_id}"
    query = _query(system_key, hub)
    return {
        "id": instance_id,
        "statusQueryGetUri": f"{base}?{query}",
        "sendEventPostUri": f"{base}/raiseEvent/{{eventName}}?{query}",
        "terminatePostUri": f"{base}/terminate?reason={{text}}&{query}",
        "rewindPostUri": f"{base}/rewind?reason={{text}}&{query}",
        "purgeHistoryDeleteUri": f"{base}?{query}",
        "restartPostUri": f"{base}/restart?{query}",
        "suspendPostUri": f"{base}/suspend?reason={{text}}&{query}",
        "resumePostUri": f"{base}/resume?reason={{text}}&{query}",
    }


def client_binding(origin: str, rpc_origin: str, system_key: str | None, hub: str) -> str:
    """The JSON text that a `durableClient` parameter carries; the SDK replaces the placeholder id in the URLs."""
    query = _query(system_key, hub)
    create = f"{origin}{PUBLIC_PATH}/orchestrators/{{functionName}}[/{{instanceId}}]"
    return json.dumps(
        {
            "taskHubName": hub,
            "connectionName": None,
            "creationUrls": {
                "createNewInstancePostUri": f"{create}?{query}",
                "createAndWaitOnNewInstancePostUri": f"{create}?timeout={{timeoutInSeconds}}&"
                f"pollingInterval={{intervalInSeconds}}&{query}",
            },
            "managementUrls": management_urls(origin, _ID, system_key, hub),
            "baseUrl": f"{origin}{PUBLIC_PATH}",
            "requiredQueryStringParameters": f"code={system_key}" if system_key else "",
            "rpcBaseUrl": f"{rpc_origin}{RPC_PATH}",
            "httpBaseUrl": f"{origin}{PUBLIC_PATH}",
        }
    )


def _query(system_key: str | None, hub: str) -> str:
    base = f"taskHub={hub}&connection=Storage"
    return f"{base}&code={system_key}" if system_key else base
