-- When somebody has to look at a case again: a clock reaches a step, or a receipt stays away. Every move of a case makes
-- it now; NULL: nothing happens by itself any more.
ALTER TABLE case_record ADD COLUMN next_look_at timestamptz DEFAULT now();
-- The watcher's question: which cases must be looked at now?
CREATE INDEX case_record_to_look_at ON case_record (next_look_at) WHERE next_look_at IS NOT NULL;

-- What was told of which clock; a due moment that moved is another one, so its steps are told anew.
CREATE TABLE clock_told (
    assignment_id uuid NOT NULL,
    clock text NOT NULL CHECK (clock IN ('service', 'legal')),
    step text NOT NULL,
    due_at timestamptz NOT NULL,
    case_id uuid NOT NULL REFERENCES case_record,
    told_at timestamptz NOT NULL,
    PRIMARY KEY (assignment_id, clock, step, due_at)
);

-- Assignments without a receipt that were put into their owner's queue again.
CREATE TABLE receipt_reminder (
    assignment_id uuid PRIMARY KEY,
    case_id uuid NOT NULL REFERENCES case_record,
    owner text NOT NULL,
    times int NOT NULL CHECK (times >= 1),
    last_at timestamptz NOT NULL
);
-- "What became of the reminders of this case?"
CREATE INDEX receipt_reminder_of_case ON receipt_reminder (case_id);
-- "How many of this owner's were put in again lately?"
CREATE INDEX receipt_reminder_lately ON receipt_reminder (owner, last_at);

-- Owners that give no receipts, and a person was told so; gone when one comes again.
CREATE TABLE silent_owner (
    owner text PRIMARY KEY,
    task_id uuid NOT NULL,
    told_at timestamptz NOT NULL
);
