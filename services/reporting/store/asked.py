"""A question in the words of the table of facts."""

from collections.abc import Mapping
from typing import Final

from services.reporting.domain.asking import Axis, Clock, Question

# The values of the axes, as text, of a row of `case_fact`.
VALUES: Final[Mapping[Axis, str]] = {axis: axis.value for axis in Axis} | {
    Axis.DAY: "day::text",
    Axis.MONTH: "date_trunc('month', day)::date::text",
    Axis.HOUR: "hour::text",
}
# When what is timed ended, and whether the target was met, as `CaseFact` says it; null: not known.
ENDS: Final = {Clock.ANSWER: "answered_at", Clock.CLOSING: "CASE WHEN state = 'closed' THEN closed_at END"}
ON_TIME: Final = (
    "CASE WHEN source <> '' THEN on_time_told WHEN state = 'closed' THEN closed_at <= due_at ELSE NULL::bool END"
)
# The axes that may be filtered by, in the order of the parameters from $3 on.
FILTERED: Final = tuple(axis for axis in Axis if not axis.is_time)
CHOSEN: Final = " AND ".join(
    (
        "day BETWEEN coalesce($1::date, '-infinity') AND coalesce($2::date, 'infinity')",
        *(f"(${number}::text IS NULL OR {VALUES[axis]} = ${number})" for number, axis in enumerate(FILTERED, start=3)),
    )
)


def chosen(question: Question) -> tuple[object, ...]:
    """The parameters of `CHOSEN`."""
    return (question.first, question.last, *(question.where.get(axis) for axis in FILTERED))
