-- Files of forms that may never be sent: noted before they are kept, so that the sweeper finds those to be forgotten.
CREATE TABLE form_file (
    id uuid PRIMARY KEY,
    noted_at timestamptz NOT NULL DEFAULT now()
);
-- The sweeper's question: which are old?
CREATE INDEX form_file_by_age ON form_file (noted_at);
