-- Where people are answered, sealed.
CREATE TABLE address_book (
    person_id uuid PRIMARY KEY,
    channel text NOT NULL,
    account text NOT NULL,
    address_sealed bytea NOT NULL,
    name_sealed bytea,
    recorded_at timestamptz NOT NULL DEFAULT now()
);

-- Who is told about a case.
CREATE TABLE party (
    case_id uuid NOT NULL,
    contact_id uuid NOT NULL,
    person_id uuid,
    channel text NOT NULL,
    account text NOT NULL,
    language text NOT NULL,
    PRIMARY KEY (case_id, contact_id)
);

-- Every reply, rendered from the event that caused it; its id is derived from that event, so it exists once.
CREATE TABLE notice (
    id uuid PRIMARY KEY,
    event text NOT NULL,
    person_id uuid,
    contact_id uuid NOT NULL,
    case_id uuid,
    channel text NOT NULL,
    account text NOT NULL,
    language text NOT NULL,
    number text,
    text text NOT NULL,
    template text NOT NULL,
    template_version int NOT NULL,
    trace_id text NOT NULL,
    occurred_at timestamptz NOT NULL,
    status text NOT NULL CHECK (status IN ('waiting', 'sending', 'unknown', 'accepted', 'sent', 'delivered', 'read',
                                           'failed', 'no_address')),
    attempts int NOT NULL DEFAULT 0,
    provider_id text,
    error text,
    look_again_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 80);
-- The sweeper's question: which replies must be looked at again?
CREATE INDEX notice_look_again ON notice (look_again_at) WHERE look_again_at IS NOT NULL;
-- The case page's question: what was the citizen told?
CREATE INDEX notice_by_case ON notice (case_id);
