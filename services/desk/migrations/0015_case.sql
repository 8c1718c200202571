-- What an offer says of the case's life: its step, by when the law wants an answer, reopenings, the case it goes on about.
ALTER TABLE work_item ADD COLUMN version int;
ALTER TABLE work_item ADD COLUMN legal_due_at timestamptz;
ALTER TABLE work_item ADD COLUMN reopened int NOT NULL DEFAULT 0;
ALTER TABLE work_item ADD COLUMN reopened_because text;
ALTER TABLE work_item ADD COLUMN follows json;

ALTER TABLE work_step DROP CONSTRAINT work_step_kind_check;
ALTER TABLE work_step ADD CONSTRAINT work_step_kind_check
    CHECK (kind IN ('offered', 'added', 'taken', 'asked', 'decided', 'returned', 'closed', 'grew', 'gathered',
                    'separated', 'released', 'lapsed', 'warned', 'silent', 'ended', 'split'));

-- The life of a case as the router tells it, also where it is with others; appended, never rewritten.
CREATE TABLE case_fact (
    case_id uuid NOT NULL,
    version int NOT NULL,
    at timestamptz NOT NULL,
    kind text NOT NULL,     -- the word of the fact, e.g. `assigned`
    assignment_id uuid,
    state text NOT NULL,
    outcome text,
    owner text NOT NULL,
    by_whom text NOT NULL,  -- '' where no person decided
    detail text,            -- whose it was said to be, which number it follows, why it came back: by its code
    text text NOT NULL,
    PRIMARY KEY (case_id, version)
);

-- What the citizen was told, and whether it arrived: the latest of each notice.
CREATE TABLE case_notice (
    id uuid PRIMARY KEY,
    case_id uuid,
    contact_id uuid,
    event text NOT NULL,
    channel text NOT NULL,
    status text NOT NULL,
    at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    CHECK (case_id IS NOT NULL OR contact_id IS NOT NULL)
) WITH (fillfactor = 80);
-- The case page's question: what was told about this case, and about the contact that opened it?
CREATE INDEX case_notice_case ON case_notice (case_id) WHERE case_id IS NOT NULL;
CREATE INDEX case_notice_contact ON case_notice (contact_id) WHERE contact_id IS NOT NULL;

-- What colleagues say to each other about a case; the citizen is never told. Never rewritten.
CREATE TABLE case_note (
    id uuid PRIMARY KEY,
    case_id uuid NOT NULL,
    at timestamptz NOT NULL,
    by_whom text NOT NULL,
    owner text NOT NULL,    -- whose the case was when it was written
    text text NOT NULL
);
CREATE INDEX case_note_case ON case_note (case_id, at);
-- Who is meant: a colleague or an owner, by the name that was written, folded.
CREATE TABLE note_mention (
    note_id uuid NOT NULL REFERENCES case_note,
    whom text NOT NULL,
    PRIMARY KEY (note_id, whom)
);
-- The navigation's question: what was written to me or to my department?
CREATE INDEX note_mention_whom ON note_mention (whom);
CREATE TABLE note_seen (
    note_id uuid NOT NULL REFERENCES case_note,
    by_whom text NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (note_id, by_whom)
);

-- A photo of the finished work is a file of the case too.
ALTER TABLE case_attachment ADD COLUMN source text NOT NULL DEFAULT 'citizen'
    CHECK (source IN ('citizen', 'finished'));
ALTER TABLE case_attachment ADD COLUMN by_whom text NOT NULL DEFAULT '';

ALTER TABLE look DROP CONSTRAINT look_what_check;
ALTER TABLE look ADD CONSTRAINT look_what_check CHECK (what IN ('task', 'call', 'alert', 'case'));
