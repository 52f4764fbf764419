-- Providers, models, what organizations take in of them, and gateway keys.

CREATE TABLE providers (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('openai', 'simulated')),
    base_url TEXT NOT NULL,
    -- Encrypted (service/vault.rs); empty without one.
    secret TEXT NOT NULL DEFAULT '',
    secret_hint TEXT NOT NULL DEFAULT '',
    simulation TEXT NOT NULL DEFAULT '{}',
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX providers_name_key ON providers (name);

CREATE TABLE models (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    tier TEXT NOT NULL CHECK (tier IN ('general', 'high_performance', 'specialized')),
    modality TEXT NOT NULL CHECK (modality IN ('chat', 'vision', 'embedding', 'image', 'audio', 'video')),
    -- Nano-dollars per million tokens; empty means that it can not be charged, so it can not be called.
    input_price BIGINT CHECK (input_price >= 0),
    cached_price BIGINT CHECK (cached_price >= 0),
    output_price BIGINT CHECK (output_price >= 0),
    context_window BIGINT NOT NULL CHECK (context_window > 0),
    max_output BIGINT NOT NULL CHECK (max_output > 0),
    default_output BIGINT CHECK (default_output > 0),
    restricted BIGINT NOT NULL DEFAULT 0 CHECK (restricted IN (0, 1)),
    enabled BIGINT NOT NULL DEFAULT 1 CHECK (enabled IN (0, 1)),
    created_at BIGINT NOT NULL
);

-- Names and aliases share one space, compared exactly.
CREATE TABLE model_names (
    name TEXT PRIMARY KEY,
    model_id TEXT NOT NULL REFERENCES models (id),
    is_alias BIGINT NOT NULL CHECK (is_alias IN (0, 1))
);
CREATE INDEX model_names_model ON model_names (model_id);

CREATE TABLE deployments (
    model_id TEXT NOT NULL REFERENCES models (id),
    position BIGINT NOT NULL,
    provider_id TEXT NOT NULL REFERENCES providers (id),
    upstream_model TEXT NOT NULL,
    PRIMARY KEY (model_id, position)
);
CREATE INDEX deployments_provider ON deployments (provider_id);

-- No row means closed.
CREATE TABLE organization_models (
    organization_id TEXT NOT NULL REFERENCES organizations (id),
    model_id TEXT NOT NULL REFERENCES models (id),
    state TEXT NOT NULL CHECK (state IN ('open', 'approval', 'closed')),
    changed_at BIGINT NOT NULL,
    PRIMARY KEY (organization_id, model_id)
);

CREATE TABLE api_keys (
    id TEXT PRIMARY KEY,
    team_id TEXT NOT NULL REFERENCES teams (id),
    -- The person it belongs to; for an application key who made it.
    user_id TEXT NOT NULL REFERENCES users (id),
    kind TEXT NOT NULL CHECK (kind IN ('person', 'application', 'test')),
    name TEXT NOT NULL,
    -- SHA-256 of the secret.
    secret_hash TEXT NOT NULL,
    -- The secret that a rotation replaced works until its time is over.
    old_secret_hash TEXT,
    old_secret_until BIGINT,
    prefix TEXT NOT NULL,
    suffix TEXT NOT NULL,
    expires_at BIGINT,
    revoked_at BIGINT,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX api_keys_secret_key ON api_keys (secret_hash);
CREATE UNIQUE INDEX api_keys_old_secret_key ON api_keys (old_secret_hash);
CREATE INDEX api_keys_team ON api_keys (team_id, id);
CREATE INDEX api_keys_user ON api_keys (user_id);
