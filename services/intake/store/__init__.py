"""Intake's tables: contacts and the vault, cases as the router tells them, the pages of the form."""

from services.intake.store.cases import (
    CaseContact,
    CaseFile,
    CaseStep,
    NearCase,
    add_steps,
    case_by_number,
    contacts_of,
    open_cases_near,
    people_of,
    steps_of,
)
from services.intake.store.contacts import (
    Inbound,
    Person,
    Raw,
    add_contacts,
    add_messages,
    add_people,
    keep_raw,
    open_cases,
    owners_of,
)
from services.intake.store.forms import Submission, keep_web_replies, submission

__all__ = [
    "CaseContact",
    "CaseFile",
    "CaseStep",
    "Inbound",
    "NearCase",
    "Person",
    "Raw",
    "Submission",
    "add_contacts",
    "add_messages",
    "add_people",
    "add_steps",
    "case_by_number",
    "contacts_of",
    "keep_raw",
    "keep_web_replies",
    "open_cases",
    "open_cases_near",
    "owners_of",
    "people_of",
    "steps_of",
    "submission",
]
