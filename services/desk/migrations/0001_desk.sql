-- One assignment offered to the solution centre or to a department that works here.
CREATE TABLE work_item (
    assignment_id uuid PRIMARY KEY,
    case_id uuid NOT NULL,
    number text NOT NULL,
    owner text NOT NULL,
    owner_kind text NOT NULL CHECK (owner_kind IN ('department', 'centre')),
    lane text NOT NULL CHECK (lane IN ('urgent', 'routine')),
    topic text,
    text text NOT NULL,
    place json NOT NULL,
    neighbourhood text,
    language text NOT NULL,
    opened_at timestamptz NOT NULL,
    offered_at timestamptz NOT NULL,
    due_at timestamptz,
    returns int NOT NULL,
    returned_because text,
    proposals json NOT NULL,
    reasons text[] NOT NULL,
    attachments int NOT NULL,
    trace_id text NOT NULL,
    state text NOT NULL CHECK (state IN ('waiting', 'taken', 'done')),
    taken_by text,
    question text,  -- what the citizen was asked and has not answered yet
    questions int NOT NULL,
    done_at timestamptz,
    ending_id uuid, -- of the answer that ended it: the same once more is no news
    CHECK ((state = 'taken') = (taken_by IS NOT NULL AND done_at IS NULL)),
    CHECK ((state = 'done') = (done_at IS NOT NULL AND ending_id IS NOT NULL))
) WITH (fillfactor = 85);
-- Triage's question: what waits with the centre, urgent first, oldest first?
CREATE INDEX work_item_oldest ON work_item (owner, (lane = 'routine'), opened_at, assignment_id)
    WHERE state <> 'done';
-- The work list's question: what has to be done, urgent first, soonest due first?
CREATE INDEX work_item_soonest
    ON work_item ((lane = 'routine'), (coalesce(due_at, '9999-12-31T00:00:00Z'::timestamptz)), opened_at, assignment_id)
    WHERE state <> 'done';
-- The story's question: where was this case before?
CREATE INDEX work_item_case ON work_item (case_id);

-- What happened to an item, in order; never rewritten.
CREATE TABLE work_step (
    id uuid PRIMARY KEY,
    assignment_id uuid NOT NULL REFERENCES work_item,
    at timestamptz NOT NULL,
    kind text NOT NULL CHECK (kind IN ('offered', 'added', 'taken', 'asked', 'decided', 'returned', 'closed')),
    by_whom text NOT NULL, -- '' where no person of ours did it
    detail text,           -- the owner, outcome or proposal of the step, by its code
    text text NOT NULL
);
CREATE INDEX work_step_story ON work_step (assignment_id, at);
