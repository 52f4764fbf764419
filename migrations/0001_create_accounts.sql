-- Accounts, organizations and teams. One dialect for both engines: times are UTC milliseconds, flags are 0 or 1.

CREATE TABLE users (
    id TEXT PRIMARY KEY,
    email TEXT NOT NULL,
    email_normalized TEXT NOT NULL,
    email_confirmed_at BIGINT,
    name TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    password_changed_at BIGINT NOT NULL,
    platform_admin BIGINT NOT NULL DEFAULT 0 CHECK (platform_admin IN (0, 1)),
    personal_team_id TEXT NOT NULL,
    -- Rises whenever all sessions of the account must end.
    auth_epoch BIGINT NOT NULL DEFAULT 0,
    disabled_at BIGINT,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX users_email_key ON users (email_normalized);

CREATE TABLE organizations (
    id TEXT PRIMARY KEY,
    slug TEXT NOT NULL,
    name TEXT NOT NULL,
    -- Models that are not restricted become callable here as soon as they are in the catalog.
    open_unrestricted_models BIGINT NOT NULL DEFAULT 0 CHECK (open_unrestricted_models IN (0, 1)),
    members_create_teams BIGINT NOT NULL DEFAULT 0 CHECK (members_create_teams IN (0, 1)),
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX organizations_slug_key ON organizations (slug);

CREATE TABLE organization_members (
    organization_id TEXT NOT NULL REFERENCES organizations (id),
    user_id TEXT NOT NULL REFERENCES users (id),
    role TEXT NOT NULL CHECK (role IN ('admin', 'member')),
    joined_at BIGINT NOT NULL,
    PRIMARY KEY (organization_id, user_id)
);
CREATE INDEX organization_members_user ON organization_members (user_id);

-- Stands before its parent, because each refers to the other; migrations/sqlite and migrations/postgres hold its own reference.
CREATE TABLE team_members (
    team_id TEXT NOT NULL,
    user_id TEXT NOT NULL REFERENCES users (id),
    -- What the member is apart from owning the team.
    role TEXT NOT NULL CHECK (role IN ('admin', 'member', 'viewer')),
    joined_at BIGINT NOT NULL,
    PRIMARY KEY (team_id, user_id)
);
CREATE INDEX team_members_user ON team_members (user_id);

CREATE TABLE teams (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('team', 'personal')),
    -- Empty exactly for personal spaces.
    organization_id TEXT REFERENCES organizations (id),
    slug TEXT NOT NULL,
    name TEXT NOT NULL,
    -- The owner role is stored here and nowhere else; the owner is a member of this team at every commit.
    owner_user_id TEXT NOT NULL REFERENCES users (id),
    mode TEXT NOT NULL DEFAULT 'inherit' CHECK (mode IN ('inherit', 'restrict')),
    self_service BIGINT NOT NULL DEFAULT 1 CHECK (self_service IN (0, 1)),
    seats BIGINT CHECK (seats >= 0),
    discount_bp BIGINT NOT NULL DEFAULT 0 CHECK (discount_bp BETWEEN 0 AND 10000),
    created_at BIGINT NOT NULL,
    deleted_at BIGINT,
    CHECK ((kind = 'personal') = (organization_id IS NULL)),
    FOREIGN KEY (id, owner_user_id) REFERENCES team_members (team_id, user_id) DEFERRABLE INITIALLY DEFERRED
);
CREATE UNIQUE INDEX teams_slug_key ON teams (slug) WHERE deleted_at IS NULL;
CREATE INDEX teams_organization ON teams (organization_id);
