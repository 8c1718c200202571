-- A claim stands for a time; a form is sent in view of a revision.
ALTER TABLE work_item ADD COLUMN held_until timestamptz; -- NULL: does not run out
ALTER TABLE work_item ADD COLUMN revision int NOT NULL DEFAULT 0;
UPDATE work_item SET held_until = now() + interval '4 hours' WHERE state = 'taken';
ALTER TABLE work_item ADD CONSTRAINT work_item_claim CHECK (held_until IS NULL OR state = 'taken');
-- The sweep's question: whose claim ran out?
CREATE INDEX work_item_lapsing ON work_item (held_until) WHERE state = 'taken';

ALTER TABLE work_step DROP CONSTRAINT work_step_kind_check;
ALTER TABLE work_step ADD CONSTRAINT work_step_kind_check
    CHECK (kind IN ('offered', 'added', 'taken', 'asked', 'decided', 'returned', 'closed', 'grew', 'gathered',
                    'separated', 'released', 'lapsed'));

-- The list asks owner by owner and rank by rank, so that each question is one range of one index.
ALTER TABLE work_item ADD CONSTRAINT work_item_rank CHECK (rank BETWEEN 0 AND 15);
DROP INDEX work_item_soonest;
-- What has to be done, soonest due first; what is late, what is due today?
CREATE INDEX work_item_soonest
    ON work_item (owner, rank, (coalesce(due_at, '9999-12-31T00:00:00Z'::timestamptz)), opened_at, assignment_id)
    WHERE state <> 'done';
-- What is there in this neighbourhood?
CREATE INDEX work_item_where
    ON work_item (neighbourhood, owner, rank, (coalesce(due_at, '9999-12-31T00:00:00Z'::timestamptz)), opened_at,
                  assignment_id)
    WHERE state <> 'done';
-- What is there about this topic?
CREATE INDEX work_item_about
    ON work_item (topic, owner, rank, (coalesce(due_at, '9999-12-31T00:00:00Z'::timestamptz)), opened_at,
                  assignment_id)
    WHERE state <> 'done';
-- What is there of this kind?
CREATE INDEX work_item_kind
    ON work_item (kind, owner, rank, (coalesce(due_at, '9999-12-31T00:00:00Z'::timestamptz)), opened_at,
                  assignment_id)
    WHERE state <> 'done';
-- What came back?
CREATE INDEX work_item_returned
    ON work_item (owner, rank, (coalesce(due_at, '9999-12-31T00:00:00Z'::timestamptz)), opened_at, assignment_id)
    WHERE state <> 'done' AND returns > 0;
-- What waits for the citizen?
CREATE INDEX work_item_asked
    ON work_item (owner, rank, (coalesce(due_at, '9999-12-31T00:00:00Z'::timestamptz)), opened_at, assignment_id)
    WHERE state <> 'done' AND question IS NOT NULL;
-- What do I hold?
CREATE INDEX work_item_mine
    ON work_item (taken_by, owner, rank, (coalesce(due_at, '9999-12-31T00:00:00Z'::timestamptz)), opened_at,
                  assignment_id)
    WHERE state = 'taken';

-- What can be searched, in narrow rows: an item of ours, or a case that is with an owner who does not work here.
CREATE TABLE search_entry (
    id uuid PRIMARY KEY, -- of the item, or of the case
    case_id uuid NOT NULL,
    is_item boolean NOT NULL,
    owner text NOT NULL,
    is_open boolean NOT NULL,
    opened_at timestamptz NOT NULL,
    words tsvector NOT NULL -- folded words and their stems, see domain/searching.py
);
-- Where do these words stand?
CREATE INDEX search_entry_words ON search_entry USING gin (words);
-- Which is the newest? Words that stand everywhere are found quicker so.
CREATE INDEX search_entry_newest ON search_entry (opened_at, id);

-- What changed since it was last read for the search?
ALTER TABLE work_item ADD COLUMN is_indexed boolean NOT NULL DEFAULT false;
CREATE INDEX work_item_unread ON work_item (assignment_id) WHERE NOT is_indexed;
ALTER TABLE known_case ADD COLUMN is_indexed boolean NOT NULL DEFAULT false;
CREATE INDEX known_case_unread ON known_case (case_id) WHERE NOT is_indexed;
