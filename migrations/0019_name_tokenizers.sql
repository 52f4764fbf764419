-- A model's own tokenizer; empty where it is not known here, and then a prompt's length is its bound.
ALTER TABLE models ADD COLUMN tokenizer TEXT NOT NULL DEFAULT '' CHECK (tokenizer IN ('', 'o200k_base', 'cl100k_base'));
