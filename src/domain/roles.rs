//! Who may do what: the table of spec.md §2 as one pure function, used by pages, REST and services alike.
//! It says nothing about models: role permissions and model authorization never change each other.

use serde::{Deserialize, Serialize};

/// A member's role in a team. `Owner` is stored on the team and nowhere else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Exactly one per team.
    Owner,
    /// Runs the team, but can not touch the owner or the money.
    Admin,
    /// Makes keys and calls (elsewhere called team developer).
    Member,
    /// Looks on.
    Viewer,
}

impl Role {
    /// All roles, strongest first.
    pub const ALL: [Self; 4] = [Self::Owner, Self::Admin, Self::Member, Self::Viewer];

    /// The word for storage and interfaces.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Admin => "admin",
            Self::Member => "member",
            Self::Viewer => "viewer",
        }
    }

    /// Reads the word, exactly as written.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == text)
    }

    /// The word for people.
    pub fn label(self) -> &'static str {
        match self {
            Self::Owner => "Owner",
            Self::Admin => "Admin",
            Self::Member => "Member",
            Self::Viewer => "Viewer",
        }
    }

    /// Whether somebody in this role may see the team as somebody in the other one does: owner and admins, for roles not above their own.
    pub fn may_view_as(self, other: Self) -> bool {
        matches!((self, other), (Self::Owner, _) | (Self::Admin, Self::Admin | Self::Member | Self::Viewer))
    }

    /// What the role lets somebody do, as an invitation says it.
    pub fn allows(self) -> &'static str {
        match self {
            Self::Owner => "runs the team and its money, and can hand it over",
            Self::Admin => "manages members, keys, limits and models",
            Self::Member => "makes keys and calls, and sees the team's totals",
            Self::Viewer => "sees the team and its totals, without keys",
        }
    }
}

/// A role in an organization.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrgRole {
    /// Runs the organization.
    Admin,
    /// Belongs to it.
    Member,
}

impl OrgRole {
    /// The word for storage and interfaces.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Member => "member",
        }
    }

    /// Reads the word, exactly as written.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Admin, Self::Member].into_iter().find(|role| role.as_str() == text)
    }
}

/// What somebody is to a team, seen from all sides. Empty means a stranger, who gets 404.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// Role in the team.
    pub role: Option<Role>,
    /// Admin of the team's organization.
    pub org_admin: bool,
    /// Runs the platform.
    pub platform_admin: bool,
}

impl Standing {
    /// Nothing at all: the team does not exist for this person.
    pub fn is_stranger(self) -> bool {
        self.role.is_none() && !self.org_admin && !self.platform_admin
    }

    /// Whether the action is allowed: any of the three sides suffices.
    pub fn may(self, action: Action) -> bool {
        self.role.is_some_and(|role| action.allows_role(role))
            || (self.org_admin && action.allows_org_admin())
            || (self.platform_admin && action.allows_platform_admin())
    }
}

/// Why a role can not be set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoleRefusal {
    /// Members are not this person's to manage.
    NotAllowed,
    /// Only a transfer makes an owner.
    NeverOwner,
    /// Nobody but a transfer touches the owner's role.
    OwnersRole,
    /// The owner's own role ends by a transfer alone.
    LastOwner,
    /// Nobody raises themselves.
    OwnRole,
}

impl Standing {
    /// The roles that this person may give to others: up to the own one, and never owner.
    pub fn grantable(self) -> &'static [Role] {
        // Whoever manages members is owner or admin of the team, or admin of its organization.
        if self.may(Action::ManageMembers) { &[Role::Admin, Role::Member, Role::Viewer] } else { &[] }
    }

    /// Whether this person may invite somebody in a role.
    pub fn check_invite(self, role: Role) -> Result<(), RoleRefusal> {
        if !self.may(Action::ManageMembers) {
            return Err(RoleRefusal::NotAllowed);
        }
        if self.grantable().contains(&role) { Ok(()) } else { Err(RoleRefusal::NeverOwner) }
    }

    /// Whether this person may change a member's role, `own` if that member is this person.
    pub fn check_role_change(self, own: bool, before: Role, after: Role) -> Result<(), RoleRefusal> {
        match (before, after) {
            (Role::Owner, _) if own => return Err(RoleRefusal::LastOwner),
            _ if !self.may(Action::ManageMembers) => return Err(RoleRefusal::NotAllowed),
            (Role::Owner, _) => return Err(RoleRefusal::OwnersRole),
            (_, Role::Owner) => return Err(RoleRefusal::NeverOwner),
            _ => {}
        }
        // `ALL` stands in order, strongest first.
        let rank = |role: Role| Role::ALL.iter().position(|other| *other == role);
        if own && rank(after) < rank(before) {
            return Err(RoleRefusal::OwnRole);
        }
        Ok(())
    }

    /// Whether this person may take a member out of the team, `own` for leaving.
    pub fn check_removal(self, own: bool, role: Role) -> Result<(), RoleRefusal> {
        match role {
            Role::Owner if own => Err(RoleRefusal::LastOwner),
            _ if own => Ok(()),
            _ if !self.may(Action::ManageMembers) => Err(RoleRefusal::NotAllowed),
            Role::Owner => Err(RoleRefusal::OwnersRole),
            _ => Ok(()),
        }
    }
}

/// The rows of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// View team, members, team usage totals.
    ViewTeam,
    /// Create, rename, rotate, revoke own keys; own usage, logs, limits.
    OwnKeys,
    /// Ask for a model or a higher budget.
    RequestAccess,
    /// Member ranking and everyone's logs.
    ViewEveryonesUsage,
    /// Invite, revoke or resend invitations, remove members, set roles up to own.
    ManageMembers,
    /// See every key of the team.
    ViewAnyKey,
    /// Revoke any key of the team.
    RevokeAnyKey,
    /// Create, rename and rotate any key of the team, application keys.
    ManageAnyKey,
    /// Read the audit log.
    ViewAudit,
    /// Limits, member budgets, model access, self-service policy, requests.
    ManageLimits,
    /// See balance, plan and ledger.
    ViewBilling,
    /// Change plan, seats, spending limit.
    ManageBilling,
    /// Transfer ownership; delete the team.
    OwnTeam,
}

impl Action {
    /// All rows.
    pub const ALL: [Self; 13] = [
        Self::ViewTeam,
        Self::OwnKeys,
        Self::RequestAccess,
        Self::ViewEveryonesUsage,
        Self::ManageMembers,
        Self::ViewAnyKey,
        Self::RevokeAnyKey,
        Self::ManageAnyKey,
        Self::ViewAudit,
        Self::ManageLimits,
        Self::ViewBilling,
        Self::ManageBilling,
        Self::OwnTeam,
    ];

    /// The permission's name, as a 403 says it.
    pub fn name(self) -> &'static str {
        match self {
            Self::ViewTeam => "view the team",
            Self::OwnKeys => "have keys in this team",
            Self::RequestAccess => "request access",
            Self::ViewEveryonesUsage => "see everyone's usage",
            Self::ManageMembers => "manage members",
            Self::ViewAnyKey => "see other people's keys",
            Self::RevokeAnyKey => "revoke other people's keys",
            Self::ManageAnyKey => "manage the team's keys",
            Self::ViewAudit => "read the audit log",
            Self::ManageLimits => "change limits and model access",
            Self::ViewBilling => "see billing",
            Self::ManageBilling => "change plan, seats and spending limit",
            Self::OwnTeam => "transfer or delete the team",
        }
    }

    /// The permission's word, for the audit log.
    pub fn word(self) -> &'static str {
        match self {
            Self::ViewTeam => "team.view",
            Self::OwnKeys => "key.own",
            Self::RequestAccess => "access.request",
            Self::ViewEveryonesUsage => "usage.view",
            Self::ManageMembers => "member.manage",
            Self::ViewAnyKey => "key.view",
            Self::RevokeAnyKey => "key.revoke",
            Self::ManageAnyKey => "key.manage",
            Self::ViewAudit => "audit.view",
            Self::ManageLimits => "limit.manage",
            Self::ViewBilling => "billing.view",
            Self::ManageBilling => "billing.manage",
            Self::OwnTeam => "team.own",
        }
    }

    /// Whether it changes something: refused attempts at that are worth noting.
    pub fn is_change(self) -> bool {
        !matches!(self, Self::ViewTeam | Self::ViewEveryonesUsage | Self::ViewAnyKey | Self::ViewAudit | Self::ViewBilling)
    }

    fn allows_role(self, role: Role) -> bool {
        match self {
            Self::ViewTeam => true,
            Self::OwnKeys | Self::RequestAccess => role != Role::Viewer,
            Self::ManageBilling | Self::OwnTeam => role == Role::Owner,
            _ => matches!(role, Role::Owner | Role::Admin),
        }
    }

    fn allows_org_admin(self) -> bool {
        matches!(
            self,
            Self::ViewTeam
                | Self::ViewEveryonesUsage
                | Self::ManageMembers
                | Self::ViewAnyKey
                | Self::ViewAudit
                | Self::ManageLimits
                | Self::ViewBilling
        )
    }

    fn allows_platform_admin(self) -> bool {
        matches!(
            self,
            Self::ViewTeam
                | Self::ViewEveryonesUsage
                | Self::ViewAnyKey
                | Self::RevokeAnyKey
                | Self::ViewAudit
                | Self::ManageLimits
                | Self::ViewBilling
                | Self::ManageBilling
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table of spec.md §2, a row per action: owner, admin, member, viewer, organization admin, platform admin.
    #[test]
    fn the_table_is_the_contracts() {
        let rows = [
            (Action::ViewTeam, "111111"),
            (Action::OwnKeys, "111000"),
            (Action::RequestAccess, "111000"),
            (Action::ViewEveryonesUsage, "110011"),
            (Action::ManageMembers, "110010"),
            (Action::ViewAnyKey, "110011"),
            (Action::RevokeAnyKey, "110001"),
            (Action::ManageAnyKey, "110000"),
            (Action::ViewAudit, "110011"),
            (Action::ManageLimits, "110011"),
            (Action::ViewBilling, "110011"),
            (Action::ManageBilling, "100001"),
            (Action::OwnTeam, "100000"),
        ];
        assert_eq!(rows.len(), Action::ALL.len());
        for (action, expected) in rows {
            let mut standings: Vec<Standing> =
                Role::ALL.into_iter().map(|role| Standing { role: Some(role), ..Standing::default() }).collect();
            standings.push(Standing { org_admin: true, ..Standing::default() });
            standings.push(Standing { platform_admin: true, ..Standing::default() });
            let found: String = standings.into_iter().map(|s| if s.may(action) { '1' } else { '0' }).collect();
            assert_eq!(found, expected, "{action:?}");
            assert!(!Standing::default().may(action));
        }
    }

    #[test]
    fn nobody_touches_the_owner_or_raises_themselves() {
        let standing = |role: Role| Standing { role: Some(role), ..Standing::default() };
        let org_admin = Standing { org_admin: true, ..Standing::default() };
        for actor in [standing(Role::Admin), org_admin] {
            assert_eq!(actor.check_role_change(false, Role::Owner, Role::Admin), Err(RoleRefusal::OwnersRole));
            assert_eq!(actor.check_removal(false, Role::Owner), Err(RoleRefusal::OwnersRole));
            assert_eq!(actor.check_role_change(false, Role::Member, Role::Owner), Err(RoleRefusal::NeverOwner));
            assert_eq!(actor.check_invite(Role::Owner), Err(RoleRefusal::NeverOwner));
            assert_eq!(actor.check_role_change(false, Role::Admin, Role::Viewer), Ok(()));
            assert_eq!(actor.check_invite(Role::Admin), Ok(()));
        }
        assert_eq!(standing(Role::Admin).check_role_change(true, Role::Admin, Role::Owner), Err(RoleRefusal::NeverOwner));
        assert_eq!(standing(Role::Admin).check_role_change(true, Role::Admin, Role::Member), Ok(()), "one may step down");
        let both = Standing { role: Some(Role::Member), org_admin: true, platform_admin: false };
        assert_eq!(both.check_role_change(true, Role::Member, Role::Admin), Err(RoleRefusal::OwnRole));
        assert_eq!(standing(Role::Owner).check_role_change(true, Role::Owner, Role::Admin), Err(RoleRefusal::LastOwner));
        assert_eq!(standing(Role::Owner).check_removal(true, Role::Owner), Err(RoleRefusal::LastOwner));
        for role in [Role::Member, Role::Viewer] {
            assert_eq!(standing(role).check_role_change(true, role, Role::Admin), Err(RoleRefusal::NotAllowed));
            assert_eq!(standing(role).check_removal(false, Role::Viewer), Err(RoleRefusal::NotAllowed));
            assert_eq!(standing(role).check_removal(true, role), Ok(()));
        }
    }

    #[test]
    fn only_those_who_lead_look_as_others_and_never_upwards() {
        let may = |own: Role| Role::ALL.map(|other| own.may_view_as(other));
        assert_eq!(may(Role::Owner), [true; 4]);
        assert_eq!(may(Role::Admin), [false, true, true, true]);
        assert_eq!((may(Role::Member), may(Role::Viewer)), ([false; 4], [false; 4]));
    }

    #[test]
    fn roles_are_read_exactly() {
        for wrong in ["OWNER", "owner ", "0", "", "root"] {
            assert_eq!(Role::parse(wrong), None);
        }
        assert_eq!(Role::parse("viewer"), Some(Role::Viewer));
    }
}
