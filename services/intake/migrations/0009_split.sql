-- Who carried a contact: a further case of it is answered the same way. NULL: the channel's own program, or long ago.
ALTER TABLE contact ADD COLUMN provider text;
-- The case a person split this one from: one message, several owners.
ALTER TABLE case_file ADD COLUMN split_from uuid REFERENCES case_file;
