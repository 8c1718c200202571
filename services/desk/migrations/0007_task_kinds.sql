-- Danger to life and limb, and one message that concerns several owners.
ALTER TABLE task DROP CONSTRAINT task_kind_check;
ALTER TABLE task ADD CONSTRAINT task_kind_check
    CHECK (kind IN ('call_back', 'call', 'letter', 'undelivered', 'held', 'parked', 'alert', 'split'));
