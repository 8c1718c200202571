-- What citizens are told some time after a step of their case, unless something comes between: a survey after its
-- closing, a reminder of a question. `version` is the step of the case this goes by; `due_at` NULL: nothing is to be
-- told (any more), for the reason that stands in `dropped`, or because it was told (`told_at`).
CREATE TABLE later (
    case_id uuid NOT NULL,
    event text NOT NULL,
    version int NOT NULL,
    number text NOT NULL,
    trace_id text NOT NULL,
    occurred_at timestamptz NOT NULL,
    words jsonb NOT NULL DEFAULT '{}',
    due_at timestamptz,
    dropped text NOT NULL DEFAULT '',
    told_at timestamptz,
    person_id uuid,
    PRIMARY KEY (case_id, event)
);
-- The sweeper's question: what is to be told by now?
CREATE INDEX later_due ON later (due_at) WHERE due_at IS NOT NULL;
-- A survey's question: when was this person asked last?
CREATE INDEX later_told ON later (person_id, told_at) WHERE told_at IS NOT NULL;
-- And: which other cases have they?
CREATE INDEX party_by_person ON party (person_id) WHERE person_id IS NOT NULL;

-- Cases that were closed before are not asked about, and known to be closed.
INSERT INTO later (case_id, event, version, number, trace_id, occurred_at, dropped)
SELECT DISTINCT ON (case_id) case_id, 'survey', 0, coalesce(number, ''), trace_id, occurred_at, 'closed_before'
FROM notice
WHERE event IN ('closed', 'rejected') AND case_id IS NOT NULL
ORDER BY case_id, occurred_at DESC;

-- A third reason not to write: they wish no surveys, on whatever channel.
ALTER TABLE obstacle
    DROP CONSTRAINT obstacle_kind_check,
    ADD CONSTRAINT obstacle_kind_check CHECK (kind IN ('opted_out', 'failed', 'no_surveys'));
