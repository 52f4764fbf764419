CREATE TRIGGER model_prices_no_change BEFORE UPDATE OR DELETE ON model_prices FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER model_prices_no_truncate BEFORE TRUNCATE ON model_prices FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
