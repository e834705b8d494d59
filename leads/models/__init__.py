from leads.models.accounts import Account, AccountDomain, Meeting, Opportunity
from leads.models.activities import Activity
from leads.models.attributes import CustomFact
from leads.models.criteria import (
    Bands,
    ChecklistAnswer,
    ChecklistItem,
    DepthRule,
    Disqualifier,
    FitRule,
    GroupCap,
    HandRaise,
    Modifier,
    RequiredField,
    ScoreSnapshot,
    Signal,
)
from leads.models.documents import Document, Publication, Version, VersionedRow
from leads.models.draft_runs import DraftRun
from leads.models.handoffs import Assignment, Handoff, Hop, Touch
from leads.models.intake import IntakeSource, IntakeToken, Submission
from leads.models.jobs import Job
from leads.models.leads import (
    BANDS,
    FactSnapshot,
    Identity,
    Lead,
    OwnershipChange,
    RefusedOwnership,
)
from leads.models.merges import Merge
from leads.models.people import Absence, Organisation, Queue, Role, SalesRole, Team, User
from leads.models.stages import Stage, StageTransition

__all__ = [
    "BANDS",
    "Absence",
    "Account",
    "AccountDomain",
    "Activity",
    "Assignment",
    "Bands",
    "ChecklistAnswer",
    "ChecklistItem",
    "CustomFact",
    "DepthRule",
    "Disqualifier",
    "Document",
    "DraftRun",
    "FactSnapshot",
    "FitRule",
    "GroupCap",
    "HandRaise",
    "Handoff",
    "Hop",
    "Identity",
    "IntakeSource",
    "IntakeToken",
    "Job",
    "Lead",
    "Meeting",
    "Merge",
    "Modifier",
    "Opportunity",
    "Organisation",
    "OwnershipChange",
    "Publication",
    "Queue",
    "RefusedOwnership",
    "RequiredField",
    "Role",
    "SalesRole",
    "ScoreSnapshot",
    "Signal",
    "Stage",
    "StageTransition",
    "Submission",
    "Team",
    "Touch",
    "User",
    "Version",
    "VersionedRow",
]
