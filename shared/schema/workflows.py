"""Templates of workflows (import contract §5)."""

from shared.model.json import Json
from shared.schema.base import Canonical, Instant, TargetId, Text

Tree = list[Json] | dict[str, Json]
"""What the designer of workflows drew, in the source's own form."""


class WorkflowTemplate(Canonical):
    """A template. ``auto_execute``: 0 never, 1 when a document is made, 2 when it is changed, 3 both."""

    name: Text
    module_id: Text | None = None
    entity: Text | None = None
    document_type: Text | None = None
    auto_execute: int | None = None
    template: Tree | None = None
    parameters: Tree | None = None
    variables: Tree | None = None
    constants: Tree | None = None
    modified_at: Instant | None = None
    author_id: TargetId | None = None
