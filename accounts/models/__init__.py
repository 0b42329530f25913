"""Who people are, the accounts on networks that are theirs, and what we owe them."""

from accounts.models.duties import Consent, DeletionReceipt, Erasure, ExportJob, OptOut, random_code
from accounts.models.finding import Findable
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
    FormerHandle,
    Membership,
    Person,
    PersonQuerySet,
    User,
    UserManager,
    avatar_path,
    random_klout_id,
)
from accounts.models.reaching import ApiKey, Notification, NotificationChoice, PushSubscription
from accounts.models.teams import Invitation, TeamChange, TeamInvitation
from accounts.models.watching import Watched, WatchList
from accounts.models.webhooks import WebhookDelivery, WebhookEndpoint, WebhookTry

__all__ = [
    "BROKEN_REST",
    "HANDLE_TAKEN",
    "MINIMUM_AGE",
    "Account",
    "AccountClaim",
    "ApiKey",
    "Consent",
    "Credential",
    "Cursor",
    "DeletionReceipt",
    "Erasure",
    "ExportJob",
    "Findable",
    "FormerHandle",
    "Invitation",
    "LinkedAccount",
    "Membership",
    "NetworkApp",
    "Notification",
    "NotificationChoice",
    "OptOut",
    "Pause",
    "Person",
    "PersonQuerySet",
    "PushSubscription",
    "Spending",
    "TeamChange",
    "TeamInvitation",
    "User",
    "UserManager",
    "WatchList",
    "Watched",
    "WebhookDelivery",
    "WebhookEndpoint",
    "WebhookTry",
    "avatar_path",
    "random_code",
    "random_klout_id",
]
