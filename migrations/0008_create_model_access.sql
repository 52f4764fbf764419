-- Who may call which model: groups, what teams, members and keys narrow, what is granted, asked for and reviewed.
-- No team, member or key is narrowed by what is made here: what may be called before may be called after.

-- Named sets of models, the platform's or one organization's. A group says who is meant to call what, never where calls go.
CREATE TABLE access_groups (
    id TEXT PRIMARY KEY,
    -- Empty: every organization's.
    organization_id TEXT REFERENCES organizations (id),
    name TEXT NOT NULL,
    description TEXT NOT NULL DEFAULT '',
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX access_groups_name_key ON access_groups (COALESCE(organization_id, ''), name);

CREATE TABLE access_group_models (
    group_id TEXT NOT NULL REFERENCES access_groups (id) ON DELETE CASCADE,
    model_id TEXT NOT NULL REFERENCES models (id) ON DELETE CASCADE,
    PRIMARY KEY (group_id, model_id)
);
CREATE INDEX access_group_models_model ON access_group_models (model_id);

CREATE TABLE access_group_tiers (
    group_id TEXT NOT NULL REFERENCES access_groups (id) ON DELETE CASCADE,
    tier TEXT NOT NULL CHECK (tier IN ('general', 'high_performance', 'specialized')),
    PRIMARY KEY (group_id, tier)
);

-- What a restricting team names. In mode inherit these rows rest.
CREATE TABLE team_models (
    team_id TEXT NOT NULL REFERENCES teams (id),
    model_id TEXT NOT NULL REFERENCES models (id) ON DELETE CASCADE,
    state TEXT NOT NULL CHECK (state IN ('direct', 'approval', 'closed')),
    PRIMARY KEY (team_id, model_id)
);
CREATE INDEX team_models_model ON team_models (model_id);

CREATE TABLE team_groups (
    team_id TEXT NOT NULL REFERENCES teams (id),
    group_id TEXT NOT NULL REFERENCES access_groups (id) ON DELETE CASCADE,
    PRIMARY KEY (team_id, group_id)
);
CREATE INDEX team_groups_group ON team_groups (group_id);

CREATE TABLE team_tiers (
    team_id TEXT NOT NULL REFERENCES teams (id),
    tier TEXT NOT NULL CHECK (tier IN ('general', 'high_performance', 'specialized')),
    state TEXT NOT NULL CHECK (state IN ('direct', 'approval', 'closed')),
    PRIMARY KEY (team_id, tier)
);

-- When its models were last looked over; what the organization opened since stands in a note.
ALTER TABLE teams ADD COLUMN models_reviewed_at BIGINT NOT NULL DEFAULT 0;
UPDATE teams SET models_reviewed_at = (SELECT COALESCE(MAX(changed_at), 0) FROM organization_models);

-- A row narrows: whoever stands here may call the models beside it and no others, even if none are left. It outlives a membership, so
-- that leaving and joining again widens nothing.
CREATE TABLE member_subsets (
    team_id TEXT NOT NULL REFERENCES teams (id),
    user_id TEXT NOT NULL REFERENCES users (id),
    PRIMARY KEY (team_id, user_id)
);

CREATE TABLE member_subset_models (
    team_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    model_id TEXT NOT NULL REFERENCES models (id) ON DELETE CASCADE,
    PRIMARY KEY (team_id, user_id, model_id),
    FOREIGN KEY (team_id, user_id) REFERENCES member_subsets (team_id, user_id) ON DELETE CASCADE
);
CREATE INDEX member_subset_models_model ON member_subset_models (model_id);

-- A key that is narrowed calls the models beside it and no others, even if none are left.
ALTER TABLE api_keys ADD COLUMN narrowed BIGINT NOT NULL DEFAULT 0 CHECK (narrowed IN (0, 1));

CREATE TABLE api_key_models (
    key_id TEXT NOT NULL REFERENCES api_keys (id) ON DELETE CASCADE,
    model_id TEXT NOT NULL REFERENCES models (id) ON DELETE CASCADE,
    PRIMARY KEY (key_id, model_id)
);
CREATE INDEX api_key_models_model ON api_key_models (model_id);

-- Models that need approval, asked for. Names are kept: the model may be gone when somebody reads this.
CREATE TABLE access_requests (
    id TEXT PRIMARY KEY,
    team_id TEXT NOT NULL REFERENCES teams (id),
    user_id TEXT NOT NULL REFERENCES users (id),
    for_team BIGINT NOT NULL CHECK (for_team IN (0, 1)),
    model_id TEXT NOT NULL,
    model_name TEXT NOT NULL,
    reason TEXT NOT NULL,
    wanted_until BIGINT,
    state TEXT NOT NULL CHECK (state IN ('pending', 'approved', 'rejected', 'withdrawn')),
    created_at BIGINT NOT NULL,
    decided_at BIGINT,
    decided_by TEXT REFERENCES users (id),
    decided_by_name TEXT NOT NULL DEFAULT '',
    note TEXT NOT NULL DEFAULT '',
    CHECK ((state = 'pending') = (decided_at IS NULL))
);
CREATE UNIQUE INDEX access_requests_open_key ON access_requests (team_id, user_id, model_id, for_team) WHERE state = 'pending';
CREATE INDEX access_requests_team ON access_requests (team_id, state, id);
CREATE INDEX access_requests_user ON access_requests (user_id, state);

CREATE TABLE model_grants (
    id TEXT PRIMARY KEY,
    team_id TEXT NOT NULL REFERENCES teams (id),
    -- Empty: the whole team's.
    user_id TEXT REFERENCES users (id),
    model_id TEXT NOT NULL REFERENCES models (id) ON DELETE CASCADE,
    -- Who stands behind it, as of then: an admin of the organization, or the team's own. A change of roles changes nothing here.
    level TEXT NOT NULL CHECK (level IN ('organization', 'team')),
    request_id TEXT REFERENCES access_requests (id),
    granted_by TEXT NOT NULL REFERENCES users (id),
    granted_by_name TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    -- When it ends by itself.
    ends_at BIGINT,
    -- When it was taken back, or its end was noted.
    ended_at BIGINT
);
CREATE INDEX model_grants_live ON model_grants (team_id, user_id) WHERE ended_at IS NULL;
CREATE INDEX model_grants_ends ON model_grants (ends_at) WHERE ended_at IS NULL;
CREATE INDEX model_grants_model ON model_grants (model_id);

-- What an organization's admins have to look at: a model that is new, or whose price crossed the threshold.
CREATE TABLE review_items (
    id TEXT PRIMARY KEY,
    organization_id TEXT NOT NULL REFERENCES organizations (id),
    model_id TEXT NOT NULL REFERENCES models (id) ON DELETE CASCADE,
    kind TEXT NOT NULL CHECK (kind IN ('new_model', 'price')),
    -- Nobody of the organization may call the model until this is closed.
    blocks BIGINT NOT NULL CHECK (blocks IN (0, 1)),
    opened_at BIGINT NOT NULL,
    closed_at BIGINT,
    closed_by TEXT REFERENCES users (id)
);
CREATE UNIQUE INDEX review_items_open_key ON review_items (organization_id, model_id, kind) WHERE closed_at IS NULL;
CREATE INDEX review_items_model ON review_items (model_id);
