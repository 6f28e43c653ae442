"""What happens when a workflow ends well; named by `WAGTAIL_FINISH_WORKFLOW_ACTION`.

Wagtail imports it while its models load, so that it can import none.
"""

from __future__ import annotations

from typing import Any

from content.extend import content_draft_approved


def publish(workflow_state: Any, user: Any = None) -> None:
    """Publish the draft in the name of whoever approved it last.

    The workflow decides that, not the right to publish: lawyers approve who may not publish by
    themselves, and so does a program. A workflow without any step that was approved lets nobody
    publish who could not anyway. What lacks something that it needs stays a draft.
    """
    if any(content_draft_approved(workflow_state=workflow_state, user=user)):
        return
    approved = workflow_state.task_states.filter(status="approved").exists()
    revision = workflow_state.content_object.get_latest_revision()
    revision.publish(user=user, skip_permission_checks=approved)
