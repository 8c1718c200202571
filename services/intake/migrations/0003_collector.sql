-- How far each collector has come, e.g. the last message taken from a mailbox.
CREATE TABLE collector_bookmark (
    name text PRIMARY KEY,
    value text NOT NULL,
    set_at timestamptz NOT NULL DEFAULT now()
);
