-- "Which cases were opened since?": asked by trials of rules, by reports on returns, and once a day for drift.
CREATE INDEX case_history_opened ON case_history (occurred_at) WHERE version = 1;
