-- What an operator entered, and the contact it became. Who and what it is about stands with intake alone.
CREATE TABLE entry (
    id uuid PRIMARY KEY,
    contact_id uuid NOT NULL UNIQUE,
    channel text NOT NULL,
    provider_id text NOT NULL,
    entered_at timestamptz NOT NULL DEFAULT now(),
    entered_by text NOT NULL,
    answered boolean NOT NULL,  -- told at once, no case wanted
    task_id uuid,               -- the call-back that led to it
    registered_at timestamptz,
    effect text CHECK (effect IN ('opened', 'joined', 'none', 'held')),
    numbers text[] NOT NULL DEFAULT '{}',
    UNIQUE (channel, provider_id),
    CHECK ((registered_at IS NULL) = (effect IS NULL))
);
-- The entry form's question: what like this came in lately?
CREATE INDEX work_item_recent ON work_item (opened_at);
