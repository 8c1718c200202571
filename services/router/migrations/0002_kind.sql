-- What the citizen wants and how soon it must be seen, as decided when the case was opened.
ALTER TABLE case_record ADD COLUMN kind text;
ALTER TABLE case_record ADD COLUMN urgency text;
