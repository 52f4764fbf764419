-- What a scope may use: windows of calls and tokens, and a budget. Whatever is NULL is not limited; 0 allows nothing.
-- A row's values lie within those of its parent's row: triggers hold that on both engines (migrations/sqlite, migrations/postgres).

CREATE TABLE limits (
    -- 'organization:<id>', 'team:<id>', 'team_model:<team>:<model>', 'member:<team>:<user>', 'key:<id>' or 'grant:<id>'.
    scope TEXT PRIMARY KEY,
    -- The scope that this one lies within; none for an organization and for a personal space.
    parent TEXT,
    -- The outermost scope: whose limits are changed one after the other.
    root TEXT NOT NULL,
    team_id TEXT REFERENCES teams (id),
    rpm BIGINT CHECK (rpm BETWEEN 0 AND 1000000000000000),
    tpm BIGINT CHECK (tpm BETWEEN 0 AND 1000000000000000),
    rph BIGINT CHECK (rph BETWEEN 0 AND 1000000000000000),
    rpd BIGINT CHECK (rpd BETWEEN 0 AND 1000000000000000),
    tpd BIGINT CHECK (tpd BETWEEN 0 AND 1000000000000000),
    -- Nano-dollars.
    budget BIGINT CHECK (budget >= 0),
    -- 'period': each billing month anew; 'total': once.
    budget_per TEXT NOT NULL DEFAULT 'period' CHECK (budget_per IN ('period', 'total')),
    -- A temporary raise, which ends by itself.
    raise_by BIGINT CHECK (raise_by > 0),
    raise_until BIGINT,
    version BIGINT NOT NULL DEFAULT 1,
    changed_at BIGINT NOT NULL,
    CHECK ((raise_by IS NULL) = (raise_until IS NULL)),
    CHECK (raise_by IS NULL OR budget IS NOT NULL)
);
CREATE INDEX limits_parent ON limits (parent);
CREATE INDEX limits_team ON limits (team_id);

-- The day of the month on which billing months begin; a new one acts from the next period.
ALTER TABLE teams ADD COLUMN anchor_day BIGINT NOT NULL DEFAULT 1 CHECK (anchor_day BETWEEN 1 AND 31);
ALTER TABLE organizations ADD COLUMN anchor_day BIGINT NOT NULL DEFAULT 1 CHECK (anchor_day BETWEEN 1 AND 31);

-- The grant by which a call was allowed: its limits count what it allowed.
ALTER TABLE usage_events ADD COLUMN grant_id TEXT;
CREATE INDEX usage_events_grant ON usage_events (grant_id, at) WHERE grant_id IS NOT NULL;
-- What is counted anew after a restart: the last day of everybody.
CREATE INDEX usage_events_at ON usage_events (at);
