-- Who may come in at the desk, and as what.
CREATE TABLE account (
    id uuid PRIMARY KEY,
    name text NOT NULL UNIQUE CHECK (name ~ '^[a-z0-9][a-z0-9._-]{1,39}$'),
    shown_as text NOT NULL,
    roles text[] NOT NULL,
    departments text[] NOT NULL,
    password_hash text,            -- argon2id; NULL: none was set yet, or the directory answers for this one
    totp_sealed bytea,             -- the second factor, once a code proved it
    totp_offered_sealed bytea,     -- the one that is being set up
    totp_last_step bigint NOT NULL DEFAULT 0, -- of the last code that was taken: none is taken twice
    is_of_directory boolean NOT NULL DEFAULT false,
    locked_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now()
);

-- For when the authenticator is lost; each is good once.
CREATE TABLE recovery_code (
    account_id uuid NOT NULL REFERENCES account ON DELETE CASCADE,
    code_hash bytea NOT NULL,
    used_at timestamptz,
    PRIMARY KEY (account_id, code_hash)
);

-- A sign-in that lasts. The browser has the id, we have its hash.
CREATE TABLE session (
    id_hash bytea PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES account ON DELETE CASCADE,
    created_at timestamptz NOT NULL,
    seen_at timestamptz NOT NULL,
    agent text NOT NULL,
    is_whole boolean NOT NULL,     -- false: the second factor is still to come
    by_directory boolean NOT NULL,
    directory_hint bytea           -- the ID token, sealed: the directory wants it back at sign-out
);
CREATE INDEX session_of ON session (account_id);
-- The sweeper's question: which are over?
CREATE INDEX session_seen ON session (seen_at);

-- A program's key.
CREATE TABLE bearer_token (
    id uuid PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES account ON DELETE CASCADE,
    name text NOT NULL,
    token_hash bytea NOT NULL UNIQUE,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    used_at timestamptz
);
CREATE INDEX bearer_token_of ON bearer_token (account_id);

-- A one-time link by which somebody sets a password.
CREATE TABLE invitation (
    secret_hash bytea PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES account ON DELETE CASCADE,
    expires_at timestamptz NOT NULL
);

-- Whom the directory's people are here. Never matched by name or mail address.
CREATE TABLE directory_subject (
    issuer text NOT NULL,
    subject text NOT NULL,
    account_id uuid NOT NULL UNIQUE REFERENCES account ON DELETE CASCADE,
    PRIMARY KEY (issuer, subject)
);

-- A way to the directory that was begun and has to come back to the same browser.
CREATE TABLE directory_try (
    state_hash bytea PRIMARY KEY,
    door_hash bytea NOT NULL,
    nonce text NOT NULL,
    verifier text NOT NULL,
    onward text NOT NULL,
    expires_at timestamptz NOT NULL
);

-- Wrong tries, by a keyed hash of the account's name or of the address they came from.
CREATE TABLE sign_in_try (
    key bytea PRIMARY KEY,
    failures int NOT NULL,
    last_at timestamptz,
    locked_until timestamptz
);

-- What was done with accounts, and by whom; never rewritten.
CREATE TABLE account_act (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT now(),
    by_whom text NOT NULL,
    account text NOT NULL,
    what text NOT NULL,
    detail text NOT NULL DEFAULT ''
);
CREATE INDEX account_act_of ON account_act (account, id);

-- Is a case a tip? Then who told it takes a permission of its own to see.
ALTER TABLE known_case ADD COLUMN is_tip boolean NOT NULL DEFAULT false;

-- The question of who oversees: at what did this person look?
CREATE INDEX look_of ON look (by_whom, id);
