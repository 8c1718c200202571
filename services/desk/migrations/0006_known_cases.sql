-- Every case as the router's facts tell it, whoever holds it: what the entry form knows of a place and a topic.
CREATE TABLE known_case (
    case_id uuid PRIMARY KEY,
    number text NOT NULL,
    version int NOT NULL,            -- the latest step we know of
    is_open boolean NOT NULL,
    assigned_version int NOT NULL,   -- the latest assignment we know of; 0: only another step came so far
    owner text NOT NULL,
    topic text,
    neighbourhood text,
    opened_at timestamptz
) WITH (fillfactor = 80);
-- The entry form's question: what is known here about this?
CREATE INDEX known_case_like ON known_case (topic, neighbourhood, opened_at) WHERE topic IS NOT NULL;
