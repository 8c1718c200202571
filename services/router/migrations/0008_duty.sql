-- Who was called for an urgent assignment outside office hours, in order; the last place is the task for a person.
CREATE TABLE duty_call (
    assignment_id uuid NOT NULL,
    place int NOT NULL CHECK (place >= 1),
    case_id uuid NOT NULL REFERENCES case_record,
    called_at timestamptz NOT NULL,
    PRIMARY KEY (assignment_id, place)
);
