-- Codes are compared byte by byte: what is kept in order is only ever looked up, and rolling up compares a great deal.
ALTER TABLE case_rollup ALTER COLUMN a TYPE text COLLATE "C", ALTER COLUMN b TYPE text COLLATE "C";
ALTER TABLE case_bin ALTER COLUMN a TYPE text COLLATE "C", ALTER COLUMN b TYPE text COLLATE "C";
ALTER TABLE case_cell
    ALTER COLUMN channel TYPE text COLLATE "C",
    ALTER COLUMN owner TYPE text COLLATE "C",
    ALTER COLUMN owner_kind TYPE text COLLATE "C",
    ALTER COLUMN neighbourhood TYPE text COLLATE "C",
    ALTER COLUMN state TYPE text COLLATE "C",
    ALTER COLUMN outcome TYPE text COLLATE "C";
ALTER TABLE case_move
    ALTER COLUMN channel TYPE text COLLATE "C",
    ALTER COLUMN owner TYPE text COLLATE "C",
    ALTER COLUMN owner_kind TYPE text COLLATE "C",
    ALTER COLUMN neighbourhood TYPE text COLLATE "C",
    ALTER COLUMN topic TYPE text COLLATE "C",
    ALTER COLUMN kind TYPE text COLLATE "C",
    ALTER COLUMN urgency TYPE text COLLATE "C",
    ALTER COLUMN state TYPE text COLLATE "C",
    ALTER COLUMN outcome TYPE text COLLATE "C",
    ALTER COLUMN source TYPE text COLLATE "C";
