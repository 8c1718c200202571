-- What citizens say when asked whether their case is solved, by the day they answer and who had the case then.
CREATE TABLE survey_cell (
    day date NOT NULL,
    owner text NOT NULL,
    channel text NOT NULL,
    solved text NOT NULL CHECK (solved IN ('yes', 'no')),
    answers int NOT NULL,
    PRIMARY KEY (day, owner, channel, solved)
) WITH (fillfactor = 80);
