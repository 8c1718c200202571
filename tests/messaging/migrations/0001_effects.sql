-- What a test's handler did: one row for each time an event took effect.
CREATE TABLE effect (
    event_id uuid NOT NULL,
    note text NOT NULL,
    at timestamptz NOT NULL DEFAULT now()
);
