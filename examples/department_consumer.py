"""A department's own program: takes its assignments from the broker, keeps them, answers, and closes them by hand.

    python department_consumer.py consume                          take work until Ctrl-C
    python department_consumer.py work                             what is open, urgent first
    python department_consumer.py ask 482-715-936 "Hangi kapının önünde?"
    python department_consumer.py return 482-715-936 "Park alanı." park-bahceler
    python department_consumer.py close 482-715-936 "Konteyner boşaltıldı."   tell the citizen it is done

Needs `pip install aio-pika`, `ilkim_department.py` beside it, and two environment variables, AMQP_URL
(amqp://user:password@host:5672/ilkim) and DEPARTMENT (the code, e.g. temizlik-isleri). Work is kept in WORK_FILE, an
SQLite database (default: work.db).
"""

import asyncio
import json
import os
import sqlite3
import sys
from collections.abc import Awaitable, Callable

from ilkim_department import ADDED, ENDED, GREW, OFFERED, SILENT, WARNED, Content, Ilkim, connect


class WorkBook:
    """The department's own store; two tables are enough here."""

    def __init__(self, file: str) -> None:
        self._tables = sqlite3.connect(file)
        self._tables.executescript(
            """
            CREATE TABLE IF NOT EXISTS assignment (
                id TEXT PRIMARY KEY, number TEXT NOT NULL, lane TEXT NOT NULL, text TEXT NOT NULL, offer TEXT NOT NULL,
                state TEXT NOT NULL DEFAULT 'open'
            );
            CREATE TABLE IF NOT EXISTS news (
                id TEXT PRIMARY KEY, assignment_id TEXT NOT NULL, type TEXT NOT NULL, content TEXT NOT NULL
            );
            """
        )

    def keep(self, offer: Content) -> None:
        """Store an assignment once; the same one may come again."""
        row = (
            offer["assignment_id"],
            offer["number"],
            offer["lane"],
            offer["text"],
            json.dumps(offer, ensure_ascii=False),
        )
        with self._tables:
            self._tables.execute(
                "INSERT OR IGNORE INTO assignment (id, number, lane, text, offer) VALUES (?, ?, ?, ?, ?)", row
            )

    def note(self, news: Content) -> None:
        """Store what came later, once: the citizen's words or silence, further reports, warnings."""
        row = (news["id"], news["assignment_id"], news["type"], json.dumps(news, ensure_ascii=False))
        with self._tables:
            self._tables.execute(
                "INSERT OR IGNORE INTO news (id, assignment_id, type, content) VALUES (?, ?, ?, ?)", row
            )

    def end(self, news: Content) -> None:
        """It is over without our doing: nobody needs to work on it."""
        self.note(news)
        self.set_state(news["assignment_id"], "ended")

    def set_state(self, assignment_id: str, state: str) -> None:
        """How we are with it."""
        with self._tables:
            self._tables.execute("UPDATE assignment SET state = ? WHERE id = ?", (state, assignment_id))

    def newest(self, number: str) -> Content:
        """The newest assignment of a tracking number."""
        found = self._tables.execute(
            "SELECT offer FROM assignment WHERE number = ? ORDER BY rowid DESC", (number,)
        ).fetchone()
        if found is None:
            raise SystemExit(f"no assignment with the number {number}")
        offer: Content = json.loads(found[0])
        return offer

    def open(self) -> list[tuple[str, str, str]]:
        """Lane, number and text of what is open, urgent first, then the oldest."""
        return self._tables.execute(
            "SELECT lane, number, text FROM assignment WHERE state = 'open' ORDER BY lane = 'routine', rowid"
        ).fetchall()


async def consume(url: str, department: str, work: WorkBook) -> None:
    """Take work until told to stop."""
    async with connect(url, department) as ilkim:
        await ilkim.serve(
            {
                OFFERED: work.keep,
                ENDED: work.end,
                **dict.fromkeys((ADDED, SILENT, GREW, WARNED), work.note),
            }
        )


async def say(url: str, department: str, what: Callable[[Ilkim], Awaitable[None]]) -> None:
    """Tell İLKİM one thing."""
    async with connect(url, department) as ilkim:
        await what(ilkim)


def main() -> None:
    """Read the command line and the environment."""
    url, department = os.environ["AMQP_URL"], os.environ["DEPARTMENT"]
    work = WorkBook(os.environ.get("WORK_FILE", "work.db"))
    match sys.argv[1:]:
        case ["consume"]:
            asyncio.run(consume(url, department, work))
        case ["work"]:
            for lane, number, text in work.open():
                sys.stdout.write(f"{'!' if lane == 'urgent' else ' '} {number}  {text[:80]}\n")
        case ["ask", number, question]:
            offer = work.newest(number)
            asyncio.run(say(url, department, lambda ilkim: ilkim.ask(offer, question)))
        case ["return", number, reason, *proposal]:
            offer = work.newest(number)
            asyncio.run(say(url, department, lambda ilkim: ilkim.give_back(offer, reason, *proposal)))
            work.set_state(offer["assignment_id"], "returned")
        case ["close", number, text]:
            offer = work.newest(number)
            asyncio.run(say(url, department, lambda ilkim: ilkim.close(offer, "solved", text)))
            work.set_state(offer["assignment_id"], "closed")
        case _:
            raise SystemExit(__doc__)


if __name__ == "__main__":
    main()
