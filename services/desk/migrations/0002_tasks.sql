-- Something that needs a person: a call, a letter, a reply that reached nobody, a message that is held.
CREATE TABLE task (
    id uuid PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('call_back', 'call', 'letter', 'undelivered', 'held', 'parked')),
    source text NOT NULL CHECK (source IN ('intake', 'notifier')),
    lane text NOT NULL CHECK (lane IN ('urgent', 'routine')),
    channel text NOT NULL,
    account text NOT NULL,
    case_id uuid,
    contact_id uuid,
    person_id uuid,
    number text,
    address_sealed bytea,
    name_sealed bytea,
    reason text NOT NULL,
    detail text NOT NULL,
    text text NOT NULL,
    requested_at timestamptz NOT NULL,
    trace_id text NOT NULL,
    settled_at timestamptz,
    decision text CHECK (decision IN ('done', 'release', 'discard', 'block', 'retry')),
    settled_by text,
    note text,
    CHECK ((settled_at IS NULL) = (decision IS NULL) AND (settled_at IS NULL) = (settled_by IS NULL))
);
-- The list's question: what waits for a person, urgent first, oldest first?
CREATE INDEX task_waiting ON task ((lane = 'routine'), requested_at, id) WHERE settled_at IS NULL;
-- What was settled last?
CREATE INDEX task_settled ON task (settled_at DESC, id) WHERE settled_at IS NOT NULL;

-- Who saw whose address, and when; never rewritten.
CREATE TABLE look (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT now(),
    by_whom text NOT NULL,
    what text NOT NULL CHECK (what IN ('task', 'call')),
    subject uuid NOT NULL
);
CREATE INDEX look_subject ON look (what, subject);
