-- Deleted accounts, changes of the address, and what the audit log is searched by.

-- The row of a deleted account stays for its name; its address is free again.
ALTER TABLE users ADD COLUMN deleted_at BIGINT;

-- The same table with one more purpose: a check can not be widened in place on SQLite.
CREATE TABLE single_use_tokens_wider (
    token_hash TEXT PRIMARY KEY,
    purpose TEXT NOT NULL CHECK (purpose IN ('setup', 'password_reset', 'email_confirmation', 'email_change')),
    user_id TEXT REFERENCES users (id),
    -- The address that is confirmed: normalized, or as typed where the account is to have it from then on.
    email TEXT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);
INSERT INTO single_use_tokens_wider (token_hash, purpose, user_id, email, created_at, expires_at, used_at)
    SELECT token_hash, purpose, user_id, email, created_at, expires_at, used_at FROM single_use_tokens;
DROP TABLE single_use_tokens;
ALTER TABLE single_use_tokens_wider RENAME TO single_use_tokens;
CREATE INDEX single_use_tokens_user ON single_use_tokens (user_id, purpose);

-- Refused attempts stand beside what was done.
ALTER TABLE audit_log ADD COLUMN outcome TEXT NOT NULL DEFAULT 'done' CHECK (outcome IN ('done', 'denied'));
CREATE INDEX audit_log_actor ON audit_log (actor_user_id, id);
CREATE INDEX audit_log_target ON audit_log (target_kind, target_id, id);
