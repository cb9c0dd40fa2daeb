"""What opens the systems of this installation, named for a checklist and not shown."""

from connectors.bitrix24.transport import Access
from connectors.import_gateway.address import GatewayAddress
from shared.engine.cutover.checklist import Secret
from shared.settings.model import Settings

_DAY, _TWO_DAYS = 24, 48


def secrets_to_revoke(settings: Settings) -> list[Secret]:
    """By number and owner. The source's go when nobody goes back any more, what opens the target is exchanged."""
    found = []
    for number, url in enumerate(settings.webhooks, 1):
        try:
            access = Access.of(url)
        except ValueError:
            continue  # doctor tells of it
        whose = f"webhook {number} of user {access.user}" if access.user else f"the application of access {number}"
        what = f"Delete {whose} at {access.portal}; remove it from the settings"
        found.append(Secret(f"webhook-{number}", what, _TWO_DAYS))
    if settings.gateway is not None:
        try:
            address = GatewayAddress.parse(settings.gateway)
        except ValueError:
            return found
        what = f"Issue a new import code for user {address.user} at {address.host}, or switch import off there"
        found.append(Secret("import-code", what, _DAY))
    return [*found, Secret("function-key", "Exchange the function keys of this installation", _DAY)]
