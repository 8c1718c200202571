-- Danger to life and limb, told by a citizen: open until somebody acknowledges it.
CREATE TABLE alert (
    id uuid PRIMARY KEY,
    emergency text NOT NULL,
    emergency_number text NOT NULL,
    told_by text NOT NULL, -- the phrase that told it; empty: the model alone
    channel text NOT NULL,
    account text NOT NULL,
    person_id uuid,
    address_sealed bytea,
    name_sealed bytea,
    texts text[] NOT NULL,
    place json NOT NULL,
    numbers text[] NOT NULL,
    case_ids uuid[] NOT NULL,
    calls int NOT NULL CHECK (calls >= 1),
    requested_at timestamptz NOT NULL,
    last_at timestamptz NOT NULL,
    due_at timestamptz NOT NULL,
    reminded int NOT NULL DEFAULT 0,
    trace_id text NOT NULL,
    acknowledged_at timestamptz
);
-- What of this sender is open? One alert, however often they write.
CREATE UNIQUE INDEX alert_open_sender ON alert (person_id) WHERE acknowledged_at IS NULL;
-- What is open, and what is overdue?
CREATE INDEX alert_open ON alert (due_at, id) WHERE acknowledged_at IS NULL;
-- What was acknowledged lately?
CREATE INDEX alert_acknowledged ON alert (acknowledged_at DESC, id) WHERE acknowledged_at IS NOT NULL;

-- Who looked at an alert or called, when, and what they noted; never rewritten.
CREATE TABLE alert_act (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    alert_id uuid NOT NULL REFERENCES alert (id),
    at timestamptz NOT NULL,
    by_whom text NOT NULL,
    how text NOT NULL CHECK (how IN ('seen', 'called')),
    note text NOT NULL
);
CREATE INDEX alert_act_of ON alert_act (alert_id, id);

ALTER TABLE look DROP CONSTRAINT look_what_check;
ALTER TABLE look ADD CONSTRAINT look_what_check CHECK (what IN ('task', 'call', 'alert'));
