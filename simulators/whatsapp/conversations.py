"""The conversations both ways as JSON, for the page of every message sent."""

from itertools import islice
from typing import Any

from simulators.whatsapp.memory import Entry, Memory

THREADS_TOLD_MAX = 200
ENTRIES_TOLD_MAX = 50


def conversations(memory: Memory) -> dict[str, Any]:
    """The newest threads, newest first, each with its last entries, oldest first."""
    threads = islice(memory.newest_threads(), THREADS_TOLD_MAX)
    return {
        "threads": [
            {
                "citizen": f"+{thread.number}",
                "name": thread.name,
                "entries": [_told(entry) for entry in list(thread.entries)[-ENTRIES_TOLD_MAX:]],
            }
            for thread in threads
        ]
    }


def _told(entry: Entry) -> dict[str, Any]:
    return {
        "from_citizen": entry.from_citizen,
        "kind": entry.type,
        "text": entry.text,
        "time": entry.time,
        "status": entry.status,
        "error": str(entry.error_code or ""),
    }
