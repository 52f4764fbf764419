CREATE TRIGGER model_prices_no_update BEFORE UPDATE ON model_prices BEGIN SELECT RAISE(ABORT, 'prices are append-only'); END;
CREATE TRIGGER model_prices_no_delete BEFORE DELETE ON model_prices BEGIN SELECT RAISE(ABORT, 'prices are append-only'); END;
