-- Reports that went out by mail: one row for each report, period and address, claimed before anything is sent.
CREATE TABLE mailed_report (
    report text NOT NULL,
    first_day date NOT NULL,
    last_day date NOT NULL,
    address_digest text NOT NULL, -- of the address, which itself stands in reports.toml alone
    state text NOT NULL CHECK (state IN ('claimed', 'waiting', 'sent', 'refused', 'unknown')),
    attempts int NOT NULL CHECK (attempts >= 0),
    claimed_at timestamptz NOT NULL,
    again_at timestamptz, -- of a waiting one
    ended_at timestamptz,
    error text, -- codes alone
    PRIMARY KEY (report, first_day, last_day, address_digest),
    CHECK ((state = 'waiting') = (again_at IS NOT NULL))
);
