-- A notice may go several ways: each try is a delivery, whose id goes to the provider. The first has the notice's id.
ALTER TABLE notice
    DROP CONSTRAINT notice_status_check,
    ADD CONSTRAINT notice_status_check
        CHECK (status IN ('waiting', 'sending', 'unknown', 'accepted', 'sent', 'delivered', 'read', 'failed',
                          'no_address', 'expired', 'opted_out', 'handed_over')),
    ADD COLUMN provider text,
    ADD COLUMN words jsonb NOT NULL DEFAULT '{}',
    ADD COLUMN is_urgent boolean NOT NULL DEFAULT false,
    ADD COLUMN thread_id text,
    ADD COLUMN expires_at timestamptz,
    -- Why the ways before the present one were not taken, and how it ended.
    ADD COLUMN reasons text[] NOT NULL DEFAULT '{}',
    -- The channel it goes out by next: a channel that is stuck holds up its own only.
    ADD COLUMN queue text NOT NULL DEFAULT '',
    -- The last delivery; while the status is `sending`, it is leased to a sender until look_again_at.
    ADD COLUMN delivery_id uuid,
    ADD COLUMN task_id uuid,
    -- A person's wish to try again begins a new round; deliveries of earlier rounds are history.
    ADD COLUMN round int NOT NULL DEFAULT 1;
UPDATE notice SET expires_at = created_at + interval '1 day', queue = channel,
                  delivery_id = CASE WHEN status <> 'no_address' THEN id END;
ALTER TABLE notice ALTER COLUMN expires_at SET NOT NULL, ALTER COLUMN queue DROP DEFAULT;
CREATE UNIQUE INDEX notice_by_task ON notice (task_id) WHERE task_id IS NOT NULL;
-- The sweeper's question, channel by channel: which notices must be looked at again?
CREATE INDEX notice_look_again_by_queue ON notice (queue, look_again_at) WHERE look_again_at IS NOT NULL;
DROP INDEX notice_look_again;

CREATE TABLE delivery (
    id uuid PRIMARY KEY,
    notice_id uuid NOT NULL REFERENCES notice,
    round int NOT NULL,
    rung text,
    channel text NOT NULL,
    provider text,
    account text NOT NULL,
    news_only boolean NOT NULL DEFAULT false,
    -- What was said where it is not the notice's own text.
    template text,
    status text NOT NULL CHECK (status IN ('waiting', 'sending', 'unknown', 'accepted', 'sent', 'delivered', 'read',
                                           'failed')),
    attempts int NOT NULL DEFAULT 1,
    called_at timestamptz,
    provider_id text,
    error text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 80);
CREATE INDEX delivery_by_notice ON delivery (notice_id);
-- The receipts' question, where a provider does not tell our own id: whose is this?
CREATE INDEX delivery_by_provider_id ON delivery (provider_id) WHERE provider_id IS NOT NULL;
INSERT INTO delivery (id, notice_id, round, rung, channel, provider, account, status, attempts, called_at, provider_id,
                      error, created_at, updated_at)
SELECT id, id, 1, CASE channel WHEN 'whatsapp' THEN 'whatsapp' END, channel,
       CASE channel WHEN 'whatsapp' THEN 'whatsapp' END, account, status, attempts, created_at, provider_id, error,
       created_at, updated_at
FROM notice
WHERE status <> 'no_address';

-- A person may have several addresses, one a channel; `proven` ones they wrote from.
ALTER TABLE address_book
    DROP CONSTRAINT address_book_pkey,
    ADD PRIMARY KEY (person_id, channel),
    ADD COLUMN provider text,
    ADD COLUMN proven boolean NOT NULL DEFAULT true,
    ADD COLUMN heard_at timestamptz,
    ADD COLUMN paced_until timestamptz,
    -- Automatic receipts in the present window: more than some, and a machine is answering us.
    ADD COLUMN receipts_since timestamptz,
    ADD COLUMN receipts int NOT NULL DEFAULT 0,
    SET (fillfactor = 80);
-- Until now the window was not kept: who wrote within the last day is taken for heard of when their address came.
UPDATE address_book SET heard_at = recorded_at;

ALTER TABLE party
    ADD COLUMN provider text,
    ADD COLUMN is_urgent boolean NOT NULL DEFAULT false,
    ADD COLUMN thread_id text;

-- Why a person is not written to on a channel: they wish no notices (until NULL), or the address proved dead.
CREATE TABLE obstacle (
    person_id uuid NOT NULL,
    channel text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('opted_out', 'failed')),
    until timestamptz,
    reason text NOT NULL DEFAULT '',
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (person_id, channel, kind)
);

-- Receipts that came before the provider's answer told us its id; kept some days.
CREATE TABLE early_receipt (
    id uuid PRIMARY KEY,
    provider text NOT NULL,
    provider_id text NOT NULL,
    status text NOT NULL,
    error text,
    received_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX early_receipt_by_provider_id ON early_receipt (provider_id);

-- When the next message of one of our lines may go out: replicas book their share ahead.
CREATE TABLE pace (
    line text PRIMARY KEY,
    next_at timestamptz NOT NULL
);
