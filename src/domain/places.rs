//! Where an address lies: its scope and the kind of page. Sidebar, switcher, breadcrumbs and search are derived from it.

/// Whose pages these are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The person's own space, `/me`.
    Personal,
    /// A team, `/t/{slug}`.
    Team(String),
    /// An organization, `/o/{slug}`.
    Organization(String),
    /// The whole installation, `/admin`.
    Platform,
    /// Pages that belong to no context: the team list, the account.
    Account,
}

/// Kinds of pages that the navigation knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// What goes on in a scope.
    Overview,
    /// A context's calls.
    Logs,
    /// What was used over time.
    Usage,
    /// One call.
    Call,
    /// Where a model is tried.
    Playground,
    /// A context's keys.
    Keys,
    /// A context's own limits.
    Quotas,
    /// An organization's limits.
    Limits,
    /// Who is in a team or organization.
    Members,
    /// A context's money.
    Billing,
    /// What was done in a scope.
    Audit,
    /// Of a team or organization.
    Settings,
    /// The platform's upstreams.
    Providers,
    /// What may be called.
    Models,
    /// Named sets of models.
    Groups,
    /// Requests for models.
    Requests,
    /// Why a model may be called, or may not.
    Explain,
    /// The classes of models.
    Tiers,
    /// Prices from a file.
    Import,
    /// All accounts.
    Users,
    /// One account.
    User,
    /// All organizations.
    Organizations,
    /// The installation itself.
    System,
    /// Mails that were sent, or wait.
    Outbox,
    /// What teams can be on.
    Plans,
    /// All teams that one may see.
    Teams,
    /// Where a team is made.
    NewTeam,
    /// One's own account.
    Account,
    /// What is looked for.
    Search,
}

impl Kind {
    /// Its name in the navigation.
    pub fn label(self) -> &'static str {
        match self {
            Self::Overview => "Overview",
            Self::Usage => "Usage",
            Self::Logs => "Call logs",
            Self::Call => "Call",
            Self::Playground => "Playground",
            Self::Keys => "API keys",
            Self::Quotas => "Quotas and budgets",
            Self::Limits => "Limits",
            Self::Members => "Members",
            Self::Billing => "Billing",
            Self::Plans => "Plans",
            Self::Audit => "Audit log",
            Self::Settings => "Settings",
            Self::Providers => "Providers",
            Self::Models => "Models",
            Self::Groups => "Access groups",
            Self::Requests => "Access requests",
            Self::Explain => "Explain",
            Self::Tiers => "Tiers",
            Self::Import => "Import prices",
            Self::Users => "Users",
            Self::User => "User",
            Self::Organizations => "Organizations",
            Self::System => "System",
            Self::Outbox => "Outbox",
            Self::Teams => "Teams",
            Self::NewTeam => "Create team",
            Self::Account => "Account",
            Self::Search => "Search",
        }
    }

    /// The list that a page belongs to.
    pub fn list(self) -> Option<Self> {
        match self {
            Self::User => Some(Self::Users),
            Self::Call => Some(Self::Logs),
            Self::Explain | Self::Import => Some(Self::Models),
            _ => None,
        }
    }

    /// Its symbol of the sprite.
    pub fn icon(self) -> &'static str {
        match self {
            Self::Overview => "overview",
            Self::Usage => "usage",
            Self::Logs | Self::Call => "logs",
            Self::Playground => "play",
            Self::Keys => "key",
            Self::Quotas | Self::Limits => "gauge",
            Self::Members => "users",
            Self::Billing | Self::Plans => "card",
            Self::Audit => "clock",
            Self::Settings => "sliders",
            Self::Providers => "plug",
            Self::Models => "cube",
            Self::Groups => "layers",
            Self::Requests => "shield",
            Self::Explain => "info",
            Self::Tiers => "sliders",
            Self::Import => "cube",
            Self::Users => "users",
            Self::User => "user",
            Self::Organizations => "org",
            Self::System => "sliders",
            Self::Outbox => "mail",
            Self::Teams => "users",
            Self::NewTeam => "plus",
            Self::Account => "user",
            Self::Search => "search",
        }
    }
}

/// Scope and kind of an address; no kind where it is a page the navigation does not know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Whose page it is.
    pub scope: Scope,
    /// Which of their pages.
    pub kind: Option<Kind>,
}

impl Place {
    /// Of a path, without host and query.
    pub fn of(path: &str) -> Self {
        let mut parts = path.split('/').filter(|part| !part.is_empty());
        match parts.next() {
            Some("me") => {
                let kind = match (parts.next(), parts.next()) {
                    (Some("models"), Some("explain")) => Some(Kind::Explain),
                    (Some("logs"), Some(_)) => Some(Kind::Call),
                    (page, _) => context_kind(page),
                };
                Self { scope: Scope::Personal, kind }
            }
            Some("t") => match parts.next() {
                Some(slug) => {
                    let kind = match (parts.next(), parts.next()) {
                        (Some("models"), Some("requests")) => Some(Kind::Requests),
                        (Some("models"), Some("explain")) => Some(Kind::Explain),
                        (Some("logs"), Some(_)) => Some(Kind::Call),
                        (page, _) => team_kind(page),
                    };
                    Self { scope: Scope::Team(slug.to_owned()), kind }
                }
                None => Self { scope: Scope::Account, kind: None },
            },
            Some("o") => match parts.next() {
                Some(slug) => Self { scope: Scope::Organization(slug.to_owned()), kind: organization_kind(parts.next()) },
                None => Self { scope: Scope::Account, kind: None },
            },
            Some("admin") => {
                let kind = match parts.next() {
                    Some("providers") => Some(Kind::Providers),
                    Some("models") if parts.next() == Some("import") => Some(Kind::Import),
                    Some("models") => Some(Kind::Models),
                    Some("tiers") => Some(Kind::Tiers),
                    Some("groups") => Some(Kind::Groups),
                    Some("users") if parts.next().is_some() => Some(Kind::User),
                    Some("users") => Some(Kind::Users),
                    Some("orgs") => Some(Kind::Organizations),
                    Some("plans") => Some(Kind::Plans),
                    Some("system") => Some(Kind::System),
                    Some("audit") => Some(Kind::Audit),
                    Some("outbox") => Some(Kind::Outbox),
                    Some("usage") => Some(Kind::Usage),
                    _ => None,
                };
                Self { scope: Scope::Platform, kind }
            }
            Some("teams") => {
                let kind = if parts.next() == Some("new") { Kind::NewTeam } else { Kind::Teams };
                Self { scope: Scope::Account, kind: Some(kind) }
            }
            Some("search") => Self { scope: Scope::Account, kind: Some(Kind::Search) },
            Some("account") => Self { scope: Scope::Account, kind: Some(Kind::Account) },
            _ => Self { scope: Scope::Account, kind: None },
        }
    }

    /// The address of a kind of page in the same scope.
    pub fn href(&self, kind: Kind) -> String {
        address(&self.scope, kind)
    }

    /// Where choosing another context leads: the same kind of page where it exists, else the overview.
    pub fn in_context(&self, scope: &Scope) -> String {
        match self.kind {
            Some(kind @ (Kind::Members | Kind::Settings | Kind::Audit | Kind::Requests)) if *scope != Scope::Personal => {
                address(scope, kind)
            }
            // A call belongs to one context alone.
            Some(Kind::Call) if self.scope != Scope::Platform && !matches!(scope, Scope::Organization(_)) => {
                address(scope, Kind::Logs)
            }
            Some(
                kind @ (Kind::Usage
                | Kind::Logs
                | Kind::Keys
                | Kind::Quotas
                | Kind::Models
                | Kind::Playground
                | Kind::Explain
                | Kind::Billing),
            ) if self.scope != Scope::Platform && !matches!(scope, Scope::Organization(_)) => address(scope, kind),
            _ => address(scope, Kind::Overview),
        }
    }
}

fn team_kind(part: Option<&str>) -> Option<Kind> {
    match part {
        Some("members") => Some(Kind::Members),
        Some("audit") => Some(Kind::Audit),
        Some("settings") => Some(Kind::Settings),
        part => context_kind(part),
    }
}

fn organization_kind(part: Option<&str>) -> Option<Kind> {
    match part {
        None => Some(Kind::Overview),
        Some("members") => Some(Kind::Members),
        Some("models") => Some(Kind::Models),
        Some("groups") => Some(Kind::Groups),
        Some("requests") => Some(Kind::Requests),
        Some("settings") => Some(Kind::Settings),
        Some("audit") => Some(Kind::Audit),
        Some("usage") => Some(Kind::Usage),
        Some("limits") => Some(Kind::Limits),
        Some(_) => None,
    }
}

fn context_kind(part: Option<&str>) -> Option<Kind> {
    match part {
        None => Some(Kind::Overview),
        Some("usage") => Some(Kind::Usage),
        Some("logs") => Some(Kind::Logs),
        Some("playground") => Some(Kind::Playground),
        Some("keys") => Some(Kind::Keys),
        Some("quotas") => Some(Kind::Quotas),
        Some("models") => Some(Kind::Models),
        Some("billing") => Some(Kind::Billing),
        Some(_) => None,
    }
}

/// The address of a kind of page in a scope.
pub fn address(scope: &Scope, kind: Kind) -> String {
    let base = match scope {
        Scope::Team(slug) => format!("/t/{slug}"),
        Scope::Organization(slug) => format!("/o/{slug}"),
        Scope::Platform => "/admin".to_owned(),
        Scope::Personal | Scope::Account => "/me".to_owned(),
    };
    match kind {
        Kind::Overview => base,
        Kind::Usage => format!("{base}/usage"),
        Kind::Logs | Kind::Call => format!("{base}/logs"),
        Kind::Playground => format!("{base}/playground"),
        Kind::Keys => format!("{base}/keys"),
        Kind::Limits => format!("{base}/limits"),
        Kind::Quotas => format!("{base}/quotas"),
        Kind::Members => format!("{base}/members"),
        Kind::Billing => format!("{base}/billing"),
        Kind::Plans => "/admin/plans".to_owned(),
        Kind::Audit => format!("{base}/audit"),
        Kind::Settings => format!("{base}/settings"),
        Kind::Providers => "/admin/providers".to_owned(),
        Kind::Models if matches!(scope, Scope::Platform | Scope::Account) => "/admin/models".to_owned(),
        Kind::Models => format!("{base}/models"),
        Kind::Groups if matches!(scope, Scope::Organization(_)) => format!("{base}/groups"),
        Kind::Groups => "/admin/groups".to_owned(),
        Kind::Requests if matches!(scope, Scope::Organization(_)) => format!("{base}/requests"),
        Kind::Requests => format!("{base}/models/requests"),
        Kind::Explain => format!("{base}/models/explain"),
        Kind::Tiers => "/admin/tiers".to_owned(),
        Kind::Import => "/admin/models/import".to_owned(),
        Kind::Users | Kind::User => "/admin/users".to_owned(),
        Kind::Organizations => "/admin/orgs".to_owned(),
        Kind::System => "/admin/system".to_owned(),
        Kind::Outbox => "/admin/outbox".to_owned(),
        Kind::Teams => "/teams".to_owned(),
        Kind::NewTeam => "/teams/new".to_owned(),
        Kind::Account => "/account".to_owned(),
        Kind::Search => "/search".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_tell_their_place() {
        assert_eq!(Place::of("/t/atlas/keys"), Place { scope: Scope::Team("atlas".into()), kind: Some(Kind::Keys) });
        assert_eq!(Place::of("/t/atlas"), Place { scope: Scope::Team("atlas".into()), kind: Some(Kind::Overview) });
        assert_eq!(Place::of("/me/"), Place { scope: Scope::Personal, kind: Some(Kind::Overview) });
        assert_eq!(Place::of("/admin/models"), Place { scope: Scope::Platform, kind: Some(Kind::Models) });
        assert_eq!(Place::of("/teams/new").kind, Some(Kind::NewTeam));
        let labs = Scope::Organization("northwind-labs".into());
        assert_eq!(Place::of("/o/northwind-labs/members"), Place { scope: labs, kind: Some(Kind::Members) });
        assert_eq!(Place::of("/o/northwind-labs/members").href(Kind::Settings), "/o/northwind-labs/settings");
        assert_eq!((Place::of("/admin/users").kind, Place::of("/admin/users/x").kind), (Some(Kind::Users), Some(Kind::User)));
        let northwind = Place::of("/o/northwind-labs/audit");
        assert_eq!(northwind, Place { scope: Scope::Organization("northwind-labs".into()), kind: Some(Kind::Audit) });
        assert_eq!(northwind.href(Kind::Audit), "/o/northwind-labs/audit");
        assert_eq!(Place::of("/admin/outbox").href(Kind::Audit), "/admin/audit");
        assert_eq!(Place::of("/nowhere").kind, None);
        assert_eq!(Place::of("/me/models/explain").kind.and_then(Kind::list), Some(Kind::Models));
        assert_eq!(Place::of("/admin/models/import").kind.and_then(Kind::list), Some(Kind::Models));
        assert_eq!(Place::of("/admin/tiers").href(Kind::Tiers), "/admin/tiers");
        let models = Place::of("/o/northwind-labs/models");
        assert_eq!(
            (models.href(Kind::Models), models.href(Kind::Groups)),
            ("/o/northwind-labs/models".into(), "/o/northwind-labs/groups".into())
        );
        assert_eq!(Place::of("/admin/groups").href(Kind::Models), "/admin/models");
        let requests = Place::of("/t/atlas/models/requests");
        assert_eq!((requests.kind, requests.href(Kind::Requests)), (Some(Kind::Requests), "/t/atlas/models/requests".into()));
        assert_eq!(requests.in_context(&Scope::Organization("northwind-labs".into())), "/o/northwind-labs/requests");
        assert_eq!(Place::of("/o/northwind-labs/requests").in_context(&Scope::Personal), "/me");
    }

    #[test]
    fn another_context_opens_the_same_kind_of_page() {
        let other = Scope::Team("helios".into());
        assert_eq!(Place::of("/t/atlas/keys").in_context(&other), "/t/helios/keys");
        assert_eq!(Place::of("/admin/models").in_context(&other), "/t/helios");
        assert_eq!(Place::of("/t/atlas/members").in_context(&other), "/t/helios/members");
        assert_eq!(Place::of("/t/atlas/members").in_context(&Scope::Personal), "/me");
        assert_eq!(Place::of("/o/northwind-labs/audit").in_context(&Scope::Personal), "/me");
        assert_eq!(Place::of("/t/atlas/keys").in_context(&Scope::Personal), "/me/keys");
        assert_eq!(Place::of("/me/playground").in_context(&other), "/t/helios/playground");
        assert_eq!(Place::of("/t/atlas/models").in_context(&Scope::Personal), "/me/models");
        assert_eq!(Place::of("/t/atlas/models/explain").in_context(&Scope::Personal), "/me/models/explain");
        assert_eq!(Place::of("/admin/models").href(Kind::Models), "/admin/models");
        assert_eq!(Place::of("/t/atlas/quotas").in_context(&Scope::Personal), "/me/quotas");
        assert_eq!(Place::of("/o/northwind-labs/limits").kind, Some(Kind::Limits));
    }
}
