"""Fills the desk's tables with invented work, spread as a town's is: many owners, few urgent, some late, some held."""

from collections.abc import Sequence
from typing import Final

from shared.database import Connection
from shared.municipality import Municipality

OWNERS: Final = 12  # departments that work at the desk
CLERKS: Final = 40
SENTENCES: Final = (
    "{place} civarında çöp konteyneri taştı, etrafa dökülüyor, toplanmasını rica ediyoruz.",
    "Kaldırım taşları kırık, {place} tarafında yaşlılar yürüyemiyor.",
    "{place} yakınındaki parkta salıncak kopmuş, çocuklar için tehlikeli.",
    "Yolda derin çukur var, {place} önünde araçlar zarar görüyor.",
    "Sokak lambası üç gündür yanmıyor, {place} akşamları çok karanlık.",
    "{place} tarafında başıboş köpekler çoğaldı, okula giden çocuklar korkuyor.",
    "İnşaattan gece gürültü geliyor, {place} sakinleri uyuyamıyor.",
    "{place} rögar kapağı kırık, yağmurda su basıyor.",
)


def owners_of(place: Municipality) -> list[str]:
    """The centre and some departments."""
    centre = place.solution_centre.code
    return [centre, *[row.code for row in place.departments if row.code != centre][: OWNERS - 1]]


async def fill(connection: Connection, place: Municipality, owners: Sequence[str], items: int) -> None:
    """Write `items` open items, and tell the planner. The schema is the connection's own."""
    await connection.execute(
        """
        INSERT INTO work_item (assignment_id, case_id, number, owner, owner_kind, lane, topic, text, place,
                               neighbourhood, language, opened_at, offered_at, due_at, returns, returned_because,
                               proposals, reasons, attachments, trace_id, kind, urgency, rank, reports, why, state,
                               taken_by, held_until, question, questions)
        SELECT gen_random_uuid(), gen_random_uuid(),
               to_char(100000000 + n * 7919 % 900000000, 'FM000"-"000"-"000'),
               owners[1 + n % array_length(owners, 1)],
               CASE WHEN n % array_length(owners, 1) = 0 THEN 'centre' ELSE 'department' END,
               CASE WHEN n % 50 = 0 THEN 'urgent' ELSE 'routine' END,
               topics[1 + (n * 31) % array_length(topics, 1)],
               replace(sentences[1 + n % array_length(sentences, 1)], '{place}',
                       names[hood] || ' ' || n % 90 || '. Sokak'),
               json_build_object('street', n % 90 || '. Sokak', 'neighbourhood', names[hood],
                                 'latitude', 41.2 + (n % 1000) / 10000.0, 'longitude', 36.3 + (n % 997) / 10000.0),
               hoods[hood], 'tr', began, began + interval '1 minute',
               CASE WHEN n % 25 <> 0 THEN began + interval '7 days' + (n % 240) * interval '1 hour' END,
               CASE WHEN n % 33 = 0 THEN 1 ELSE 0 END, NULL, '[]', ARRAY['örnek'], n % 3, '',
               CASE WHEN n % 100 = 0 THEN 'tip' WHEN n % 9 = 0 THEN 'complaint' ELSE 'request' END, NULL,
               CASE WHEN n % 50 = 0 THEN n / 50 % 2 ELSE 2 + n % 2 END, 1 + (n % 200 = 0)::int * 3,
               json_build_object('version', 'bench', 'threshold', 0.9,
                                 'note', repeat('why it came here, as long as a decision is ', 30)),
               CASE WHEN n % 20 = 0 THEN 'taken' ELSE 'waiting' END,
               CASE WHEN n % 20 = 0 THEN 'clerk-' || n / 20 % $6 END,
               CASE WHEN n % 20 = 0 THEN now() + interval '2 hours' END,
               CASE WHEN n % 40 = 0 THEN 'Kapı numarası kaç?' END, 0
        FROM (SELECT n, 1 + (n * 17) % array_length($3::text[], 1) AS hood,
                     now() - (n * 7 % 11520) * interval '1 minute' AS began
              FROM generate_series(1, $1::int) AS n) AS numbered,
             (SELECT $2::text[] AS owners, $3::text[] AS hoods, $4::text[] AS names, $5::text[] AS topics,
                     $7::text[] AS sentences) AS known
        """,
        items,
        list(owners),
        [row.code for row in place.neighbourhoods],
        [row.name for row in place.neighbourhoods],
        [row.code for row in place.topics],
        CLERKS,
        list(SENTENCES),
    )
    await connection.execute("VACUUM ANALYZE work_item")
