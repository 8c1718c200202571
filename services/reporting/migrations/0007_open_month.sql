-- What was published as open data of the cases opened in a month: written once, never changed. What is hidden is not
-- in it. `lines` as in store/open_months.py.
CREATE TABLE open_month (
    month date PRIMARY KEY CHECK (extract(day FROM month) = 1),
    drawn_on date NOT NULL,
    least int NOT NULL CHECK (least >= 5),
    lines jsonb NOT NULL
);
