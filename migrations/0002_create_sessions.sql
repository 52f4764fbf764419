-- Sessions, single-use tokens, throttles, settings, mails and the audit log.

CREATE TABLE sessions (
    -- SHA-256 of the id in the cookie.
    id_hash TEXT PRIMARY KEY,
    -- Empty before somebody signs in.
    user_id TEXT REFERENCES users (id),
    -- The account's epoch at sign-in; a session of an older one is dead.
    auth_epoch BIGINT NOT NULL DEFAULT 0,
    data TEXT NOT NULL,
    user_agent TEXT NOT NULL DEFAULT '',
    address TEXT NOT NULL DEFAULT '',
    created_at BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    -- When the password was last entered.
    verified_at BIGINT,
    idle_expires_at BIGINT NOT NULL,
    absolute_expires_at BIGINT NOT NULL
);
CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX sessions_expiry ON sessions (idle_expires_at);

-- Set-up, password reset and e-mail confirmation. One use each.
CREATE TABLE single_use_tokens (
    token_hash TEXT PRIMARY KEY,
    purpose TEXT NOT NULL CHECK (purpose IN ('setup', 'password_reset', 'email_confirmation')),
    user_id TEXT REFERENCES users (id),
    -- The address that is confirmed.
    email TEXT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);
CREATE INDEX single_use_tokens_user ON single_use_tokens (user_id, purpose);

-- Management tokens: bearer credentials of /api/v1.
CREATE TABLE management_tokens (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id),
    name TEXT NOT NULL,
    scope TEXT NOT NULL CHECK (scope IN ('read', 'write')),
    token_hash TEXT NOT NULL,
    suffix TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    last_used_at BIGINT,
    revoked_at BIGINT
);
CREATE UNIQUE INDEX management_tokens_hash_key ON management_tokens (token_hash);
CREATE INDEX management_tokens_user ON management_tokens (user_id);

CREATE TABLE settings (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL,
    changed_at BIGINT NOT NULL
);

-- Transactional outbox: a mail is queued in the transaction of what it reports.
CREATE TABLE mails (
    id TEXT PRIMARY KEY,
    recipient TEXT NOT NULL,
    subject TEXT NOT NULL,
    -- What the mail is made of when it is sent (JSON); secrets that it carries are encrypted, and wiped once it is sent.
    template TEXT NOT NULL,
    payload TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('queued', 'sent', 'failed')),
    attempts BIGINT NOT NULL DEFAULT 0,
    next_attempt_at BIGINT NOT NULL,
    last_error TEXT NOT NULL DEFAULT '',
    created_at BIGINT NOT NULL,
    sent_at BIGINT
);
CREATE INDEX mails_due ON mails (state, next_attempt_at);

-- Who did what. Append-only: migrations/sqlite and migrations/postgres refuse UPDATE and DELETE.
CREATE TABLE audit_log (
    id TEXT PRIMARY KEY,
    at BIGINT NOT NULL,
    -- Empty for what the product did by itself.
    actor_user_id TEXT,
    actor_name TEXT NOT NULL,
    action TEXT NOT NULL,
    target_kind TEXT NOT NULL,
    target_id TEXT NOT NULL,
    target_name TEXT NOT NULL,
    team_id TEXT,
    organization_id TEXT,
    -- What changed (JSON objects); secrets are never in them.
    before_value TEXT NOT NULL,
    after_value TEXT NOT NULL,
    source TEXT NOT NULL,
    address TEXT NOT NULL,
    request_id TEXT NOT NULL
);
CREATE INDEX audit_log_team ON audit_log (team_id, id);
CREATE INDEX audit_log_organization ON audit_log (organization_id, id);
