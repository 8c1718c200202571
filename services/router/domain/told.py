"""A decision's grounds as short codes, as the desk reads them until it reads the `Why` itself."""

from collections.abc import Iterator

from shared.contracts import Evidence, EvidenceKind, Why


def codes(why: Why) -> tuple[str, ...]:
    """One code for each piece of evidence, in its order."""
    return tuple(code for evidence in why.evidence for code in _code(evidence))


def _code(found: Evidence) -> Iterator[str]:
    matched = ", ".join(f"'{word}'" for word in found.words)
    match found.kind:
        case EvidenceKind.EMERGENCY:
            yield f"emergency:{found.code} matched {matched}, call {found.detail}"
        case EvidenceKind.URGENCY:
            yield f"urgent:matched {matched}" if matched else f"urgent:topic {found.detail}"
        case EvidenceKind.PERSON:
            yield "desk:decided while entering"
        case EvidenceKind.CHOSEN:
            yield f"chosen:{found.code} by the citizen"
        case EvidenceKind.TOPIC:
            yield f"topic:{found.code} matched {matched}"
        case EvidenceKind.MODEL:
            yield f"model:{found.code} {found.share or 0:.2f}"
        case EvidenceKind.PLACE:
            yield found.code
        case EvidenceKind.TROUBLE if found.code == "model":
            yield "model:missing"
        case EvidenceKind.DOUBT if found.code == "nothing_known":
            yield "centre:nothing known about the subject"
        case EvidenceKind.DOUBT if found.code == "outside":
            yield "centre:outside the district"
        case EvidenceKind.DOUBT if found.code == "unsure":
            yield f"centre:confidence {found.share or 0:.2f} below the threshold"
        case EvidenceKind.DOUBT if found.code == "words_contradict":
            yield f"centre:words say {found.detail}"
