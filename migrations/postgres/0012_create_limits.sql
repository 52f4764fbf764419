-- A child lies within its parent, also when both are changed at once: whoever changes limits below one root takes turns, and each
-- statement after the lock sees what the one before has committed.
CREATE FUNCTION limits_within_parent() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(NEW.root, 0));
    IF EXISTS (SELECT 1 FROM limits p WHERE p.scope = NEW.parent
               AND (NEW.rpm > p.rpm OR NEW.tpm > p.tpm OR NEW.rph > p.rph OR NEW.rpd > p.rpd OR NEW.tpd > p.tpd
                  OR (NEW.budget_per = 'period' AND p.budget_per = 'period' AND NEW.budget > p.budget)))
    OR EXISTS (SELECT 1 FROM limits c WHERE c.parent = NEW.scope
               AND (c.rpm > NEW.rpm OR c.tpm > NEW.tpm OR c.rph > NEW.rph OR c.rpd > NEW.rpd OR c.tpd > NEW.tpd
                  OR (c.budget_per = 'period' AND NEW.budget_per = 'period' AND c.budget > NEW.budget))) THEN
        RAISE EXCEPTION 'limits_within_parent' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END;
$$;
CREATE TRIGGER limits_within_parent BEFORE INSERT OR UPDATE ON limits FOR EACH ROW EXECUTE FUNCTION limits_within_parent();

-- A key that is revoked and a member who has left bind nobody.
CREATE FUNCTION limits_end_with_key() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM limits WHERE scope = 'key:' || NEW.id;
    RETURN NULL;
END;
$$;
CREATE TRIGGER limits_end_with_key AFTER UPDATE OF revoked_at ON api_keys FOR EACH ROW WHEN (NEW.revoked_at IS NOT NULL)
EXECUTE FUNCTION limits_end_with_key();

CREATE FUNCTION limits_end_with_membership() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM limits WHERE scope = 'member:' || OLD.team_id || ':' || OLD.user_id;
    RETURN NULL;
END;
$$;
CREATE TRIGGER limits_end_with_membership AFTER DELETE ON team_members FOR EACH ROW EXECUTE FUNCTION limits_end_with_membership();
