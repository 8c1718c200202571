-- Programs that write for citizens. A key has 256 random bits and is shown once, so its SHA-256 is enough to know it.
CREATE TABLE api_key (
    id uuid PRIMARY KEY,
    name text NOT NULL UNIQUE,
    key_sha256 bytea NOT NULL UNIQUE CHECK (length(key_sha256) = 32),
    scopes text[] NOT NULL,
    requests_per_minute int NOT NULL CHECK (requests_per_minute > 0),
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz,
    revoked_at timestamptz
);

-- What a request that carried an Idempotency-Key was answered. Without a receipt it is being worked on, until its
-- lease ends: then whoever repeats the request takes it over.
CREATE TABLE idempotent_request (
    caller text NOT NULL,
    key text NOT NULL,
    fingerprint bytea NOT NULL,
    lease_until timestamptz NOT NULL,
    receipt jsonb,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (caller, key)
);
-- The sweeper's question: which are over?
CREATE INDEX idempotent_request_by_expiry ON idempotent_request (expires_at);
