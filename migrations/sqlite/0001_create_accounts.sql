-- SQLite can not add a foreign key to a table that stands already; this holds the same: members only of teams that exist.
CREATE TRIGGER team_members_team_exists BEFORE INSERT ON team_members
WHEN NOT EXISTS (SELECT 1 FROM teams WHERE id = NEW.team_id)
BEGIN SELECT RAISE(ABORT, 'FOREIGN KEY constraint failed: team_members.team_id'); END;
