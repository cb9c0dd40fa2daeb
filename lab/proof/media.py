"""Media: every object that a record shows, byte by byte."""

import hashlib

from lab.proof.findings import Compared
from lab.proof.record import Proof
from lab.proof.sides import Sides


def compare_media(proof: Proof, sides: Sides) -> Compared:
    """Fetch every object that records were found to show, and hold its bytes against the portal's disk.

    To be called when all records have been compared. ``values`` counts bytes.
    """
    result = Compared("media", 0, 0)
    if not proof.moves_media:
        result.remark = "is not moved by the plan"
        return result
    held = proof.target.media
    both = result.ids(proof.shown, held)
    for media_id in sorted(both):
        body = sides.gateway_media(media_id)
        result.values += len(body)
        digest = hashlib.sha256(body).hexdigest()
        if digest != proof.shown[media_id]:
            result.differences.append(f"{held[media_id]['key']}: {len(body)} bytes that are not the portal's")
        if held[media_id]["size"] != len(body) or held[media_id]["checksum"] != digest:
            result.differences.append(f"{held[media_id]['key']}: the gateway tells another size or checksum")
    return result
