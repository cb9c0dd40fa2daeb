"""What a caller wants to be answered in."""

_HTML, _JSON = "text/html", "application/json"


def prefers_json(accept: str) -> bool:
    """Whether JSON is wanted more than HTML (RFC 9110 §12.5.1); a page is for whoever does not mind."""
    wanted = dict(_range(part) for part in accept.split(","))

    def weight(kind: str) -> float:
        return wanted.get(kind, wanted.get(f"{kind.split('/', maxsplit=1)[0]}/*", wanted.get("*/*", 0.0)))

    return weight(_JSON) > weight(_HTML)


def _range(part: str) -> tuple[str, float]:
    kind, *parameters = (one.strip().lower() for one in part.split(";"))
    told = next((one.removeprefix("q=") for one in parameters if one.startswith("q=")), "1")
    try:
        return kind, float(told)
    except ValueError:
        return kind, 0.0
