-- What is set on something ends with it: a team that is deleted and a grant that is over hold nobody else back.
CREATE FUNCTION limits_end_with_team() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM limits WHERE team_id = NEW.id;
    RETURN NULL;
END;
$$;
CREATE TRIGGER limits_end_with_team AFTER UPDATE OF deleted_at ON teams FOR EACH ROW WHEN (NEW.deleted_at IS NOT NULL)
EXECUTE FUNCTION limits_end_with_team();

CREATE FUNCTION limits_end_with_grant() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM limits WHERE scope = 'grant:' || NEW.id;
    RETURN NULL;
END;
$$;
CREATE TRIGGER limits_end_with_grant AFTER UPDATE OF ended_at ON model_grants FOR EACH ROW WHEN (NEW.ended_at IS NOT NULL)
EXECUTE FUNCTION limits_end_with_grant();
