-- Usage events and what is summed up of them in the same transaction. Events are append-only.

CREATE TABLE usage_events (
    id TEXT PRIMARY KEY,
    at BIGINT NOT NULL,
    team_id TEXT NOT NULL,
    team_name TEXT NOT NULL,
    organization_id TEXT,
    user_id TEXT NOT NULL,
    user_name TEXT NOT NULL,
    key_id TEXT,
    key_name TEXT NOT NULL,
    test BIGINT NOT NULL CHECK (test IN (0, 1)),
    model_id TEXT,
    model_name TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    stream BIGINT NOT NULL CHECK (stream IN (0, 1)),
    input_price BIGINT NOT NULL,
    cached_price BIGINT NOT NULL,
    output_price BIGINT NOT NULL,
    discount_bp BIGINT NOT NULL,
    outcome TEXT NOT NULL,
    status BIGINT NOT NULL,
    code TEXT NOT NULL,
    prompt_tokens BIGINT NOT NULL CHECK (prompt_tokens >= 0),
    cached_tokens BIGINT NOT NULL CHECK (cached_tokens >= 0),
    completion_tokens BIGINT NOT NULL CHECK (completion_tokens >= 0),
    estimated BIGINT NOT NULL CHECK (estimated IN (0, 1)),
    provider_id TEXT,
    provider_name TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    first_token_ms BIGINT,
    latency_ms BIGINT NOT NULL CHECK (latency_ms >= 0),
    cost BIGINT NOT NULL CHECK (cost >= 0),
    list_cost BIGINT NOT NULL CHECK (list_cost >= 0),
    loss BIGINT NOT NULL CHECK (loss >= 0)
);
CREATE INDEX usage_events_team ON usage_events (team_id, at, id);
CREATE INDEX usage_events_team_user ON usage_events (team_id, user_id, at, id);
CREATE INDEX usage_events_key ON usage_events (key_id, at);

-- Sums per quarter of an hour; every statistic adds rows of this table.
CREATE TABLE usage_rollups (
    team_id TEXT NOT NULL,
    start_at BIGINT NOT NULL,
    user_id TEXT NOT NULL,
    -- Empty text where there is none, because a primary key takes no NULL.
    key_id TEXT NOT NULL,
    model_name TEXT NOT NULL,
    test BIGINT NOT NULL CHECK (test IN (0, 1)),
    requests BIGINT NOT NULL,
    succeeded BIGINT NOT NULL,
    failed BIGINT NOT NULL,
    refused BIGINT NOT NULL,
    prompt_tokens BIGINT NOT NULL,
    completion_tokens BIGINT NOT NULL,
    cost BIGINT NOT NULL,
    estimated BIGINT NOT NULL,
    last_call_at BIGINT NOT NULL,
    PRIMARY KEY (team_id, start_at, user_id, key_id, model_name, test)
);
CREATE INDEX usage_rollups_key ON usage_rollups (key_id, start_at);

-- Latencies per quarter of an hour in logarithmic classes (domain/latency.rs): percentiles of any range are read from their sums.
CREATE TABLE usage_latencies (
    team_id TEXT NOT NULL,
    start_at BIGINT NOT NULL,
    test BIGINT NOT NULL CHECK (test IN (0, 1)),
    class BIGINT NOT NULL,
    calls BIGINT NOT NULL,
    PRIMARY KEY (team_id, start_at, test, class)
);
