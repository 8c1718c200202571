-- What a contact is beside its words: why it joined or is held, and what a reader of it should know.
ALTER TABLE contact
    ADD COLUMN kind text NOT NULL DEFAULT 'text',
    ADD COLUMN reason text NOT NULL DEFAULT '',
    ADD COLUMN flags text[] NOT NULL DEFAULT '{}';

-- What the follow-up rule asks of a case.
ALTER TABLE case_file
    ADD COLUMN lane text NOT NULL DEFAULT 'routine',
    ADD COLUMN last_contact_at timestamptz;
UPDATE case_file SET last_contact_at = opened_at;
ALTER TABLE case_file ALTER COLUMN last_contact_at SET NOT NULL;

-- `number_id` is the keyed hash of the bare phone number or mail address, the same on every channel and account:
-- a caller's history covers WhatsApp and SMS. The row is also the lock of its person: see `add_people`.
ALTER TABLE contact_point
    ADD COLUMN number_id uuid,
    ADD COLUMN last_seen_at timestamptz NOT NULL DEFAULT now();
-- The questions of a caller's history and of a bounce: who else is behind this number or address?
CREATE INDEX contact_point_by_number ON contact_point (number_id);

-- Further ways to answer a person, as they told them; by their keyed hash alone.
CREATE TABLE told_point (
    person_id uuid NOT NULL,
    channel text NOT NULL,
    number_id uuid NOT NULL,
    PRIMARY KEY (person_id, channel, number_id)
);
CREATE INDEX told_point_by_number ON told_point (number_id);

-- What belongs to a case without adding to it: automatic mail, a deleted message, a reaction.
CREATE TABLE linked_case (
    contact_id uuid NOT NULL REFERENCES contact,
    case_id uuid NOT NULL REFERENCES case_file,
    PRIMARY KEY (contact_id, case_id)
);
CREATE INDEX linked_case_by_case ON linked_case (case_id);

-- What a provider calls our replies, so that an answer to one finds its case.
CREATE TABLE sent_message (
    channel text NOT NULL,
    provider_id text NOT NULL,
    case_id uuid,
    contact_id uuid,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (channel, provider_id)
);

-- Messages of one sender that are still being gathered into one contact; `sealed` is the message.
CREATE TABLE burst (
    person_id uuid PRIMARY KEY,
    due_at timestamptz NOT NULL
);
-- The sweeper's question: which bursts are over?
CREATE INDEX burst_due ON burst (due_at);
CREATE TABLE burst_message (
    id uuid PRIMARY KEY,
    person_id uuid NOT NULL REFERENCES burst ON DELETE CASCADE,
    raw_id uuid NOT NULL,
    received_at timestamptz NOT NULL,
    arrival bigint GENERATED ALWAYS AS IDENTITY,
    sealed bytea NOT NULL
);
CREATE INDEX burst_message_by_person ON burst_message (person_id);
