-- Since when a citizen can have known of the question: an owner's program may ask of long ago, and nobody was silent then.
ALTER TABLE case_record ADD COLUMN waits_since timestamptz;
UPDATE case_record SET waits_since = greatest(asked_at, now()) WHERE asked_at IS NOT NULL;
ALTER TABLE case_record ADD CHECK ((asked_at IS NULL) = (waits_since IS NULL));
-- "Which citizens have been silent the longest?"
DROP INDEX case_record_asked;
CREATE INDEX case_record_waits ON case_record (waits_since) WHERE waits_since IS NOT NULL;
