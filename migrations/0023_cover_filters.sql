-- What the log of a person, of a key and of what went wrong is narrowed by most is read of the index: of ten million calls, each row that
-- is looked at and not wanted is another place of the disk.
DROP INDEX usage_events_team_user;
CREATE INDEX usage_events_team_user ON usage_events (team_id, user_id, at, id, model_name, outcome);
DROP INDEX usage_events_key;
CREATE INDEX usage_events_key ON usage_events (key_id, at, id, model_name, outcome);
DROP INDEX usage_events_team_wrong;
CREATE INDEX usage_events_team_wrong ON usage_events (team_id, at, id, model_name, outcome, status, code) WHERE outcome <> 'completed';
