-- One assignment on its way to an institution without a program of its own.
CREATE TABLE handover (
    id uuid PRIMARY KEY, -- the assignment's
    case_id uuid NOT NULL,
    institution text NOT NULL,
    number text NOT NULL,
    lane text NOT NULL CHECK (lane IN ('urgent', 'routine')),
    trace_id text NOT NULL,
    opened_at timestamptz NOT NULL,
    taken_at timestamptz NOT NULL DEFAULT now(),
    state text NOT NULL CHECK (state IN ('waiting', 'sending', 'sent', 'reminded', 'answered_by_link',
                                         'answered_by_mail', 'answered_by_api', 'silent', 'undeliverable', 'ended')),
    version int NOT NULL CHECK (version >= 0),
    reminders int NOT NULL CHECK (reminders >= 0),
    answers int NOT NULL CHECK (answers >= 0),
    sent_at timestamptz,
    counted_from timestamptz, -- since when they have had time; NULL: not with them, or it waits for the citizen
    next_at timestamptz,
    ask_at timestamptz, -- when to ask their server how it stands
    reference text, -- what their server calls it
    is_receipt boolean NOT NULL,
    seen text,
    offer_sealed bytea NOT NULL,
    CHECK (next_at IS NULL OR state IN ('sent', 'reminded'))
) WITH (fillfactor = 85);
-- The clock's question: whom do we remind, or wait for no longer?
CREATE INDEX handover_due ON handover (next_at) WHERE next_at IS NOT NULL;
-- The poller's question: which server do we ask next?
CREATE INDEX handover_to_ask ON handover (ask_at) WHERE ask_at IS NOT NULL;

-- Every change, in order; appended to and never rewritten.
CREATE TABLE handover_step (
    handover_id uuid NOT NULL REFERENCES handover,
    version int NOT NULL CHECK (version > 0),
    at timestamptz NOT NULL,
    move text NOT NULL,
    state text NOT NULL,
    choice text,
    note_sealed bytea, -- what they said
    PRIMARY KEY (handover_id, version)
);
CREATE FUNCTION handover_step_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the history of a hand-over is never rewritten';
END $$;
CREATE TRIGGER handover_step_stays BEFORE UPDATE OR DELETE ON handover_step
    FOR EACH ROW EXECUTE FUNCTION handover_step_stays();

-- One thing to be told to an institution.
CREATE TABLE letter (
    id uuid PRIMARY KEY,
    handover_id uuid NOT NULL REFERENCES handover,
    kind text NOT NULL CHECK (kind IN ('offer', 'reminder', 'addition', 'silence', 'warning', 'growth', 'ending')),
    state text NOT NULL CHECK (state IN ('waiting', 'sending', 'delivered', 'failed', 'dropped')),
    lane text NOT NULL CHECK (lane IN ('urgent', 'routine')),
    attempts int NOT NULL DEFAULT 0,
    due_at timestamptz NOT NULL, -- while sending: when its sender is held for dead
    is_doubted boolean NOT NULL DEFAULT false,
    reports int, -- of a growth: the highest counts
    error text,
    content_sealed bytea NOT NULL
) WITH (fillfactor = 85);
-- The sender's question: what goes out next, urgent first?
CREATE INDEX letter_due ON letter ((lane = 'routine'), due_at) WHERE state IN ('waiting', 'sending');
-- Reports of one problem gather in one letter.
CREATE UNIQUE INDEX letter_growing ON letter (handover_id) WHERE kind = 'growth' AND state = 'waiting';

-- What an institution's program told us already, by its own id.
CREATE TABLE told (
    institution text NOT NULL,
    message_id uuid NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (institution, message_id)
);
