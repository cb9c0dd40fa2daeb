"""``python -m lab.simulators.bitrix24``: a simulated portal in the foreground."""

import contextlib
import sys

from lab.simulators.bitrix24.options import parse
from lab.simulators.bitrix24.serving import Server


def main() -> int:
    """Serve until SIGTERM or SIGINT ends the process. 2 when it cannot start."""
    options = parse()
    try:
        server = Server(options, lambda address: print(f"ready {address}", flush=True))
    except OSError as error:
        print(f"lab.simulators.bitrix24: port {options.port} cannot be used: {error.strerror}", file=sys.stderr)
        return 2
    with contextlib.suppress(KeyboardInterrupt):
        server.serve_until_stopped()
    return 0


if __name__ == "__main__":
    sys.exit(main())
