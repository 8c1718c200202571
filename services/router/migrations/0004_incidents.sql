-- The case that leads the incident this one belongs to; NULL: it stands alone, or leads.
ALTER TABLE case_record ADD COLUMN head_id uuid REFERENCES case_record CHECK (head_id <> id);
-- "Which cases follow this one?"
CREATE INDEX case_record_followers ON case_record (head_id) WHERE head_id IS NOT NULL;

-- What tells whether another report is the same problem: kind, place, and the hashes of the text's stems.
CREATE TABLE case_sighting (
    case_id uuid PRIMARY KEY REFERENCES case_record,
    topic_group text NOT NULL,
    topic text NOT NULL,
    opened_at timestamptz NOT NULL,
    closed_at timestamptz,
    latitude double precision,
    longitude double precision,
    neighbourhood text,
    street text,
    door text,
    landmark text,
    stems int[] NOT NULL,
    CHECK ((latitude IS NULL) = (longitude IS NULL))
) WITH (fillfactor = 85);

-- Under which keys (cell, street, landmark, neighbourhood, as hashes) a case is found again. "Which were last here?"
CREATE TABLE case_key (
    key bigint NOT NULL,
    opened_at timestamptz NOT NULL,
    case_id uuid NOT NULL REFERENCES case_sighting,
    PRIMARY KEY (key, opened_at, case_id)
);
