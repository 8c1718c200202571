"""Every message that crosses a service boundary.

Glossary, one word per thing in code, SQL, events and pages:
contact (temas) what came in · case (talep, başvuru) the work · department (birim müdürlüğü) · institution (kurum)
· neighbourhood (mahalle) · urgency (aciliyet) · reply, notice (geri dönüş, bildirim) · hand-over (kuruma iletme)
· return (iade) "not ours" · solution centre (çözüm merkezi) · tracking number (takip no) · bulletin (bülten).
"""

from shared.contracts.base import Lane, Message, Moment, pack, unpack
from shared.contracts.cases import (
    CaseAccepted,
    CaseAsked,
    CaseAssigned,
    CaseClosed,
    CaseEvent,
    CaseForwarded,
    CaseNumber,
    CaseOpened,
    CaseProgressed,
    CaseReturned,
    CaseState,
    ContactJoined,
    ContactRegistered,
    Effect,
    Outcome,
    OwnerKind,
)
from shared.contracts.channel import (
    Attachment,
    Channel,
    MessageReceived,
    Place,
    Purpose,
    Sender,
    WebhookReceived,
)
from shared.contracts.departments import (
    Answer,
    AssignmentAccepted,
    AssignmentClosed,
    AssignmentDecided,
    AssignmentOffered,
    AssignmentProgressed,
    AssignmentReturned,
    CitizenAdded,
    CitizenAsked,
    Proposal,
)
from shared.contracts.notices import AddressRecorded, DeliveryReported, NoticeRecorded, NoticeStatus, ReplyRequested

__all__ = [
    "AddressRecorded",
    "Answer",
    "AssignmentAccepted",
    "AssignmentClosed",
    "AssignmentDecided",
    "AssignmentOffered",
    "AssignmentProgressed",
    "AssignmentReturned",
    "Attachment",
    "CaseAccepted",
    "CaseAsked",
    "CaseAssigned",
    "CaseClosed",
    "CaseEvent",
    "CaseForwarded",
    "CaseNumber",
    "CaseOpened",
    "CaseProgressed",
    "CaseReturned",
    "CaseState",
    "Channel",
    "CitizenAdded",
    "CitizenAsked",
    "ContactJoined",
    "ContactRegistered",
    "DeliveryReported",
    "Effect",
    "Lane",
    "Message",
    "MessageReceived",
    "Moment",
    "NoticeRecorded",
    "NoticeStatus",
    "Outcome",
    "OwnerKind",
    "Place",
    "Proposal",
    "Purpose",
    "ReplyRequested",
    "Sender",
    "WebhookReceived",
    "pack",
    "unpack",
]
