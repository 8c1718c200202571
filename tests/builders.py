"""Builders of every message in the contracts: each has all defaults, so that a test shows only what it is about."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar
from uuid import UUID

from shared.contracts import (
    AddressFailed,
    AddressRecorded,
    AssignmentAccepted,
    AssignmentClosed,
    AssignmentDecided,
    AssignmentGathered,
    AssignmentOffered,
    AssignmentProgressed,
    AssignmentReturned,
    AssignmentSeparated,
    CallReported,
    CallState,
    CaseAccepted,
    CaseAsked,
    CaseAssigned,
    CaseClosed,
    CaseForwarded,
    CaseGathered,
    CaseImported,
    CaseNumber,
    CaseOpened,
    CaseProgressed,
    CaseReopened,
    CaseReturned,
    CaseSeparated,
    CaseState,
    Channel,
    CitizenAdded,
    CitizenAsked,
    ContactJoined,
    ContactRegistered,
    DeliveryReported,
    DutyCalled,
    Effect,
    IncidentGrew,
    Message,
    MessageReceived,
    NoticeRecorded,
    NoticeStatus,
    OptOutRecorded,
    Outcome,
    OwnerKind,
    Place,
    Purpose,
    ReopenedBy,
    ReopeningAsked,
    ReplyRequested,
    Sender,
    SurveyAnswered,
    TaskDecision,
    TaskKind,
    TaskRequested,
    TaskSettled,
    WebhookReceived,
    WithdrawalAsked,
)
from shared.ids import new_id

AT: Final = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
PHONE: Final = "+905321112233"
# A phone number id, as WhatsApp names an account.
ACCOUNT: Final = "106540352242922"
NUMBER: Final = "482-715-936"
DEPARTMENT: Final = "temizlik-isleri"
M = TypeVar("M", bound=Message)


def _built(kind: type[M], changed: Mapping[str, Any], /, **default: Any) -> M:
    return kind(**{"id": new_id(), "occurred_at": AT, **default, **changed})


# What channels tell


def a_message(**changed: Any) -> MessageReceived:
    """A citizen's message from the bare AMQP queue."""
    return _built(
        MessageReceived,
        changed,
        channel=Channel.PHONE,
        provider_id=new_id().hex,
        sender=Sender(address=PHONE, name="Ayşe Yılmaz"),
        text="Sokağımızdaki çöp konteyneri üç gündür boşaltılmadı.",
    )


def a_webhook(body: bytes, **changed: Any) -> WebhookReceived:
    return _built(WebhookReceived, changed, channel=Channel.WHATSAPP, received_at=AT, body=body)


def a_delivery_report(**changed: Any) -> DeliveryReported:
    return _built(
        DeliveryReported,
        changed,
        channel=Channel.WHATSAPP,
        account="main",
        provider_id=new_id().hex,
        status=NoticeStatus.DELIVERED,
    )


# What intake tells


def a_contact_registered(**changed: Any) -> ContactRegistered:
    """The contact that opened one case."""
    return _built(
        ContactRegistered,
        changed,
        contact_id=new_id(),
        person_id=new_id(),
        channel=Channel.WHATSAPP,
        account=ACCOUNT,
        purpose=Purpose.REQUEST,
        language="tr",
        lane="routine",
        effect=Effect.OPENED,
        cases=(a_case_number(),),
    )


def a_case_number(**changed: Any) -> CaseNumber:
    return CaseNumber(**{"case_id": new_id(), "number": NUMBER, **changed})


def a_case_opened(**changed: Any) -> CaseOpened:
    return _built(
        CaseOpened,
        changed,
        case_id=new_id(),
        number=NUMBER,
        contact_id=new_id(),
        person_id=new_id(),
        channel=Channel.WHATSAPP,
        account="main",
        language="tr",
        lane="routine",
        text="Sokağımızdaki çöp konteyneri üç gündür boşaltılmadı.",
    )


def a_contact_joined(**changed: Any) -> ContactJoined:
    return _built(
        ContactJoined, changed, case_id=new_id(), contact_id=new_id(), lane="routine", text="Hâlâ gelen olmadı."
    )


def a_reopening_asked(**changed: Any) -> ReopeningAsked:
    wish: dict[str, Any] = {"case_id": new_id(), "contact_id": new_id(), "lane": "routine", "by": ReopenedBy.CITIZEN}
    return _built(ReopeningAsked, changed, **wish, text="Çöpler yine duruyor.")


def a_withdrawal_asked(**changed: Any) -> WithdrawalAsked:
    return _built(
        WithdrawalAsked, changed, case_id=new_id(), contact_id=new_id(), lane="routine", text="Gerek kalmadı."
    )


def an_address_recorded(**changed: Any) -> AddressRecorded:
    return _built(AddressRecorded, changed, person_id=new_id(), channel=Channel.WHATSAPP, account="main", address=PHONE)


# What the router tells


def _step(state: CaseState, version: int) -> dict[str, Any]:
    return {
        "case_id": new_id(),
        "version": version,
        "number": NUMBER,
        "state": state,
        "owner": DEPARTMENT,
        "owner_kind": OwnerKind.DEPARTMENT,
        "assignment_id": new_id(),
    }


def a_case_assigned(**changed: Any) -> CaseAssigned:
    return _built(
        CaseAssigned,
        changed,
        **_step(CaseState.ROUTED, 2),
        contact_id=new_id(),
        person_id=new_id(),
        channel=Channel.WHATSAPP,
        account="main",
        language="tr",
        opened_at=AT,
        lane="routine",
        confidence=0.9,
        automatic=True,
    )


def a_case_accepted(**changed: Any) -> CaseAccepted:
    return _built(CaseAccepted, changed, **_step(CaseState.ACCEPTED, 3))


def a_case_forwarded(**changed: Any) -> CaseForwarded:
    step = _step(CaseState.WAITING_INSTITUTION, 3) | {"owner": "saski", "owner_kind": OwnerKind.INSTITUTION}
    return _built(CaseForwarded, changed, **step, outcome=Outcome.FORWARDED)


def a_case_progressed(**changed: Any) -> CaseProgressed:
    return _built(CaseProgressed, changed, **_step(CaseState.IN_PROGRESS, 4))


def a_case_returned(**changed: Any) -> CaseReturned:
    return _built(
        CaseReturned, changed, **_step(CaseState.RECEIVED, 3), returned_by=DEPARTMENT, reason="Bizim işimiz değil."
    )


def a_case_gathered(**changed: Any) -> CaseGathered:
    """The second report of one problem."""
    step = _step(CaseState.ROUTED, 3)
    del step["assignment_id"]
    return _built(
        CaseGathered,
        changed,
        **step,
        incident_id=new_id(),
        head_case_id=new_id(),
        head_number="482-715-901",
        reports=2,
        confidence=0.97,
    )


def a_case_separated(**changed: Any) -> CaseSeparated:
    step = _step(CaseState.ROUTED, 4)
    del step["assignment_id"]
    return _built(CaseSeparated, changed, **step, incident_id=new_id(), decided_by="desk:test")


def a_case_asked(**changed: Any) -> CaseAsked:
    return _built(CaseAsked, changed, **_step(CaseState.WAITING_CITIZEN, 4), question="Kapı numarası kaç?")


def a_case_closed(**changed: Any) -> CaseClosed:
    return _built(
        CaseClosed, changed, **_step(CaseState.CLOSED, 5), outcome=Outcome.SOLVED, answer="Konteyner boşaltıldı."
    )


def a_case_reopened(**changed: Any) -> CaseReopened:
    step = _step(CaseState.RECEIVED, 6)
    del step["assignment_id"]
    return _built(CaseReopened, changed, **step, by=ReopenedBy.CITIZEN, times=1)


def a_case_imported(**changed: Any) -> CaseImported:
    return _built(
        CaseImported,
        changed,
        source="records-2019",
        case_id=new_id(),
        number="2019/1",
        channel="phone",
        owner=DEPARTMENT,
        owner_kind=OwnerKind.DEPARTMENT,
        state=CaseState.CLOSED,
        outcome=Outcome.SOLVED,
        opened_at=AT - timedelta(days=700),
        closed_at=AT - timedelta(days=699),
    )


def a_survey_answered(**changed: Any) -> SurveyAnswered:
    default = {"case_id": new_id(), "contact_id": new_id(), "channel": Channel.SMS, "solved": True}
    return _built(SurveyAnswered, changed, **default)


# What owners are offered, and what they answer


def an_assignment_offered(**changed: Any) -> AssignmentOffered:
    return _built(
        AssignmentOffered,
        changed,
        assignment_id=new_id(),
        case_id=new_id(),
        number=NUMBER,
        owner=DEPARTMENT,
        owner_kind=OwnerKind.DEPARTMENT,
        lane="routine",
        text="Çöp alınmadı.",
        opened_at=AT,
    )


def a_citizen_added(**changed: Any) -> CitizenAdded:
    return _built(CitizenAdded, changed, assignment_id=new_id(), case_id=new_id(), number=NUMBER, text="Hâlâ duruyor.")


def an_incident_grew(**changed: Any) -> IncidentGrew:
    return _built(
        IncidentGrew,
        changed,
        assignment_id=new_id(),
        case_id=new_id(),
        number=NUMBER,
        incident_id=new_id(),
        reports=2,
        joined_case_id=new_id(),
        joined_number="482-715-940",
        text="Köşedeki boru patlamış.",
    )


def _answer() -> dict[str, Any]:
    return {"assignment_id": new_id(), "case_id": new_id(), "owner": DEPARTMENT}


def an_acceptance(**changed: Any) -> AssignmentAccepted:
    return _built(AssignmentAccepted, changed, **_answer())


def a_progress(**changed: Any) -> AssignmentProgressed:
    return _built(AssignmentProgressed, changed, **_answer(), note="Ekip yolda.")


def a_return(**changed: Any) -> AssignmentReturned:
    return _built(AssignmentReturned, changed, **_answer(), reason="Bizim işimiz değil.")


def a_question(**changed: Any) -> CitizenAsked:
    return _built(CitizenAsked, changed, **_answer(), question="Kapı numarası kaç?")


def a_closing(**changed: Any) -> AssignmentClosed:
    return _built(AssignmentClosed, changed, **_answer(), outcome=Outcome.SOLVED, answer="Konteyner boşaltıldı.")


def a_decision(**changed: Any) -> AssignmentDecided:
    return _built(AssignmentDecided, changed, **_answer(), decided_owner=DEPARTMENT)


def a_gathering(**changed: Any) -> AssignmentGathered:
    return _built(AssignmentGathered, changed, **_answer(), into=new_id())


def a_separation(**changed: Any) -> AssignmentSeparated:
    return _built(AssignmentSeparated, changed, **_answer(), separate=new_id())


# Replies


def a_reply_requested(**changed: Any) -> ReplyRequested:
    return _built(
        ReplyRequested,
        changed,
        channel=Channel.WEB,
        account="main",
        address=str(new_id()),
        language="tr",
        event="receipt",
        number=NUMBER,
        text=f"Başvurunuz alındı: {NUMBER}",
    )


def a_notice_recorded(**changed: Any) -> NoticeRecorded:
    return _built(
        NoticeRecorded,
        changed,
        notice_id=new_id(),
        event="receipt",
        channel=Channel.WHATSAPP,
        status=NoticeStatus.SENT,
        attempts=1,
    )


def an_address_failed(**changed: Any) -> AddressFailed:
    until = AT + timedelta(days=180)
    return _built(AddressFailed, changed, person_id=new_id(), channel=Channel.EMAIL, reason="5.1.1", until=until)


def an_opt_out(**changed: Any) -> OptOutRecorded:
    return _built(OptOutRecorded, changed, person_id=new_id(), channel=Channel.SMS, opted_out=True)


# What the desk is told, and says


def a_task(**changed: Any) -> TaskRequested:
    """A reply that only a call can bring."""
    return _built(
        TaskRequested,
        changed,
        kind=TaskKind.CALL,
        source="notifier",
        channel=Channel.PHONE,
        number=NUMBER,
        address=PHONE,
        reason="no_other_way",
        text=f"{NUMBER} numaralı başvurunuz sonuçlandı.",
    )


def an_alert(**changed: Any) -> TaskRequested:
    """A smell of gas, told over WhatsApp."""
    return _built(
        TaskRequested,
        changed,
        kind=TaskKind.ALERT,
        source="intake",
        lane="urgent",
        channel=Channel.WHATSAPP,
        contact_id=new_id(),
        person_id=new_id(),
        case_id=new_id(),
        number=NUMBER,
        address=PHONE,
        name="Ayşe Yılmaz",
        reason="gas",
        detail="gaz kokusu",
        text="Apartmanda gaz kokusu var, çocuklar içeride",
        place=Place(street="70. Sokak", neighbourhood="Kale"),
        emergency_number="187",
    )


def a_settled_task(**changed: Any) -> TaskSettled:
    return _built(TaskSettled, changed, task_id=new_id(), source="notifier", decision=TaskDecision.DONE, by="desk:demo")


def a_call(**changed: Any) -> CallReported:
    return _built(
        CallReported, changed, call_id=new_id().hex, provider="verimor-santral", state=CallState.RINGING, address=PHONE
    )


def an_id() -> UUID:
    return new_id()


def a_duty_call(**changed: Any) -> DutyCalled:
    """The chief on duty is told of an urgent case."""
    return _built(
        DutyCalled,
        changed,
        assignment_id=new_id(),
        case_id=new_id(),
        number=NUMBER,
        owner="fen-isleri",
        owner_name="Fen İşleri Müdürlüğü",
        role="nöbetçi şef",
        address="+905000000001",
        place=1,
        topic_name="Yol çökmesi",
        neighbourhood_name="Kale",
    )
