-- A case closed too long ago to be reopened, which this one goes on about.
ALTER TABLE case_file ADD COLUMN follows uuid REFERENCES case_file;
-- The tracking page's question: which case goes on about this one?
CREATE INDEX case_file_by_followed ON case_file (follows) WHERE follows IS NOT NULL;

-- Whether a closed case is solved, as its citizen says: asked once, counted once. `asked_at` is when the notifier sent
-- the question; NULL: it was answered on the tracking page without having been sent.
CREATE TABLE survey (
    case_id uuid PRIMARY KEY REFERENCES case_file,
    person_id uuid,
    number_id uuid,
    asked_at timestamptz,
    contact_id uuid REFERENCES contact,
    solved boolean,
    answered_at timestamptz,
    CHECK ((solved IS NULL) = (answered_at IS NULL))
);
-- The questions of an answer: which case was this sender asked about last?
CREATE INDEX survey_by_person ON survey (person_id, asked_at);
CREATE INDEX survey_by_number ON survey (number_id, asked_at);
