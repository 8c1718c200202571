-- What every consuming service needs beside its own tables: inbox, outbox, waiting room and shelf.

-- An event takes effect in the transaction that writes its row here, and never again.
CREATE TABLE inbox (
    consumer text NOT NULL,
    event_id uuid NOT NULL,
    taken_on date NOT NULL DEFAULT CURRENT_DATE,
    PRIMARY KEY (consumer, event_id)
);

-- One parcel holds every message one transaction causes. Kept some days after publishing, so that a broker that
-- lost its disk can be filled again.
CREATE TABLE outbox (
    id uuid PRIMARY KEY,
    created_at timestamptz NOT NULL DEFAULT now(),
    published_at timestamptz,
    exchanges text[] NOT NULL,
    routing_keys text[] NOT NULL,
    message_ids text[] NOT NULL,
    bodies bytea[] NOT NULL,
    CHECK (cardinality(bodies) = cardinality(exchanges)
       AND cardinality(bodies) = cardinality(routing_keys)
       AND cardinality(bodies) = cardinality(message_ids))
);
-- The sweeper's question: which parcels wait, oldest first?
CREATE INDEX outbox_waiting ON outbox (created_at) WHERE published_at IS NULL;

-- Events that failed and wait for their next attempt.
CREATE TABLE retry (
    consumer text NOT NULL,
    event_id uuid NOT NULL,
    body bytea NOT NULL,
    attempts int NOT NULL CHECK (attempts > 0),
    due_at timestamptz NOT NULL,
    first_failed_at timestamptz NOT NULL DEFAULT now(),
    last_error text NOT NULL,
    PRIMARY KEY (consumer, event_id)
);
CREATE INDEX retry_due ON retry (consumer, due_at);

-- The shelf: what can never succeed, or did not in all its attempts, with its cause and bytes.
CREATE TABLE dead_letter (
    id uuid PRIMARY KEY,
    consumer text NOT NULL,
    event_id uuid,
    body bytea NOT NULL,
    reason text NOT NULL,
    attempts int NOT NULL,
    shelved_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX dead_letter_newest ON dead_letter (shelved_at);
