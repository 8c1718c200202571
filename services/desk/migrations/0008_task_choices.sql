-- Where it is and whom to call, of an alert; who else a message may concern, and who got a case, of a split.
ALTER TABLE task ADD COLUMN place json NOT NULL DEFAULT '{}';
ALTER TABLE task ADD COLUMN emergency_number text;
ALTER TABLE task ADD COLUMN proposals json NOT NULL DEFAULT '[]';
ALTER TABLE task ADD COLUMN chosen json NOT NULL DEFAULT '[]';
