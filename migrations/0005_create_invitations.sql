-- Invitations to teams, how many were sent lately, and who sees a team's ranking.

CREATE TABLE invitations (
    id TEXT PRIMARY KEY,
    team_id TEXT NOT NULL REFERENCES teams (id),
    email TEXT NOT NULL,
    email_normalized TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('admin', 'member', 'viewer')),
    -- A word of who sent it.
    note TEXT NOT NULL DEFAULT '',
    -- Who sent it last, and so answers for it.
    inviter_user_id TEXT NOT NULL REFERENCES users (id),
    -- One that is over by time stays pending until something happens to it: it can be sent anew.
    state TEXT NOT NULL CHECK (state IN ('pending', 'accepted', 'revoked', 'declined', 'expired')),
    -- Rises when it is sent anew; the tokens of older generations are dead.
    generation BIGINT NOT NULL CHECK (generation >= 1),
    -- SHA-256 of the token in the mail, and of the one in the copied link.
    mail_token_hash TEXT NOT NULL,
    link_token_hash TEXT NOT NULL,
    -- Its newest mail, as long as the outbox keeps it.
    mail_id TEXT,
    created_at BIGINT NOT NULL,
    sent_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    closed_at BIGINT,
    accepted_by TEXT REFERENCES users (id),
    -- When its person last asked for a mail.
    asked_at BIGINT,
    CHECK ((state = 'pending') = (closed_at IS NULL)),
    CHECK ((state = 'accepted') = (accepted_by IS NOT NULL))
);
CREATE UNIQUE INDEX invitations_open_key ON invitations (team_id, email_normalized) WHERE state = 'pending';
CREATE UNIQUE INDEX invitations_mail_token_key ON invitations (mail_token_hash);
CREATE UNIQUE INDEX invitations_link_token_key ON invitations (link_token_hash);
CREATE INDEX invitations_team ON invitations (team_id, id);
CREATE INDEX invitations_inviter ON invitations (inviter_user_id, state);

-- One row per invitation that was sent or sent anew, for a day: what the limits count.
CREATE TABLE invitation_sends (
    id TEXT PRIMARY KEY,
    team_id TEXT NOT NULL REFERENCES teams (id),
    organization_id TEXT NOT NULL REFERENCES organizations (id),
    sender_user_id TEXT NOT NULL REFERENCES users (id),
    at BIGINT NOT NULL
);
CREATE INDEX invitation_sends_team ON invitation_sends (team_id, at);
CREATE INDEX invitation_sends_organization ON invitation_sends (organization_id, at);
CREATE INDEX invitation_sends_sender ON invitation_sends (sender_user_id, at);
CREATE INDEX invitation_sends_at ON invitation_sends (at);

-- Members see the ranking of members, others masked.
ALTER TABLE teams ADD COLUMN ranking_open BIGINT NOT NULL DEFAULT 0 CHECK (ranking_open IN (0, 1));
