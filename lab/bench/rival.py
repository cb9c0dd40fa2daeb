"""fast_bitrix24 reading all deals of a portal into memory: the other side of the comparison, a process of its own.

``RIVAL_WEBHOOK`` is the webhook's URL. Prints ``{"seconds", "ids"}``; it knows no checkpoint and writes nothing.
"""

import json
import os
import time

from fast_bitrix24 import Bitrix


def main() -> None:
    """Read, and say how long it took."""
    no_limit = 1_000_000  # without a policy it trips over the portal's `operating`, so it gets one that never binds
    portal = Bitrix(
        os.environ["RIVAL_WEBHOOK"],
        verbose=False,
        request_pool_size=no_limit,
        requests_per_second=float(no_limit),
        operating_time_limit=no_limit,
    )
    begun = time.monotonic()
    deals = portal.get_all("crm.item.list", {"entityTypeId": 2, "select": ["*"]})
    seconds = time.monotonic() - begun
    print(json.dumps({"seconds": seconds, "ids": [int(deal["id"]) for deal in deals]}))


if __name__ == "__main__":
    main()
