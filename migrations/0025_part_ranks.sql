-- What a ranking takes of the days at its ends are the sums of their quarters of an hour. They lay between latencies, three times as long,
-- and to pass over these was most of its work: they have a column of their own, before the longer one. The rows are filled in by the next
-- start, as in 0024.
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
    quarter_sums BYTEA NOT NULL,
    parts BYTEA NOT NULL,
    PRIMARY KEY (team_id, facet, span_ms, start_at, test, user_id, key_id, model_name, provider_name, endpoint, outcome)
);

UPDATE usage_booking SET ranks_filled_to = '', ranks_filled = 0 WHERE EXISTS (SELECT 1 FROM usage_pages);
