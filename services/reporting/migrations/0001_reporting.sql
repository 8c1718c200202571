-- Every fact, append-only: what all figures can be made from again. The inbox keeps each event from coming twice.
CREATE TABLE event_log (
    event_id uuid NOT NULL,
    type text NOT NULL,
    occurred_at timestamptz NOT NULL,
    written_at timestamptz NOT NULL DEFAULT now(),
    event bytea NOT NULL
);
-- The page's question: up to when is everything counted?
CREATE INDEX event_log_newest ON event_log (written_at);

-- A case as its events tell it, folded by version.
CREATE TABLE case_fact (
    case_id uuid PRIMARY KEY,
    number text NOT NULL,
    channel text NOT NULL,
    lane text NOT NULL,
    opened_at timestamptz,
    version int NOT NULL,
    state text NOT NULL,
    outcome text NOT NULL,
    owner text NOT NULL,
    owner_kind text NOT NULL,
    assigned_version int NOT NULL,
    topic text NOT NULL,
    neighbourhood text NOT NULL,
    closed_at timestamptz
) WITH (fillfactor = 80);

-- How many cases share all of this; the sum over all cells is the number of cases.
CREATE TABLE case_cell (
    day date NOT NULL,
    channel text NOT NULL,
    owner text NOT NULL,
    owner_kind text NOT NULL,
    neighbourhood text NOT NULL,
    topic text NOT NULL,
    lane text NOT NULL,
    state text NOT NULL,
    outcome text NOT NULL,
    cases int NOT NULL,
    PRIMARY KEY (day, channel, owner, owner_kind, neighbourhood, topic, lane, state, outcome)
) WITH (fillfactor = 80);

CREATE TABLE contact_cell (
    day date NOT NULL,
    channel text NOT NULL,
    purpose text NOT NULL,
    effect text NOT NULL,
    contacts int NOT NULL,
    PRIMARY KEY (day, channel, purpose, effect)
) WITH (fillfactor = 80);

-- How often a reply reached a status, by the day it did.
CREATE TABLE notice_cell (
    day date NOT NULL,
    channel text NOT NULL,
    event text NOT NULL,
    status text NOT NULL,
    notices int NOT NULL,
    PRIMARY KEY (day, channel, event, status)
) WITH (fillfactor = 80);
