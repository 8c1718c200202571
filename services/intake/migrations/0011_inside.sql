-- What a contact added to a case, masked, for the case page; '' where it opened one: that text stands with the case.
ALTER TABLE contact ADD COLUMN text text NOT NULL DEFAULT '';

-- Further addresses as they were told, for who may see them; NULL: told before this was kept.
ALTER TABLE told_point ADD COLUMN address_sealed bytea;

-- The case page's question: what else was told of this very place?
CREATE INDEX case_file_near ON case_file (latitude, longitude) WHERE latitude IS NOT NULL;
