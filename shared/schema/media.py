"""Files (import contract §3). They are no records for the target; this is what its client has to know of each."""

from typing import Annotated

from pydantic import Field, StringConstraints

from shared.schema.base import Canonical


class MediaFile(Canonical):
    """A file in the media store under ``blob``, and what it is called at the target."""

    key: Annotated[str, StringConstraints(pattern=r"^([!-$&-~]|%[0-9A-Fa-f]{2})+$", max_length=512)]
    blob: Annotated[str, StringConstraints(min_length=1)]
    size: Annotated[int, Field(ge=0)]
    content_type: Annotated[str, StringConstraints(pattern=r"^[^\s/]+/[ -~]+$")]
    checksum: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
