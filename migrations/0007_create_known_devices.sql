-- Browsers that a person has signed in with: they keep their owner out of the lock that strangers' wrong passwords put on an account.

CREATE TABLE known_devices (
    -- SHA-256 of the cookie.
    token_hash TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id),
    created_at BIGINT NOT NULL,
    last_used_at BIGINT NOT NULL
);
CREATE INDEX known_devices_user ON known_devices (user_id, last_used_at);
