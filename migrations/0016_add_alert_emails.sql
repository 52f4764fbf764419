-- Further addresses that get a team's alerts, normalized, with spaces between them.
ALTER TABLE teams ADD COLUMN alert_emails TEXT NOT NULL DEFAULT '';
