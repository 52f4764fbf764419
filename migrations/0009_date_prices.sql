-- Prices with the time from which they hold. An entry is never changed: a new one follows it, and of several for the same time the
-- last one written counts. Nothing is entered for the past, so what a call was charged can always be looked up.
CREATE TABLE model_prices (
    model_id TEXT NOT NULL REFERENCES models (id),
    -- Counts the entries of a model in the order in which they were written.
    number BIGINT NOT NULL CHECK (number >= 1),
    from_at BIGINT NOT NULL,
    -- Nano-dollars per million tokens; empty means that it can not be charged, so it can not be called.
    input_price BIGINT CHECK (input_price >= 0),
    cached_price BIGINT CHECK (cached_price >= 0),
    output_price BIGINT CHECK (output_price >= 0),
    -- Who entered it; empty for what the product did by itself.
    created_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (model_id, number),
    CHECK (from_at >= created_at)
);
CREATE INDEX model_prices_from ON model_prices (model_id, from_at);

INSERT INTO model_prices (model_id, number, from_at, input_price, cached_price, output_price, created_by, created_at)
    SELECT id, 1, created_at, input_price, cached_price, output_price, '', created_at FROM models;
ALTER TABLE models DROP COLUMN input_price;
ALTER TABLE models DROP COLUMN cached_price;
ALTER TABLE models DROP COLUMN output_price;

-- A removed model stays for its history; its names are free again.
ALTER TABLE models ADD COLUMN deleted_at BIGINT;

-- Price lists that were uploaded and wait for somebody to choose from them; kept for a day.
CREATE TABLE price_lists (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id),
    -- What was read of it (JSON).
    entries TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX price_lists_created ON price_lists (created_at);
