-- A child lies within its parent. Writers take turns on this engine, so what a trigger reads still holds at the commit.
CREATE TRIGGER limits_within_parent_on_insert BEFORE INSERT ON limits
WHEN EXISTS (SELECT 1 FROM limits p WHERE p.scope = NEW.parent
             AND (NEW.rpm > p.rpm OR NEW.tpm > p.tpm OR NEW.rph > p.rph OR NEW.rpd > p.rpd OR NEW.tpd > p.tpd
                  OR (NEW.budget_per = 'period' AND p.budget_per = 'period' AND NEW.budget > p.budget)))
  OR EXISTS (SELECT 1 FROM limits c WHERE c.parent = NEW.scope
             AND (c.rpm > NEW.rpm OR c.tpm > NEW.tpm OR c.rph > NEW.rph OR c.rpd > NEW.rpd OR c.tpd > NEW.tpd
                  OR (c.budget_per = 'period' AND NEW.budget_per = 'period' AND c.budget > NEW.budget)))
BEGIN
    SELECT RAISE(ABORT, 'limits_within_parent');
END;

CREATE TRIGGER limits_within_parent_on_update BEFORE UPDATE ON limits
WHEN EXISTS (SELECT 1 FROM limits p WHERE p.scope = NEW.parent
             AND (NEW.rpm > p.rpm OR NEW.tpm > p.tpm OR NEW.rph > p.rph OR NEW.rpd > p.rpd OR NEW.tpd > p.tpd
                  OR (NEW.budget_per = 'period' AND p.budget_per = 'period' AND NEW.budget > p.budget)))
  OR EXISTS (SELECT 1 FROM limits c WHERE c.parent = NEW.scope
             AND (c.rpm > NEW.rpm OR c.tpm > NEW.tpm OR c.rph > NEW.rph OR c.rpd > NEW.rpd OR c.tpd > NEW.tpd
                  OR (c.budget_per = 'period' AND NEW.budget_per = 'period' AND c.budget > NEW.budget)))
BEGIN
    SELECT RAISE(ABORT, 'limits_within_parent');
END;

-- A key that is revoked and a member who has left bind nobody.
CREATE TRIGGER limits_end_with_key AFTER UPDATE OF revoked_at ON api_keys WHEN NEW.revoked_at IS NOT NULL
BEGIN
    DELETE FROM limits WHERE scope = 'key:' || NEW.id;
END;

CREATE TRIGGER limits_end_with_membership AFTER DELETE ON team_members
BEGIN
    DELETE FROM limits WHERE scope = 'member:' || OLD.team_id || ':' || OLD.user_id;
END;
