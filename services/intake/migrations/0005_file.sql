-- A large body lies in the object store: here stands where.
ALTER TABLE raw_message ALTER COLUMN sealed DROP NOT NULL;
ALTER TABLE raw_message ADD COLUMN body_key text;
ALTER TABLE raw_message ADD CONSTRAINT raw_message_is_kept CHECK ((sealed IS NULL) <> (body_key IS NULL));

-- A file (ek) of a citizen. It lies in the object store under `files/<id>` once it is kept. `attachment_sealed` is
-- what the message told of it. Until it is kept or given up, `due_at` is the next attempt, or the end of a lease.
-- Without a foreign key: while a burst is gathered its contact is not there yet.
CREATE TABLE file (
    id uuid PRIMARY KEY,
    contact_id uuid NOT NULL,
    raw_id uuid NOT NULL,
    position int NOT NULL,
    provider text,
    account text NOT NULL,
    attachment_sealed bytea NOT NULL,
    state text NOT NULL CHECK (state IN ('pending', 'kept', 'refused', 'lost')),
    reason text,
    attempts int NOT NULL DEFAULT 0,
    due_at timestamptz,
    media_type text,
    size_bytes bigint,
    width int,
    height int,
    latitude float8,
    longitude float8,
    taken_at timestamptz,
    told_at timestamptz NOT NULL DEFAULT now(),
    settled_at timestamptz,
    CHECK ((state = 'pending') = (due_at IS NOT NULL)),
    CHECK ((state IN ('refused', 'lost')) = (reason IS NOT NULL))
);
-- The fetcher's question: what is due?
CREATE INDEX file_due ON file (due_at) WHERE state = 'pending';
-- The case page's question: which files came with this contact?
CREATE INDEX file_by_contact ON file (contact_id);
