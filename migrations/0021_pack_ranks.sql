-- Rankings read all members of a range and of the range before, with what each spent day by day. A row for 32 UTC days holds their sums
-- packed, and one for a day its quarters of an hour as pages have them: seven rows of a member instead of two hundred, and 90 instead of
-- thousands of pages where one member's statistics are asked for.
-- What was booked before is filled in by the next start, from the pages of days, which also have what was deleted of the log.
DROP TABLE usage_ranks;
CREATE TABLE usage_ranks (
    team_id TEXT NOT NULL,
    facet BIGINT NOT NULL,
    span_ms BIGINT NOT NULL,
    start_at BIGINT NOT NULL,
    test BIGINT NOT NULL CHECK (test IN (0, 1)),
    user_id TEXT NOT NULL,
    key_id TEXT NOT NULL,
    model_name TEXT NOT NULL,
    provider_name TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    outcome TEXT NOT NULL,
    requests BIGINT NOT NULL,
    succeeded BIGINT NOT NULL,
    failed BIGINT NOT NULL,
    refused BIGINT NOT NULL,
    prompt_tokens BIGINT NOT NULL,
    cached_tokens BIGINT NOT NULL,
    completion_tokens BIGINT NOT NULL,
    cost BIGINT NOT NULL,
    estimated BIGINT NOT NULL,
    answered BIGINT NOT NULL,
    latency_ms BIGINT NOT NULL,
    parts BYTEA NOT NULL,
    PRIMARY KEY (team_id, facet, span_ms, start_at, test, user_id, key_id, model_name, provider_name, endpoint, outcome)
);

-- How far the table above was filled: the last team and person, with a blank between; an empty text where nothing is filled yet.
ALTER TABLE usage_booking ADD COLUMN ranks_filled_to TEXT NOT NULL DEFAULT '';
ALTER TABLE usage_booking ADD COLUMN ranks_filled BIGINT NOT NULL DEFAULT 1 CHECK (ranks_filled IN (0, 1));
UPDATE usage_booking SET ranks_filled = 0 WHERE EXISTS (SELECT 1 FROM usage_pages);

-- Series have had the same latencies, and no page reads these any more.
DROP TABLE usage_latencies;
