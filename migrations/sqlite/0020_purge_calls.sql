-- Events go only where what they add up to is noted in the same transaction.
DROP TRIGGER usage_events_no_delete;
CREATE TRIGGER usage_events_no_delete BEFORE DELETE ON usage_events
WHEN NOT EXISTS (SELECT 1 FROM usage_purged p WHERE p.team_id = OLD.team_id AND p.day_at = OLD.at - OLD.at % 86400000 AND p.deleting = 1)
BEGIN SELECT RAISE(ABORT, 'usage events are append-only'); END;
