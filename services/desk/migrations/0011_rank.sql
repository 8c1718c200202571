-- How urgent an item is, 0 the gravest: the place of its level among the municipality's.
ALTER TABLE work_item ADD COLUMN rank int NOT NULL DEFAULT 0;
UPDATE work_item SET rank = 3 WHERE lane = 'routine';
-- Triage's question: what waits with the centre, the gravest first, then the oldest?
DROP INDEX work_item_oldest;
CREATE INDEX work_item_oldest ON work_item (owner, rank, opened_at, assignment_id) WHERE state <> 'done';
