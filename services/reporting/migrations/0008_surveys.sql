-- Who closed a case when, and what its citizen said of it: whoever is told of either first, an answer is counted for
-- who had closed the case by then. What was counted before follows with `ilkim rebuild`.
CREATE TABLE case_closing (
    case_id uuid NOT NULL,
    version int NOT NULL,
    at timestamptz NOT NULL,
    owner text NOT NULL,
    PRIMARY KEY (case_id, version)
);

CREATE TABLE survey_answer (
    event_id uuid PRIMARY KEY,
    case_id uuid NOT NULL,
    at timestamptz NOT NULL,
    channel text NOT NULL,
    solved bool NOT NULL
);
-- What was said of these cases?
CREATE INDEX survey_answer_by_case ON survey_answer (case_id);
