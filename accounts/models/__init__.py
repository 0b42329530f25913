"""Who people are, the accounts on networks that are theirs, and what we owe them."""

from accounts.models.duties import Consent, DeletionReceipt, Erasure, ExportJob, OptOut, random_code
from accounts.models.links import (
    BROKEN_REST,
    Account,
    AccountClaim,
    Credential,
    Cursor,
    LinkedAccount,
    NetworkApp,
    Pause,
    Spending,
)
from accounts.models.people import (
    HANDLE_TAKEN,
    MINIMUM_AGE,
    Membership,
    Person,
    PersonQuerySet,
    User,
    UserManager,
    avatar_path,
    random_klout_id,
)

__all__ = [
    "BROKEN_REST",
    "HANDLE_TAKEN",
    "MINIMUM_AGE",
    "Account",
    "AccountClaim",
    "Consent",
    "Credential",
    "Cursor",
    "DeletionReceipt",
    "Erasure",
    "ExportJob",
    "LinkedAccount",
    "Membership",
    "NetworkApp",
    "OptOut",
    "Pause",
    "Person",
    "PersonQuerySet",
    "Spending",
    "User",
    "UserManager",
    "avatar_path",
    "random_code",
    "random_klout_id",
]
