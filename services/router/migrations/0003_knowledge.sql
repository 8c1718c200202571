-- The versions of what the router decides by: rules, topics and all else of the municipality's folder, and the model.
-- A file is kept once, whatever versions it belongs to.
CREATE TABLE knowledge_file (
    sha256 bytea PRIMARY KEY CHECK (length(sha256) = 32),
    packed bytea NOT NULL
);

-- `files`: sha256 (hex) by name.
CREATE TABLE knowledge_version (
    version text PRIMARY KEY,
    files jsonb NOT NULL,
    kept_at timestamptz NOT NULL DEFAULT now()
);

-- Each time a router began to decide by a version, and which.
CREATE TABLE knowledge_load (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    version text NOT NULL REFERENCES knowledge_version ON DELETE CASCADE,
    loaded_at timestamptz NOT NULL DEFAULT now(),
    loaded_by text NOT NULL
);

-- "Which version ran last?"
CREATE INDEX knowledge_load_last ON knowledge_load (loaded_at DESC);
