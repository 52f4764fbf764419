-- When the last attempt upstream began, from admission on, and the sentence of the error that the client was sent. Of calls that were
-- booked before, neither is known.
ALTER TABLE usage_events ADD COLUMN upstream_ms BIGINT;
ALTER TABLE usage_events ADD COLUMN message TEXT NOT NULL DEFAULT '';
