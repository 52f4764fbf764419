CREATE TRIGGER ledger_no_update BEFORE UPDATE ON ledger BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER ledger_no_delete BEFORE DELETE ON ledger BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER seat_fees_no_update BEFORE UPDATE ON seat_fees BEGIN SELECT RAISE(ABORT, 'seat fees are append-only'); END;
CREATE TRIGGER seat_fees_no_delete BEFORE DELETE ON seat_fees BEGIN SELECT RAISE(ABORT, 'seat fees are append-only'); END;
-- Each balance follows from the one before; only the first has none.
CREATE TRIGGER ledger_follows BEFORE INSERT ON ledger
WHEN NEW.balance_after <> NEW.amount + COALESCE((SELECT balance_after FROM ledger WHERE team_id = NEW.team_id AND seq = NEW.seq - 1), 0)
  OR (NEW.seq <> 1 AND NOT EXISTS (SELECT 1 FROM ledger WHERE team_id = NEW.team_id AND seq = NEW.seq - 1))
BEGIN SELECT RAISE(ABORT, 'a balance does not follow from the one before'); END;
