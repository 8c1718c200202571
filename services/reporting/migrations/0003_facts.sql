-- What else is known of a case. Those counted before know their day and hour alone: `ilkim rebuild` tells the rest.
ALTER TABLE case_fact
    ADD COLUMN day date,
    ADD COLUMN hour int NOT NULL DEFAULT 0 CHECK (hour BETWEEN 0 AND 167),
    ADD COLUMN kind text NOT NULL DEFAULT '',
    ADD COLUMN urgency text NOT NULL DEFAULT '',
    ADD COLUMN source text NOT NULL DEFAULT '',
    ADD COLUMN due_at timestamptz,
    ADD COLUMN due_version int NOT NULL DEFAULT 0,
    ADD COLUMN legal_due_at timestamptz,
    ADD COLUMN answered_at timestamptz,
    ADD COLUMN on_time_told bool,
    ADD COLUMN returns int NOT NULL DEFAULT 0,
    ADD COLUMN returned_in int[] NOT NULL DEFAULT '{}',
    ADD COLUMN reopened int NOT NULL DEFAULT 0,
    ADD COLUMN duplicate bool NOT NULL DEFAULT false,
    ADD COLUMN gathered_version int NOT NULL DEFAULT 0,
    -- Of its own, so that an index over open cases changes only when a case opens or closes.
    ADD COLUMN is_open bool GENERATED ALWAYS AS (state <> 'closed') STORED;

UPDATE case_fact
SET day = (opened_at AT TIME ZONE 'Europe/Istanbul')::date,
    hour = (extract(isodow FROM opened_at AT TIME ZONE 'Europe/Istanbul')::int - 1) * 24
           + extract(hour FROM opened_at AT TIME ZONE 'Europe/Istanbul')::int
WHERE opened_at IS NOT NULL;

-- A list's and an export's question: the cases of some days, by their opening.
CREATE INDEX case_fact_by_opening ON case_fact (day, opened_at, case_id);
-- What is late now?
CREATE INDEX case_fact_open ON case_fact (due_at, legal_due_at) WHERE is_open;
