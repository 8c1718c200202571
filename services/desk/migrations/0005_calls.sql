-- A call at one of our lines as it stands: the fold of what the exchange told, in whatever order.
CREATE TABLE call (
    id uuid PRIMARY KEY,
    provider text NOT NULL,
    account text NOT NULL,
    call_id text NOT NULL,
    state text NOT NULL CHECK (state IN ('ringing', 'answered', 'ended', 'missed')),
    extension text,
    address_sealed bytea,
    name_sealed bytea,
    person_id uuid,
    history json NOT NULL,
    began_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    answered_at timestamptz,
    UNIQUE (provider, account, call_id)
) WITH (fillfactor = 70);
-- The screen's question: who called lately?
CREATE INDEX call_recent ON call (changed_at DESC);
-- Did this person look at this already? A page that renews itself is one look.
CREATE INDEX look_by ON look (what, subject, by_whom);
