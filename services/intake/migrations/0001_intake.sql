-- Every message as it came, sealed: written in the transaction that registers it.
CREATE TABLE raw_message (
    id uuid PRIMARY KEY,
    channel text NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    sealed bytea NOT NULL
);

-- The vault: who stands behind a pseudonym.
CREATE TABLE contact_point (
    person_id uuid PRIMARY KEY,
    channel text NOT NULL,
    account text NOT NULL,
    address_sealed bytea NOT NULL,
    name_sealed bytea,
    first_seen_at timestamptz NOT NULL DEFAULT now()
);

-- What came in. The provider's id makes it one, whatever is delivered again.
CREATE TABLE contact (
    id uuid PRIMARY KEY,
    channel text NOT NULL,
    account text NOT NULL,
    provider_id text NOT NULL,
    person_id uuid,
    raw_id uuid NOT NULL,
    occurred_at timestamptz NOT NULL,
    registered_at timestamptz NOT NULL DEFAULT now(),
    purpose text NOT NULL,
    language text NOT NULL,
    lane text NOT NULL CHECK (lane IN ('urgent', 'routine')),
    effect text NOT NULL CHECK (effect IN ('opened', 'joined', 'none')),
    UNIQUE (channel, account, provider_id)
);

CREATE SEQUENCE case_count MINVALUE 0 START 0 CACHE 1;

-- The work, as far as intake knows it: its number and who asked.
CREATE TABLE case_file (
    id uuid PRIMARY KEY,
    number text NOT NULL UNIQUE,
    contact_id uuid NOT NULL REFERENCES contact,
    person_id uuid,
    opened_at timestamptz NOT NULL
);

-- Which contact opened a case stands in the case; here stand the contacts that joined one later.
CREATE TABLE joined_case (
    contact_id uuid NOT NULL REFERENCES contact,
    case_id uuid NOT NULL REFERENCES case_file,
    PRIMARY KEY (contact_id, case_id)
);
-- The tracking page's questions: what did this contact open, and what else was said about this case?
CREATE INDEX case_file_by_contact ON case_file (contact_id);
CREATE INDEX joined_case_by_case ON joined_case (case_id);

-- Replies to citizens who used the form; the page of their submission shows them.
CREATE TABLE web_reply (
    id uuid PRIMARY KEY,
    submission_id text NOT NULL,
    text text NOT NULL,
    number text,
    kept_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX web_reply_by_submission ON web_reply (submission_id);
