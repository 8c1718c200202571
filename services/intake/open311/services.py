"""The municipality's topics as services: what can be reported, and what is asked beside it."""

from collections.abc import Sequence
from typing import Any

from services.intake.open311.documents import Document, Row
from services.intake.open311.words import Language, say
from shared.municipality import Municipality
from shared.municipality.topics import Question, Topic


def service_list(place: Municipality, language: Language) -> Document:
    """Every topic citizens are offered. All are `batch`: a token first, for a contact is registered once accepted."""
    return Document("services", [_service(topic, place, language) for topic in place.topics if topic.listed])


def service_definition(topic: Topic, language: Language) -> Document:
    """The questions of a service; none is no error."""
    attributes = [_attribute(question, order, language) for order, question in enumerate(topic.question, 1)]
    return Document("service_definition", {"service_code": topic.code, "attributes": attributes})


def target_words(topic: Topic, language: Language) -> str:
    """How soon a case of the topic should be closed, e.g. "2 iş günü"."""
    return say(f"service.target_{topic.target.unit}", language, amount=topic.target.amount)


def _service(topic: Topic, place: Municipality, language: Language) -> Row:
    owner = place.owner(topic.owner).name_in(language)
    return {
        "service_code": topic.code,
        "service_name": topic.name_in(language),
        "description": say("service.description", language, owner=owner, target=target_words(topic, language)),
        "metadata": bool(topic.question),
        "type": "batch",
        "keywords": ", ".join(_keywords(topic)),
        "group": owner,
    }


def _keywords(topic: Topic) -> Sequence[str]:
    """The names in both languages, part by part."""
    parts = [part.strip() for name in (topic.name, topic.name_en) for part in name.split(",")]
    return list(dict.fromkeys(part for part in parts if part))


def _attribute(question: Question, order: int, language: Language) -> Row:
    attribute: dict[str, Any] = {
        "variable": True,
        "code": question.code,
        "datatype": question.answer.value,
        "required": question.required,
        "datatype_description": say(f"service.kind_{question.answer}", language),
        "order": order,
        "description": question.name_in(language),
    }
    if question.choices:
        attribute["values"] = [{"key": row.code, "name": row.name_in(language)} for row in question.choices]
    return attribute
