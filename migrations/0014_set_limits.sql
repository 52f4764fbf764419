-- What members may do when they make keys without an admin. `teams.self_service` says whether they may at all; NULL sets no bound.
ALTER TABLE teams ADD COLUMN max_keys_per_user BIGINT CHECK (max_keys_per_user BETWEEN 0 AND 1000000);
-- Nano-dollars. Where it is set, every key needs a budget.
ALTER TABLE teams ADD COLUMN key_budget_ceiling BIGINT CHECK (key_budget_ceiling >= 0);
ALTER TABLE teams ADD COLUMN require_key_expiry BIGINT NOT NULL DEFAULT 0 CHECK (require_key_expiry IN (0, 1));
-- Where it is set, every key needs an expiry.
ALTER TABLE teams ADD COLUMN max_key_expiry_days BIGINT CHECK (max_key_expiry_days BETWEEN 1 AND 36500);

-- Higher budgets, asked for. Names and amounts are those of then: the scope may be gone when somebody reads this.
CREATE TABLE budget_requests (
    id TEXT PRIMARY KEY,
    team_id TEXT NOT NULL REFERENCES teams (id),
    user_id TEXT NOT NULL REFERENCES users (id),
    -- A key, a member, or the team: as in `limits`.
    scope TEXT NOT NULL,
    scope_name TEXT NOT NULL,
    -- What it was when it was asked for.
    present BIGINT,
    wanted BIGINT NOT NULL CHECK (wanted > 0),
    -- Until when it is wanted; NULL for good.
    wanted_until BIGINT,
    reason TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'approved', 'rejected', 'withdrawn')),
    created_at BIGINT NOT NULL,
    decided_at BIGINT,
    decided_by TEXT REFERENCES users (id),
    decided_by_name TEXT NOT NULL DEFAULT '',
    note TEXT NOT NULL DEFAULT '',
    -- What was approved.
    given BIGINT,
    given_until BIGINT,
    CHECK ((state = 'pending') = (decided_at IS NULL)),
    CHECK ((state = 'approved') = (given IS NOT NULL))
);
CREATE UNIQUE INDEX budget_requests_open_key ON budget_requests (user_id, scope) WHERE state = 'pending';
CREATE INDEX budget_requests_team ON budget_requests (team_id, state, id);

-- Who was warned of what: once for each period and threshold.
CREATE TABLE limit_alerts (
    scope TEXT NOT NULL,
    -- 'rpd', 'tpd', 'budget' or 'balance'.
    what TEXT NOT NULL,
    -- Percent.
    threshold BIGINT NOT NULL CHECK (threshold IN (80, 100)),
    -- Start of the billing month; of the day in which a window was that full; 0 for a budget in total.
    period_start BIGINT NOT NULL,
    sent_at BIGINT NOT NULL,
    PRIMARY KEY (scope, what, threshold, period_start)
);
