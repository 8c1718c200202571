"""Reads any CSV of messages as contacts: documented columns, any delimiter, UTF-8 or Windows-1254 (docs/csv.md)."""

import csv
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Final, TextIO

from pydantic import ValidationError

from ops.nine_months import PlannedContact
from ops.spreadsheet import FIELD_LETTERS_MAX, UnfitRow, UnreadableFile, degrees_of, encoding_of, header_of, moment_of
from shared.contracts import Channel, Place, Purpose, Sender
from shared.contracts.channel import TEXT_MAX
from shared.ids import derived_id
from shared.municipality import Municipality
from shared.text import fold

COLUMNS: Final = (
    *("text", "channel", "time", "name", "address", "latitude", "longitude"),
    *("neighbourhood", "street", "provider_id"),
)
TEXT_LETTERS_MIN: Final = 3
FAULTS_TOLD_MAX: Final = 20
# Ids of the same row are the same whenever it is read.
_EPOCH: Final = datetime(2020, 1, 1, tzinfo=UTC)


@dataclass
class CsvMessages:
    """The messages of a file, read as they are sent. `faults` names the rows that were left out, `left_out` counts.

    `run` goes into the ids of rows that bring none of their own; the same file and run is the same contacts.
    """

    path: Path
    municipality: Municipality
    run: str
    now: datetime
    channel: Channel = Channel.WEB
    text_column: str = "text"
    whatsapp_account: str = "main"
    left_out: int = 0
    faults: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Raises UnreadableFile."""
        if not self.path.is_file():
            raise UnreadableFile(f"there is no file {self.path}")
        self._encoding = encoding_of(self.path)
        with self._open() as file:
            self._delimiter, columns = header_of(file, self.text_column)
        self._column_of = _column_of(columns, self.text_column)
        if "text" not in self._column_of:
            named = ", ".join(columns[:30]) or "none"
            raise UnreadableFile(
                f"{self.path.name} has no column called {self.text_column!r}; it has {named}. "
                "Say which one holds the message with --text-column"
            )

    def contacts(self) -> Iterator[PlannedContact]:
        """Each row that can be sent, in order; the others are named in `faults`."""
        csv.field_size_limit(FIELD_LETTERS_MAX)
        with self._open() as file:
            rows = csv.reader(file, delimiter=self._delimiter)
            next(rows, None)
            while True:
                try:
                    row = next(rows)
                except StopIteration:
                    return
                except csv.Error as error:
                    self._leave_out(rows.line_num, f"is no CSV: {error}")
                    continue
                if not any(map(str.strip, row)):
                    continue
                try:
                    yield self._contact(rows.line_num, row)
                except UnfitRow as error:
                    self._leave_out(rows.line_num, str(error))

    def _open(self) -> TextIO:
        return self.path.open(encoding=self._encoding, newline="")

    def _leave_out(self, line: int, reason: str) -> None:
        self.left_out += 1
        if len(self.faults) < FAULTS_TOLD_MAX:
            self.faults.append(f"line {line}: {reason}")

    def _contact(self, line: int, row: list[str]) -> PlannedContact:
        values = {name: row[at].strip() for name, at in self._column_of.items() if at < len(row) and row[at].strip()}
        channel = _channel(values.get("channel"), self.channel)
        at = _time(values.get("time"), self.now, self.municipality.zone)
        provider_id = values.get("provider_id") or self._made_id(line, row)
        return PlannedContact(
            channel=channel,
            account=self.whatsapp_account if channel is Channel.WHATSAPP else self._account(channel),
            provider_id=str(derived_id(_EPOCH, "csv", provider_id)) if channel is Channel.WEB else provider_id[:256],
            sender=_sender(channel, values, provider_id),
            text=_text(values.get("text", "")),
            place=_place(values),
            occurred_at=at,
            purpose=Purpose.REQUEST,
        )

    def _made_id(self, line: int, row: list[str]) -> str:
        parts = "\x1f".join((self.path.name, self.run, str(line), *row))
        return "csv-" + hashlib.sha256(parts.encode("utf-8", "replace")).hexdigest()[:32]

    def _account(self, channel: Channel) -> str:
        if channel is Channel.WEB:
            return "main"
        return next((account.code for account in self.municipality.accounts if account.channel is channel), "main")


def _column_of(columns: list[str], text_column: str) -> Mapping[str, int]:
    """Where each known column stands; the first of two with the same name counts."""
    places = {fold(column): at for at, column in reversed(list(enumerate(columns)))}
    names: dict[str, str] = {name: name for name in COLUMNS} | {"text": fold(text_column)}
    return {name: places[column] for name, column in names.items() if column in places}


def _text(text: str) -> str:
    if not TEXT_LETTERS_MIN <= len(text) <= TEXT_MAX:
        raise UnfitRow(f"the text has {len(text)} letters, {TEXT_LETTERS_MIN} to {TEXT_MAX} are taken")
    return text


def _channel(written: str | None, otherwise: Channel) -> Channel:
    try:
        return Channel(fold(written)) if written else otherwise
    except ValueError as error:
        raise UnfitRow(f"no channel is called {written!r}, one of {', '.join(Channel)} is") from error


def _time(written: str | None, now: datetime, zone: tzinfo) -> datetime:
    if not written:
        return now
    at = moment_of(written, zone)
    # WhatsApp tells whole seconds.
    return at.replace(microsecond=0)


def _sender(channel: Channel, values: Mapping[str, str], provider_id: str) -> Sender:
    """WhatsApp has no message without a number: one that cannot be real is made."""
    address = values.get("address")
    if channel is Channel.WHATSAPP:
        digits = "".join(letter for letter in address or "" if letter.isdigit())
        made = f"90501000{int(hashlib.sha256(provider_id.encode()).hexdigest(), 16) % 10_000:04}"
        address = f"+{digits or made}"
    return Sender(address=address[:200] if address else None, name=(values.get("name") or "")[:200] or None)


def _place(values: Mapping[str, str]) -> Place:
    try:
        return Place(
            latitude=degrees_of(values.get("latitude")),
            longitude=degrees_of(values.get("longitude")),
            neighbourhood=(values.get("neighbourhood") or "")[:200] or None,
            street=(values.get("street") or "")[:200] or None,
        )
    except ValidationError as error:
        wrong = ", ".join(str(fault["loc"][0]) for fault in error.errors())
        raise UnfitRow(f"{wrong}: not degrees on the globe") from error
