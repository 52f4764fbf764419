-- The grant to the whole team by which a call was allowed, besides the member's own.
ALTER TABLE usage_events ADD COLUMN team_grant_id TEXT;
CREATE INDEX usage_events_team_grant ON usage_events (team_grant_id, at) WHERE team_grant_id IS NOT NULL;

-- What each team was charged for each model on each day. Sums of usage go by the names that calls used; budgets of models need the model,
-- and reading all events at every start would take longer with each day.
CREATE TABLE model_spend (
    team_id TEXT NOT NULL,
    model_id TEXT NOT NULL,
    day_at BIGINT NOT NULL,
    cost BIGINT NOT NULL,
    PRIMARY KEY (team_id, model_id, day_at)
);
INSERT INTO model_spend (team_id, model_id, day_at, cost)
SELECT team_id, model_id, at - at % 86400000, CAST(SUM(cost) AS BIGINT) FROM usage_events
WHERE model_id IS NOT NULL AND cost > 0 GROUP BY team_id, model_id, at - at % 86400000;
