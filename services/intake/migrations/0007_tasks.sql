-- Senders whose messages wait for a person, until then.
CREATE TABLE sender_block (
    person_id uuid PRIMARY KEY,
    until timestamptz NOT NULL,
    reason text NOT NULL,
    blocked_by text NOT NULL,
    blocked_at timestamptz NOT NULL DEFAULT now()
);

-- Contacts that a person must look at first; `sealed` is what they said, for when they are let go on.
CREATE TABLE held_contact (
    task_id uuid PRIMARY KEY,
    contact_id uuid NOT NULL UNIQUE REFERENCES contact,
    sealed bytea NOT NULL,
    reason text NOT NULL,
    held_at timestamptz NOT NULL DEFAULT now(),
    settled_at timestamptz,
    decision text,
    settled_by text,
    note text
);

-- Payloads that could not be read; `sealed` is what stood beside the body, the body is the raw message.
-- One may be parked again when it is read again in vain: `attempt` counts from 1.
CREATE TABLE parked_message (
    task_id uuid PRIMARY KEY,
    raw_id uuid NOT NULL REFERENCES raw_message,
    attempt int NOT NULL,
    sealed bytea NOT NULL,
    reason text NOT NULL,
    detail text NOT NULL,
    parked_at timestamptz NOT NULL DEFAULT now(),
    settled_at timestamptz,
    decision text,
    settled_by text,
    note text,
    UNIQUE (raw_id, attempt)
);

-- Callers nobody answered: one call-back each at a time, whatever line and however often they tried.
CREATE TABLE call_back (
    task_id uuid PRIMARY KEY,
    number_id uuid NOT NULL,
    asked_at timestamptz NOT NULL,
    settled_at timestamptz
);
-- The question of every missed call: is somebody to be called back already?
CREATE UNIQUE INDEX call_back_open ON call_back (number_id) WHERE settled_at IS NULL;
