CREATE TRIGGER ledger_no_change BEFORE UPDATE OR DELETE ON ledger FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER ledger_no_truncate BEFORE TRUNCATE ON ledger FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER seat_fees_no_change BEFORE UPDATE OR DELETE ON seat_fees FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER seat_fees_no_truncate BEFORE TRUNCATE ON seat_fees FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
-- Each balance follows from the one before; only the first has none.
CREATE FUNCTION ledger_follows() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    earlier BIGINT;
BEGIN
    SELECT balance_after INTO earlier FROM ledger WHERE team_id = NEW.team_id AND seq = NEW.seq - 1;
    IF (NOT FOUND AND NEW.seq <> 1) OR NEW.balance_after <> NEW.amount + COALESCE(earlier, 0) THEN
        RAISE EXCEPTION 'a balance does not follow from the one before';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER ledger_follows BEFORE INSERT ON ledger FOR EACH ROW EXECUTE FUNCTION ledger_follows();
