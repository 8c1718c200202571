-- A case as it stands: the fold of its history.
CREATE TABLE case_record (
    id uuid PRIMARY KEY,
    number text NOT NULL UNIQUE,
    version int NOT NULL CHECK (version >= 1),
    state text NOT NULL CHECK (state IN ('received', 'routed', 'accepted', 'in_progress', 'waiting_citizen',
                                         'waiting_institution', 'closed')),
    outcome text CHECK (outcome IN ('solved', 'answered', 'rejected', 'forwarded', 'duplicate', 'withdrawn',
                                    'not_examinable')),
    owner text NOT NULL,
    owner_kind text NOT NULL CHECK (owner_kind IN ('department', 'institution', 'centre')),
    assignment_id uuid NOT NULL,
    topic text,
    neighbourhood text,
    lane text NOT NULL CHECK (lane IN ('urgent', 'routine')),
    due_at timestamptz,
    returns int NOT NULL DEFAULT 0,
    opened_at timestamptz NOT NULL,
    contact_id uuid NOT NULL,
    person_id uuid,
    channel text NOT NULL,
    account text NOT NULL,
    language text NOT NULL,
    trace_id text NOT NULL,
    CHECK (state <> 'closed' OR outcome IS NOT NULL)
) WITH (fillfactor = 85);

-- Every step of every case, never rewritten. (case_id, version) is one step, whoever tried to write it twice.
CREATE TABLE case_history (
    case_id uuid NOT NULL,
    version int NOT NULL,
    type text NOT NULL,
    occurred_at timestamptz NOT NULL,
    written_at timestamptz NOT NULL DEFAULT now(),
    event bytea NOT NULL,
    PRIMARY KEY (case_id, version)
);
