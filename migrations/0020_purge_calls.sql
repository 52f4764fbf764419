-- How long an organization keeps single calls: days, 0 for ever.
ALTER TABLE organizations ADD COLUMN call_log_days BIGINT NOT NULL DEFAULT 0 CHECK (call_log_days = 0 OR call_log_days BETWEEN 30 AND 3650);

-- What was deleted of a team's UTC day: with it, the events that are left still add up to sums and ledger.
CREATE TABLE usage_purged (
    team_id TEXT NOT NULL,
    day_at BIGINT NOT NULL,
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
    -- Charges that the balance covered, and those of models in the catalog.
    billed_cost BIGINT NOT NULL,
    model_cost BIGINT NOT NULL,
    -- Set only inside the transaction that deletes.
    deleting BIGINT NOT NULL CHECK (deleting IN (0, 1)),
    PRIMARY KEY (team_id, day_at)
);
CREATE INDEX usage_purged_day ON usage_purged (day_at);

-- What deleted calls that needed a grant were charged: budgets in total go on with it.
CREATE TABLE usage_purged_grants (
    team_id TEXT NOT NULL,
    grant_id TEXT NOT NULL,
    day_at BIGINT NOT NULL,
    cost BIGINT NOT NULL,
    PRIMARY KEY (grant_id, team_id, day_at)
);

-- Deleted calls by id: an old spool that comes back books none of them again.
CREATE TABLE usage_purged_calls (id TEXT PRIMARY KEY);
