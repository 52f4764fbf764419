-- Plans, what teams have of them, and every movement of their money. Amounts are nano-dollars.

CREATE TABLE plans (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    seat_price BIGINT NOT NULL CHECK (seat_price BETWEEN 0 AND 10000000000000),
    -- Usage that comes with each seat in each period.
    included_usage BIGINT NOT NULL CHECK (included_usage BETWEEN 0 AND 10000000000000),
    -- Owners change to it, and take more seats of it, without asking.
    self_service BIGINT NOT NULL DEFAULT 0 CHECK (self_service IN (0, 1)),
    -- Can be chosen; teams that have it keep it.
    active BIGINT NOT NULL DEFAULT 1 CHECK (active IN (0, 1))
);
CREATE UNIQUE INDEX plans_name_key ON plans (LOWER(name));
INSERT INTO plans (id, name, seat_price, included_usage, self_service) VALUES
    ('0199f000-0000-7000-8000-000000000001', 'Starter', 10000000000, 10000000000, 0),
    ('0199f000-0000-7000-8000-000000000002', 'Pro', 30000000000, 40000000000, 0),
    ('0199f000-0000-7000-8000-000000000003', 'Enterprise', 60000000000, 100000000000, 0);

-- A team that has, or had, a plan.
CREATE TABLE team_billing (
    team_id TEXT PRIMARY KEY REFERENCES teams (id),
    -- None where the plan has ended.
    plan_id TEXT REFERENCES plans (id),
    -- As they were agreed for the running period: a plan that is edited acts from the next one.
    plan_name TEXT NOT NULL,
    seat_price BIGINT NOT NULL CHECK (seat_price >= 0),
    included_usage BIGINT NOT NULL CHECK (included_usage >= 0),
    seats BIGINT NOT NULL CHECK (seats >= 0),
    period_start BIGINT NOT NULL,
    period_end BIGINT NOT NULL CHECK (period_end > period_start),
    -- What the next period begins with, where that is something else.
    next_plan_id TEXT REFERENCES plans (id),
    next_seats BIGINT CHECK (next_seats >= 0),
    ends_at_renewal BIGINT NOT NULL DEFAULT 0 CHECK (ends_at_renewal IN (0, 1)),
    -- The sum of the team's ledger.
    balance BIGINT NOT NULL DEFAULT 0,
    -- What is in it of this period's credit, which expires with the period, and of the last one's, which waits for calls that are open.
    credit BIGINT NOT NULL DEFAULT 0 CHECK (credit >= 0),
    spared BIGINT NOT NULL DEFAULT 0 CHECK (spared >= 0),
    -- Where the ledger goes on.
    last_seq BIGINT NOT NULL DEFAULT 0,
    last_line BIGINT NOT NULL DEFAULT 0,
    -- The day and period of the line, where it is one of usage, to which more usage adds.
    line_day BIGINT,
    line_period BIGINT
);
CREATE INDEX team_billing_period_end ON team_billing (period_end) WHERE plan_id IS NOT NULL;

CREATE TABLE ledger (
    team_id TEXT NOT NULL REFERENCES teams (id),
    -- 1, 2, 3 … without gap; the database checks that each balance follows from the one before.
    seq BIGINT NOT NULL,
    -- Neighbouring charges of one day are one line to people.
    line BIGINT NOT NULL,
    at BIGINT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('seat_credit', 'usage_charge', 'adjustment', 'expiry')),
    amount BIGINT NOT NULL,
    balance_after BIGINT NOT NULL,
    description TEXT NOT NULL,
    -- Nothing is posted twice.
    reference TEXT NOT NULL,
    -- Who made an adjustment.
    actor_name TEXT NOT NULL,
    -- The period it belongs to, and for usage the day of its calls.
    period_start BIGINT NOT NULL,
    day BIGINT,
    PRIMARY KEY (team_id, seq),
    CHECK ((kind = 'seat_credit' AND amount > 0) OR (kind IN ('usage_charge', 'expiry') AND amount < 0) OR (kind = 'adjustment' AND amount <> 0)),
    CHECK ((kind = 'usage_charge') = (day IS NOT NULL))
);
CREATE UNIQUE INDEX ledger_reference_key ON ledger (team_id, reference);
CREATE INDEX ledger_line ON ledger (team_id, line);
CREATE INDEX ledger_period ON ledger (team_id, period_start, line);

-- One row a period of a team on a plan: what statements are made of.
CREATE TABLE billing_periods (
    team_id TEXT NOT NULL REFERENCES teams (id),
    start_at BIGINT NOT NULL,
    end_at BIGINT NOT NULL CHECK (end_at > start_at),
    PRIMARY KEY (team_id, start_at)
);

-- Seats × price, outside the balance.
CREATE TABLE seat_fees (
    team_id TEXT NOT NULL REFERENCES teams (id),
    reference TEXT NOT NULL,
    period_start BIGINT NOT NULL,
    at BIGINT NOT NULL,
    description TEXT NOT NULL,
    amount BIGINT NOT NULL CHECK (amount >= 0),
    PRIMARY KEY (team_id, reference)
);
CREATE INDEX seat_fees_period ON seat_fees (team_id, period_start, at);

-- Plans and seats that wait for a platform admin.
CREATE TABLE plan_requests (
    id TEXT PRIMARY KEY,
    team_id TEXT NOT NULL REFERENCES teams (id),
    asked_by TEXT NOT NULL REFERENCES users (id),
    asked_at BIGINT NOT NULL,
    plan_id TEXT NOT NULL REFERENCES plans (id),
    seats BIGINT NOT NULL CHECK (seats > 0),
    state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'approved', 'declined', 'withdrawn')),
    decided_by TEXT REFERENCES users (id),
    decided_at BIGINT,
    reason TEXT NOT NULL DEFAULT '',
    CHECK ((state = 'waiting') = (decided_at IS NULL))
);
CREATE UNIQUE INDEX plan_requests_waiting ON plan_requests (team_id) WHERE state = 'waiting';

-- Teams without plan and without spending limit may call.
ALTER TABLE organizations ADD COLUMN allow_unbilled BIGINT NOT NULL DEFAULT 1 CHECK (allow_unbilled IN (0, 1));

-- Whether the call was to be covered by the balance: decided at its admission.
ALTER TABLE usage_events ADD COLUMN billed BIGINT NOT NULL DEFAULT 0 CHECK (billed IN (0, 1));
CREATE INDEX usage_events_billed ON usage_events (team_id, cost) WHERE billed = 1;
