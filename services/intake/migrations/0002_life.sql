-- Every message we accepted, once: its provider's id leads to the one contact it belongs to. A burst of messages
-- is one contact with several of them; `position` counts them from 0. While a burst is gathered its contact is not
-- there yet, so there is no foreign key: the ledger checks what is at rest.
CREATE TABLE inbound_message (
    channel text NOT NULL,
    account text NOT NULL,
    provider_id text NOT NULL,
    contact_id uuid NOT NULL,
    raw_id uuid NOT NULL,
    position int NOT NULL DEFAULT 0,
    occurred_at timestamptz NOT NULL,
    kind text NOT NULL DEFAULT 'text',
    PRIMARY KEY (channel, account, provider_id)
);
INSERT INTO inbound_message (channel, account, provider_id, contact_id, raw_id, occurred_at)
SELECT channel, account, provider_id, id, raw_id, occurred_at FROM contact;
-- The case page's question: which messages were this contact?
CREATE INDEX inbound_message_by_contact ON inbound_message (contact_id);
ALTER TABLE contact DROP CONSTRAINT contact_channel_account_provider_id_key;
ALTER TABLE contact DROP CONSTRAINT contact_effect_check;
ALTER TABLE contact ADD CONSTRAINT contact_effect_check CHECK (effect IN ('opened', 'joined', 'none', 'held'));
-- The follow-up rule's and the loop limit's question: what else came from this person lately?
CREATE INDEX contact_by_person ON contact (person_id, occurred_at);

-- The case as the router told it last, for follow-ups, the tracking page and open data: a projection, the router
-- owns the truth. `version` is the step it stands at, `assigned_version` the assignment that topic, neighbourhood
-- and due time come from: steps may come in any order. `text` is masked and cut, `place` as the channel told it.
ALTER TABLE case_file
    ADD COLUMN channel text,
    ADD COLUMN account text,
    ADD COLUMN text text NOT NULL DEFAULT '',
    ADD COLUMN place jsonb,
    ADD COLUMN latitude float8,
    ADD COLUMN longitude float8,
    ADD COLUMN version int NOT NULL DEFAULT 1,
    ADD COLUMN assigned_version int NOT NULL DEFAULT 0,
    ADD COLUMN state text NOT NULL DEFAULT 'received',
    ADD COLUMN outcome text,
    ADD COLUMN owner text,
    ADD COLUMN owner_kind text,
    ADD COLUMN topic text,
    ADD COLUMN neighbourhood text,
    ADD COLUMN due_at timestamptz,
    ADD COLUMN closed_at timestamptz,
    ADD COLUMN updated_at timestamptz NOT NULL DEFAULT now();
UPDATE case_file SET channel = contact.channel, account = contact.account FROM contact WHERE contact.id = contact_id;
ALTER TABLE case_file ALTER COLUMN channel SET NOT NULL, ALTER COLUMN account SET NOT NULL;

-- What happened to a case, for its timeline. Without a foreign key: a step may outlive a restored backup's case.
CREATE TABLE case_step (
    case_id uuid NOT NULL,
    version int NOT NULL,
    at timestamptz NOT NULL,
    kind text NOT NULL,
    state text NOT NULL,
    owner text NOT NULL,
    owner_kind text NOT NULL,
    outcome text,
    text text NOT NULL DEFAULT '',
    PRIMARY KEY (case_id, version)
);

-- The follow-up rule's question: which cases of this person are there?
CREATE INDEX case_file_by_person ON case_file (person_id, opened_at);
-- The form's questions before sending: what is open near this point, or in this neighbourhood?
CREATE INDEX case_file_open_near ON case_file (latitude, longitude) WHERE state <> 'closed' AND latitude IS NOT NULL;
CREATE INDEX case_file_open_in ON case_file (neighbourhood, topic) WHERE state <> 'closed';
-- Open data's questions: what was opened between, what changed since?
CREATE INDEX case_file_by_opening ON case_file (opened_at);
CREATE INDEX case_file_by_change ON case_file (updated_at);
