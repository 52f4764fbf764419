-- Events go only where what they add up to is noted in the same transaction.
DROP TRIGGER usage_events_no_change ON usage_events;
CREATE TRIGGER usage_events_no_change BEFORE UPDATE ON usage_events FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE FUNCTION refuse_unpurged() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM usage_purged p WHERE p.team_id = OLD.team_id AND p.day_at = OLD.at - OLD.at % 86400000 AND p.deleting = 1) THEN
        RAISE EXCEPTION 'usage events are append-only';
    END IF;
    RETURN OLD;
END $$;
CREATE TRIGGER usage_events_no_delete BEFORE DELETE ON usage_events FOR EACH ROW EXECUTE FUNCTION refuse_unpurged();
