-- A notice to whoever is on duty belongs to a case and to no contact.
ALTER TABLE notice ALTER COLUMN contact_id DROP NOT NULL;
