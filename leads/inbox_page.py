"""What was handed in, as a page shows it."""

from __future__ import annotations

import json

from leads.models import Submission


def payload_text(submission: Submission) -> str:
    """Return the payload as it came, laid out to be read. It is a stranger's text: escape it."""
    return json.dumps(submission.payload, indent=2, ensure_ascii=False)
