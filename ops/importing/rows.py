"""One row of an old system's table as a case: pure, so that the same row is always the same event."""

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Mapping as Values
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, tzinfo
from enum import StrEnum
from typing import Any, Final, TypeVar, assert_never

from pydantic import ValidationError

from ops.importing.mapping import Choice, Codes, Column, Mapping, Names, Timeliness, Unmapped, Words
from ops.spreadsheet import UnfitRow, moment_of
from shared.contracts import CaseImported, CaseState, Outcome, OwnerKind
from shared.contracts.base import YEARS
from shared.ids import derived_id
from shared.text import clean, fold

NUMBER_LETTERS_MAX: Final = 64
NAME_LETTERS_MAX: Final = 100
CODE_LETTERS_MAX: Final = 63
WORDS_REMEMBERED_MAX: Final = 1000
# A case keeps its id whatever else of it is corrected, its opening too.
_EPOCH: Final = datetime(2020, 1, 1, tzinfo=UTC)
_VERSIONS_FROM: Final = datetime(YEARS[0], 1, 1, tzinfo=UTC)
_NO_CODE: Final = re.compile(r"[^a-z0-9_]+")
T = TypeVar("T")
Choices = TypeVar("Choices", bound=StrEnum)


@dataclass
class Told:
    """What is said once all is read: codes that were made of words by field, and how often something was strange."""

    made: dict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))
    made_unnamed: int = 0
    strange: Counter[str] = field(default_factory=Counter)

    def code(self, name: str, written: str, code: str) -> None:
        """Remembers up to `WORDS_REMEMBERED_MAX` words of a field; further ones are only counted."""
        words = self.made[name]
        if written in words or len(words) < WORDS_REMEMBERED_MAX:
            words[written] = code
        else:
            self.made_unnamed += 1

    def shared(self) -> dict[str, dict[str, list[str]]]:
        """Codes that were made of more than one word, by field: map these words, or they count as one."""
        found: dict[str, dict[str, list[str]]] = {}
        for name, words in self.made.items():
            by_code: dict[str, list[str]] = defaultdict(list)
            for written, code in words.items():
                by_code[code].append(written)
            if several := {code: words for code, words in by_code.items() if len(words) > 1}:
                found[name] = several
        return found


@dataclass(frozen=True)
class Reader:
    """Makes cases of rows as the mapping says, of a table that stood so at `as_of`.

    `columns`: by field, the column as the file writes it. A later `as_of` is a higher version: of two tables the
    later one counts, in whatever order they are imported. The same row of the same table has the same event id.
    """

    mapping: Mapping
    columns: Values[str, str]
    as_of: datetime
    told: Told

    def case(self, row: Values[str, str]) -> CaseImported:
        """Raises UnfitRow."""
        number = self._number(row)
        content = self._content(row)
        digest = hashlib.sha256(repr(sorted(content.items())).encode()).hexdigest()
        source = self.mapping.source
        try:
            return CaseImported(
                id=derived_id(self.as_of, "imported", source, number, digest),
                occurred_at=self.as_of,
                trace_id=f"import-{source}"[:64],
                source=source,
                case_id=derived_id(_EPOCH, "imported", source, number),
                version=version_of(self.as_of),
                number=number,
                **content,
            )
        except ValidationError as error:
            first = error.errors()[0]
            message = first["msg"].removeprefix("Value error, ")
            raise UnfitRow(f"{'.'.join(map(str, first['loc']))}: {message}") from error

    def _content(self, row: Values[str, str]) -> dict[str, Any]:
        """Every field of the case but its name and version."""
        mapping = self.mapping
        day, opened_at = self._opened(row)
        closed_at = self._moment("closed", mapping.closed, row)
        due_at = self._moment("due", mapping.due, row)
        state = self._state(row, closed_at)
        is_closed = state is CaseState.CLOSED
        if closed_at and not is_closed:
            self.told.strange["open, with a time of closing that was left out"] += 1
            closed_at = None
        if closed_at and closed_at < opened_at:
            self.told.strange["closed before it was opened"] += 1
        return {
            "day": day,
            "opened_at": opened_at,
            "due_at": due_at,
            "legal_due_at": self._moment("legal_due", mapping.legal_due, row),
            "answered_at": self._moment("answered", mapping.answered, row),
            "closed_at": closed_at,
            "state": state,
            "outcome": self._choice("outcome", mapping.outcome, row, Outcome) if is_closed else None,
            "on_time": self._on_time(row, due_at, closed_at),
            "channel": self._needed("channel", mapping.channel, row),
            "owner": self._needed("owner", mapping.owner, row),
            "owner_kind": self._choice("owner_kind", mapping.owner_kind, row, OwnerKind),
            "neighbourhood": self._word("neighbourhood", mapping.neighbourhood, row),
            "topic": self._word("topic", mapping.topic, row),
            "kind": self._word("kind", mapping.kind, row),
            "urgency": self._word("urgency", mapping.urgency, row),
        }

    def _number(self, row: Values[str, str]) -> str:
        number = clean(row[self.columns["number"]].strip())
        if not number:
            raise UnfitRow("has no case number")
        if len(number) > NUMBER_LETTERS_MAX:
            raise UnfitRow(f"its case number has {len(number)} letters, up to {NUMBER_LETTERS_MAX} are taken")
        return number

    def _opened(self, row: Values[str, str]) -> tuple[date, datetime]:
        """The day as it is written, whatever the zone; and the moment."""
        opened_at = self._moment("opened", self.mapping.opened, row)
        if opened_at is None:
            raise UnfitRow("has no time of opening")
        return opened_at.astimezone(self.mapping.zone).date(), opened_at

    def _moment(self, name: str, column: Column | None, row: Values[str, str]) -> datetime | None:
        written = row[self.columns[name]].strip() if column else ""
        if not written:
            return None
        try:
            # Python subtracts and compares two times of one zone as they are written: of moments only UTC tells.
            return _moment(written, self.mapping.times, self.mapping.zone).astimezone(UTC)
        except UnfitRow as error:
            raise UnfitRow(f"{name}: {error}") from error

    def _state(self, row: Values[str, str], closed_at: datetime | None) -> CaseState:
        """Without a column of its own, what has a time of closing is closed."""
        if self.mapping.state is None:
            return CaseState.CLOSED if closed_at else CaseState.ROUTED
        state = self._choice("state", self.mapping.state, row, CaseState)
        if state is None:
            raise UnfitRow("has no state")
        return state

    def _on_time(self, row: Values[str, str], due_at: datetime | None, closed_at: datetime | None) -> bool | None:
        """What the old system says; where it has no column for that, a case that had a target and was closed tells."""
        if self.mapping.on_time is None:
            return closed_at <= due_at if due_at and closed_at else None
        said = self._choice("on_time", self.mapping.on_time, row, Timeliness)
        return None if said is None else said is Timeliness.YES

    def _needed(self, name: str, words: Codes, row: Values[str, str]) -> str:
        code = self._word(name, words, row)
        if code is None:
            raise UnfitRow(f"has no {name}")
        return code

    def _choice(
        self, name: str, words: Choice[Choices], row: Values[str, str], choices: type[Choices]
    ) -> Choices | None:
        written = self._written(name, row)
        meaning = _meaning(words, written)
        if meaning is not None or not written:
            return meaning or words.default
        if written.lower() in list(choices):
            return choices(written.lower())
        if words.unmapped is Unmapped.DEFAULT:
            return words.default
        raise UnfitRow(f"{name}: {written!r} is not mapped; it can be {', '.join(choices)}")

    def _word(self, name: str, words: Codes | Names, row: Values[str, str]) -> str | None:
        written = self._written(name, row)
        meaning = _meaning(words, written)
        if meaning is not None or not written:
            return meaning or words.default
        match words.unmapped:
            case Unmapped.DEFAULT:
                return words.default
            case Unmapped.REJECT:
                raise UnfitRow(f"{name}: {written!r} is not mapped")
            case Unmapped.KEEP:
                return clean(written)[:NAME_LETTERS_MAX]
            case Unmapped.CODE:
                code = code_of(written)
                self.told.code(name, written, code)
                return code
            case unknown:
                assert_never(unknown)

    def _written(self, name: str, row: Values[str, str]) -> str:
        return row[self.columns[name]].strip() if name in self.columns else ""


def version_of(as_of: datetime) -> int:
    """Seconds, so that of two tables the later one counts; at least 1."""
    return max(1, int((as_of - _VERSIONS_FROM).total_seconds()))


def code_of(written: str) -> str:
    """A code that anyone makes of these words: "City Worker App" is `city-worker-app`. Raises UnfitRow."""
    folded = fold(written)
    code = _NO_CODE.sub("-", folded).strip("-").lstrip("_-")
    if not code:
        raise UnfitRow(f"no code can be made of {written!r}: map it")
    if len(code) > CODE_LETTERS_MAX:
        code = f"{code[:50]}-{hashlib.sha256(folded.encode()).hexdigest()[:12]}"
    return code


def _meaning(words: Words[T], written: str) -> T | None:
    """What `map` or `contains` says of a word."""
    if not written:
        return None
    if written in words.map:
        return words.map[written]
    folded = fold(written)
    for word, meaning in words.map.items():
        if fold(word) == folded:
            return meaning
    return next((meaning for phrase, meaning in words.contains.items() if fold(phrase) in folded), None)


def _moment(written: str, forms: tuple[str, ...], zone: tzinfo) -> datetime:
    """In the forms of the mapping, first to last; without any as ISO 8601 or as Turks write it."""
    for form in forms:
        try:
            at = datetime.strptime(written, form)  # noqa: DTZ007 - the zone is added below
        except ValueError:
            continue
        return at if at.tzinfo else at.replace(tzinfo=zone)
    if forms:
        raise UnfitRow(f"{written!r} is no time in any of the forms {', '.join(forms)}")
    return moment_of(written, zone)
