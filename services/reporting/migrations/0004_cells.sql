-- How a case moves in the figures: out of where it was counted, into where it is now. Appended by whoever counts, taken
-- away by the one who rolls up; measures are signed. Bins of durations: see domain/sketch.py.
CREATE TABLE case_move (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    day date NOT NULL,
    hour int NOT NULL,
    channel text NOT NULL,
    owner text NOT NULL,
    owner_kind text NOT NULL,
    neighbourhood text NOT NULL,
    topic text NOT NULL,
    kind text NOT NULL,
    urgency text NOT NULL,
    state text NOT NULL,
    outcome text NOT NULL,
    source text NOT NULL,
    cases int NOT NULL,
    closed int NOT NULL,
    answered int NOT NULL,
    due int NOT NULL,
    on_time int NOT NULL,
    late int NOT NULL,
    legal_on_time int NOT NULL,
    legal_late int NOT NULL,
    returned int NOT NULL,
    reopened int NOT NULL,
    duplicates int NOT NULL,
    answer_bin int,
    closing_bin int
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000,
        autovacuum_vacuum_insert_scale_factor = 0, autovacuum_analyze_scale_factor = 0.2);

-- Sums of the moves, for spans of a grain (1: day, 2: month, 3: year) that begin on `start`, along a set of up to two
-- axes (`axes`: see domain/rollups.py), whose values are `a` and `b`.
CREATE TABLE case_rollup (
    grain smallint NOT NULL,
    start date NOT NULL,
    axes smallint NOT NULL,
    a text NOT NULL,
    b text NOT NULL,
    cases int NOT NULL,
    closed int NOT NULL,
    answered int NOT NULL,
    due int NOT NULL,
    on_time int NOT NULL,
    late int NOT NULL,
    legal_on_time int NOT NULL,
    legal_late int NOT NULL,
    returned int NOT NULL,
    reopened int NOT NULL,
    duplicates int NOT NULL,
    PRIMARY KEY (axes, grain, start, a, b)
) WITH (fillfactor = 80);
-- One axis filtered by the second of two.
CREATE INDEX case_rollup_by_second ON case_rollup (axes, grain, start, b) WHERE b <> '';

-- Durations: how many cases are in each bin, side by side; of spans, axes and values as above.
CREATE TABLE case_bin (
    grain smallint NOT NULL,
    start date NOT NULL,
    axes smallint NOT NULL,
    a text NOT NULL,
    b text NOT NULL,
    clock text NOT NULL CHECK (clock IN ('answer', 'closing')),
    bins int[] NOT NULL,
    counts int[] NOT NULL CHECK (cardinality(counts) = cardinality(bins)),
    PRIMARY KEY (axes, clock, grain, start, a, b)
) WITH (fillfactor = 80);

-- What the bulletin's rules may ask of a case, all at once.
DROP TABLE case_cell;
CREATE TABLE case_cell (
    grain smallint NOT NULL,
    start date NOT NULL,
    channel text NOT NULL,
    owner text NOT NULL,
    owner_kind text NOT NULL,
    neighbourhood text NOT NULL,
    state text NOT NULL,
    outcome text NOT NULL,
    cases int NOT NULL,
    PRIMARY KEY (grain, start, channel, owner, owner_kind, neighbourhood, state, outcome)
) WITH (fillfactor = 80);

-- What was counted before moves in anew.
INSERT INTO case_move (day, hour, channel, owner, owner_kind, neighbourhood, topic, kind, urgency, state, outcome,
                       source, cases, closed, answered, due, on_time, late, legal_on_time, legal_late, returned,
                       reopened, duplicates, closing_bin)
SELECT day, hour, channel, owner, owner_kind, neighbourhood, topic, kind, urgency, state, outcome, source,
       1, (state = 'closed')::int, 0, 0, 0, 0, 0, 0, 0, 0, 0,
       CASE WHEN state = 'closed' AND closed_at IS NOT NULL THEN
           CASE WHEN floor(extract(epoch FROM closed_at - opened_at)) < 1 THEN -1
           ELSE ceil(ln(floor(extract(epoch FROM closed_at - opened_at))::float8) / ln(1.02020202020202::float8))::int
           END
       END
FROM case_fact
WHERE day IS NOT NULL;
