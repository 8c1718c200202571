-- What an offer says of its decision: the kind, how urgent, whom else it concerns, why, and what may be the same problem.
ALTER TABLE work_item ADD COLUMN kind text
    CHECK (kind IN ('request', 'suggestion', 'complaint', 'tip', 'information', 'thanks'));
ALTER TABLE work_item ADD COLUMN urgency text;
ALTER TABLE work_item ADD COLUMN hides_identity boolean NOT NULL DEFAULT false;
ALTER TABLE work_item ADD COLUMN secondary json NOT NULL DEFAULT '[]';
ALTER TABLE work_item ADD COLUMN similar_cases json NOT NULL DEFAULT '[]';
ALTER TABLE work_item ADD COLUMN why json;
ALTER TABLE work_item ADD COLUMN returned_by text;
ALTER TABLE work_item ADD COLUMN incident_id uuid;
ALTER TABLE work_item ADD COLUMN reports int NOT NULL DEFAULT 1 CHECK (reports >= 1);

-- The further reports of the problem an item is about, by their cases.
CREATE TABLE incident_report (
    assignment_id uuid NOT NULL REFERENCES work_item,
    case_id uuid NOT NULL,
    number text NOT NULL,
    text text NOT NULL,
    at timestamptz NOT NULL,
    separated boolean NOT NULL DEFAULT false,
    PRIMARY KEY (assignment_id, case_id)
);

ALTER TABLE work_step DROP CONSTRAINT work_step_kind_check;
ALTER TABLE work_step ADD CONSTRAINT work_step_kind_check
    CHECK (kind IN ('offered', 'added', 'taken', 'asked', 'decided', 'returned', 'closed', 'grew', 'gathered',
                    'separated'));

-- Which cases came of one message: those that a person split stand side by side.
ALTER TABLE known_case ADD COLUMN contact_id uuid;
CREATE INDEX known_case_contact ON known_case (contact_id) WHERE contact_id IS NOT NULL;
