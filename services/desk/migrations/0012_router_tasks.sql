-- The router asks people too: whether a case is opened again, why an owner is silent, what to do about a late one.
ALTER TABLE task DROP CONSTRAINT task_kind_check;
ALTER TABLE task ADD CONSTRAINT task_kind_check
    CHECK (kind IN ('call_back', 'call', 'letter', 'undelivered', 'held', 'parked', 'alert', 'split', 'reopen',
                    'unreceipted', 'overdue'));
ALTER TABLE task DROP CONSTRAINT task_source_check;
ALTER TABLE task ADD CONSTRAINT task_source_check CHECK (source IN ('intake', 'notifier', 'router'));
