-- Since when this installation watches its cases: what a case had behind it by then is told nobody, so that an upgrade
-- with thousands of late cases does not ask for thousands of tasks.
CREATE TABLE watch_began (at timestamptz NOT NULL);
INSERT INTO watch_began VALUES (now());
