-- What is set on something ends with it: a team that is deleted and a grant that is over hold nobody else back.
CREATE TRIGGER limits_end_with_team AFTER UPDATE OF deleted_at ON teams WHEN NEW.deleted_at IS NOT NULL
BEGIN
    DELETE FROM limits WHERE team_id = NEW.id;
END;

CREATE TRIGGER limits_end_with_grant AFTER UPDATE OF ended_at ON model_grants WHEN NEW.ended_at IS NOT NULL
BEGIN
    DELETE FROM limits WHERE scope = 'grant:' || NEW.id;
END;
