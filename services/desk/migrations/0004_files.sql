-- Which files came with a case, so that those who work on it may see them: they lie in the object store.
CREATE TABLE case_attachment (
    case_id uuid NOT NULL,
    file_id uuid NOT NULL,
    is_picture boolean NOT NULL,
    told_at timestamptz NOT NULL DEFAULT now(),
    position int NOT NULL,
    PRIMARY KEY (case_id, file_id)
);
-- The question before a file is given out: did it come with any case here?
CREATE INDEX case_attachment_by_file ON case_attachment (file_id);
