-- What statistics are read of (docs/usage.md), raised in the transaction that books the events. Columns of dimensions that a row does not
-- tell apart hold an empty text. What was booked before is filled in by the next start: latencies need the program that packs them.

-- What calls were for, by quarter of an hour, hour and day. The same sums, packed with latencies (domain/usage_sums.rs), make a row
-- cheap to read: ranges have thousands.
CREATE TABLE usage_series (
    team_id TEXT NOT NULL,
    facet BIGINT NOT NULL,
    span_ms BIGINT NOT NULL,
    model_name TEXT NOT NULL,
    provider_name TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    outcome TEXT NOT NULL,
    test BIGINT NOT NULL CHECK (test IN (0, 1)),
    start_at BIGINT NOT NULL,
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
    cell BYTEA NOT NULL,
    PRIMARY KEY (team_id, facet, span_ms, model_name, provider_name, endpoint, outcome, test, start_at)
);

-- Who called, by hour, day and week: rankings read all members of few spans, so the time comes first.
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
    PRIMARY KEY (team_id, facet, span_ms, start_at, test, user_id, key_id, model_name, provider_name, endpoint, outcome)
);

-- Everything at once, a row for a UTC day; its quarters of an hour are packed.
CREATE TABLE usage_pages (
    team_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    day_at BIGINT NOT NULL,
    key_id TEXT NOT NULL,
    model_name TEXT NOT NULL,
    provider_name TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    outcome TEXT NOT NULL,
    test BIGINT NOT NULL CHECK (test IN (0, 1)),
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
    quarters BYTEA NOT NULL,
    PRIMARY KEY (team_id, user_id, day_at, key_id, model_name, provider_name, endpoint, outcome, test)
);
CREATE INDEX usage_pages_day ON usage_pages (team_id, day_at);
CREATE INDEX usage_pages_key ON usage_pages (team_id, key_id, day_at);

-- One row: bookers take it first, one after the other, because packed columns are read before they are written. It also says how far the
-- tables above were filled with what was booked before they were there.
CREATE TABLE usage_booking (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    batches BIGINT NOT NULL,
    filled_to TEXT NOT NULL,
    filled BIGINT NOT NULL CHECK (filled IN (0, 1))
);
INSERT INTO usage_booking (id, batches, filled_to, filled)
SELECT 1, 0, '', CASE WHEN EXISTS (SELECT 1 FROM usage_events) THEN 0 ELSE 1 END;

-- Quarters of an hour by member and key get what the tables above have.
ALTER TABLE usage_rollups ADD COLUMN cached_tokens BIGINT NOT NULL DEFAULT 0;
ALTER TABLE usage_rollups ADD COLUMN answered BIGINT NOT NULL DEFAULT 0;
ALTER TABLE usage_rollups ADD COLUMN latency_ms BIGINT NOT NULL DEFAULT 0;
UPDATE usage_rollups SET cached_tokens = s.cached_tokens, answered = s.answered, latency_ms = s.latency_ms
FROM (SELECT e.team_id, e.at - e.at % 900000 AS start_at, e.user_id, COALESCE(e.key_id, '') AS key_id,
        CASE WHEN e.model_id IS NULL THEN '' ELSE e.model_name END AS model_name, e.test,
        CAST(SUM(e.cached_tokens) AS BIGINT) AS cached_tokens,
        CAST(SUM(CASE WHEN e.outcome IN ('refused', 'interrupted') THEN 0 ELSE 1 END) AS BIGINT) AS answered,
        CAST(SUM(CASE WHEN e.outcome IN ('refused', 'interrupted') THEN 0 ELSE e.latency_ms END) AS BIGINT) AS latency_ms
    FROM usage_events e GROUP BY 1, 2, 3, 4, 5, 6) s
WHERE usage_rollups.team_id = s.team_id AND usage_rollups.start_at = s.start_at AND usage_rollups.user_id = s.user_id
    AND usage_rollups.key_id = s.key_id AND usage_rollups.model_name = s.model_name AND usage_rollups.test = s.test;

-- The log by key, by model, and of what did not go well: first pages of rare filters without reading everything.
DROP INDEX usage_events_key;
CREATE INDEX usage_events_key ON usage_events (key_id, at, id);
CREATE INDEX usage_events_team_model ON usage_events (team_id, model_name, at, id);
CREATE INDEX usage_events_team_wrong ON usage_events (team_id, at, id) WHERE outcome <> 'completed';
