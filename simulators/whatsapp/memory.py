"""What the simulator remembers: the newest requests, the conversations, and the ledger on disk."""

from collections import Counter, OrderedDict, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from simulators.whatsapp.payloads import encode

THREADS_MAX = 2_000
THREAD_ENTRIES_MAX = 200
SHOWN_TIME_SECONDS = 1e-6  # times are shown rounded to microseconds, so a shown time finds its own entry


@dataclass(slots=True)
class Entry:
    """One message of a conversation, either way; only `status` and `error_code` change later.

    `status` of the centre's messages: accepted, sent, delivered, read, failed, or refused (the API said no);
    of the citizen's: sent, delivered (the centre took it with 2xx) or failed.
    """

    from_citizen: bool
    number: str
    type: str
    text: str
    time: float
    status: str
    wamid: str | None = None
    callback_data: str | None = None
    error_code: int | None = None
    http_status: int | None = None
    fault: str | None = None
    content: Any = None


@dataclass(slots=True)
class Thread:
    """One citizen's conversation, oldest entry first."""

    number: str
    name: str = ""
    entries: deque[Entry] = field(default_factory=lambda: deque(maxlen=THREAD_ENTRIES_MAX))
    citizen_wrote_at: float = 0.0


class Memory:
    """Bounded in every direction: the newest `kept_max` requests, threads and entries; the ledger has all."""

    def __init__(self, kept_max: int, ledger_path: str = "") -> None:
        self.requests: deque[Entry] = deque(maxlen=kept_max)
        self.threads: OrderedDict[str, Thread] = OrderedDict()
        self.counts: Counter[str] = Counter()
        self.revision = 0
        self._ledger = _open_ledger(ledger_path)

    def keep_request(self, entry: Entry) -> None:
        """A request to send, accepted or refused; on disk before it is answered."""
        self.requests.append(entry)
        self.counts["refused" if entry.status == "refused" else "accepted"] += 1
        if self._ledger:
            self._ledger.write((encode(ledger_line(entry)) + "\n").encode())
        if entry.number:
            self._thread(entry.number).entries.append(entry)
        self.revision += 1

    def keep_citizen_message(self, entry: Entry, name: str) -> None:
        """A citizen's message; the same id again is the same message and is shown once."""
        thread = self._thread(entry.number)
        thread.name = name or thread.name
        thread.citizen_wrote_at = entry.time
        self.counts["citizen_messages"] += 1
        self.revision += 1
        if not any(known.wamid == entry.wamid for known in thread.entries):
            thread.entries.append(entry)

    def change_status(self, entry: Entry, status: str, error_code: int | None = None) -> None:
        entry.status = status
        entry.error_code = error_code
        self.revision += 1

    def find(self, to: str | None, since: float) -> Iterator[Entry]:
        """Requests kept, oldest first, from `since` (seconds since 1970) on."""
        earliest = since - SHOWN_TIME_SECONDS
        return (entry for entry in self.requests if entry.time >= earliest and to in (None, entry.number))

    def newest_threads(self) -> Iterator[Thread]:
        return reversed(self.threads.values())

    def citizen_wrote_within(self, number: str, seconds: float, now: float) -> bool:
        thread = self.threads.get(number)
        return thread is not None and now - thread.citizen_wrote_at <= seconds

    def close(self) -> None:
        if self._ledger:
            self._ledger.close()

    def _thread(self, number: str) -> Thread:
        thread = self.threads.get(number)
        if thread is None:
            thread = self.threads[number] = Thread(number)
            if len(self.threads) > THREADS_MAX:
                self.threads.popitem(last=False)
        else:
            self.threads.move_to_end(number)
        return thread


def described(entry: Entry) -> dict[str, Any]:
    """A request as the control API shows it; `accepted` is the truth even when the answer was cut."""
    return {
        "time": datetime.fromtimestamp(entry.time, UTC).isoformat(),
        "to": f"+{entry.number}" if entry.number.isdigit() else entry.number or None,
        "type": entry.type,
        "text": entry.text,
        "wamid": entry.wamid,
        "biz_opaque_callback_data": entry.callback_data,
        "accepted": entry.wamid is not None,
        "status": entry.status,
        "http_status": entry.http_status,
        "error_code": entry.error_code,
        "fault": entry.fault,
    }


def ledger_line(entry: Entry) -> dict[str, Any]:
    """The same with the content as it was sent, and without the status that is still to come."""
    line = described(entry)
    del line["status"]
    return line | {"content": entry.content}


def _open_ledger(path: str) -> BinaryIO | None:
    """Unbuffered: a line is in the file when its request is answered, whatever kills the simulator."""
    if not path:
        return None
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    return Path(path).open("ab", buffering=0)
