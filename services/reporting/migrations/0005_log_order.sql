-- The order in which events were written. An event's place is given out before its transaction commits, so a later
-- place may be seen before an earlier one: whoever reads on from a place first waits for the writers under way.
ALTER TABLE event_log ADD COLUMN position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY;

-- The log is appended to and never rewritten.
CREATE FUNCTION refuse_rewriting() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the event log is never rewritten: % refused', TG_OP;
END
$$;
CREATE TRIGGER event_log_is_never_rewritten BEFORE UPDATE OR DELETE ON event_log
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting();

-- Each time it was proven that the sums close, or that they do not. `differences` NULL: it is under way, or ended
-- early. `examples`: the first of the rows that differ.
CREATE TABLE proof (
    id uuid PRIMARY KEY,
    began_at timestamptz NOT NULL,
    ended_at timestamptz,
    events bigint,
    differences bigint,
    by_check jsonb NOT NULL DEFAULT '{}',
    examples jsonb NOT NULL DEFAULT '[]',
    CHECK ((ended_at IS NULL) = (differences IS NULL))
);
-- The page's question: what came out last?
CREATE INDEX proof_newest ON proof (began_at);
