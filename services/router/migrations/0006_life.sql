-- The step that last changed what is to be done: an answer given without having seen it is refused.
ALTER TABLE case_record ADD COLUMN changed_version int NOT NULL DEFAULT 1;
-- How often the case was closed and opened again, and when last.
ALTER TABLE case_record ADD COLUMN reopened int NOT NULL DEFAULT 0;
ALTER TABLE case_record ADD COLUMN reopened_at timestamptz;
-- Since when it waits for its citizen.
ALTER TABLE case_record ADD COLUMN asked_at timestamptz;
UPDATE case_record
SET changed_version = coalesce(step.changed, 1), asked_at = CASE WHEN state = 'waiting_citizen' THEN step.asked END
FROM (
    SELECT case_id,
           max(version) FILTER (WHERE type IN ('case.assigned.v1', 'case.asked.v1', 'case.returned.v1',
                                               'case.closed.v1', 'case.gathered.v1', 'case.separated.v1')) AS changed,
           max(occurred_at) FILTER (WHERE type = 'case.asked.v1') AS asked
    FROM case_history
    GROUP BY case_id
) AS step
WHERE step.case_id = case_record.id;
ALTER TABLE case_record ADD CHECK ((state = 'waiting_citizen') = (asked_at IS NOT NULL));
-- "Which cases have waited for their citizens the longest?"
CREATE INDEX case_record_asked ON case_record (asked_at) WHERE asked_at IS NOT NULL;

-- What a citizen said in a survey, until a person decided whether the case is reopened. `task_id` is theirs.
CREATE TABLE reopening_request (
    task_id uuid PRIMARY KEY,
    case_id uuid NOT NULL REFERENCES case_record,
    asked_at timestamptz NOT NULL,
    event bytea NOT NULL
);

-- The history is appended to and never rewritten.
CREATE FUNCTION refuse_rewriting() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the history of cases is never rewritten: % refused', TG_OP;
END
$$;
CREATE TRIGGER case_history_is_never_rewritten BEFORE UPDATE OR DELETE ON case_history
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting();
