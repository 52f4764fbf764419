//! Which pages there are in a scope, and which of them somebody is offered. A courtesy: the pages themselves decide.

use super::{
    accounts::Me,
    places::{Kind, Place, Scope},
    roles::{Action, OrgRole, Role, Standing},
};

/// The pages of a scope in groups, each with its heading; none for the first.
pub fn pages_of(scope: &Scope) -> &'static [(&'static str, &'static [Kind])] {
    match scope {
        Scope::Personal => &[
            ("", &[Kind::Overview, Kind::Usage, Kind::Logs, Kind::Playground, Kind::Billing]),
            ("Access", &[Kind::Keys, Kind::Models, Kind::Quotas]),
        ],
        Scope::Team(_) => &[
            ("", &[Kind::Overview, Kind::Usage, Kind::Logs, Kind::Playground]),
            ("Access", &[Kind::Keys, Kind::Models, Kind::Requests, Kind::Quotas]),
            ("Team", &[Kind::Members, Kind::Billing, Kind::Audit, Kind::Settings]),
        ],
        Scope::Organization(_) => &[
            ("", &[Kind::Overview, Kind::Usage]),
            ("Access", &[Kind::Models, Kind::Groups, Kind::Requests, Kind::Limits]),
            ("Organization", &[Kind::Members, Kind::Audit, Kind::Settings]),
        ],
        Scope::Platform => &[
            ("", &[Kind::Usage, Kind::Providers, Kind::Models, Kind::Tiers, Kind::Groups]),
            ("People", &[Kind::Organizations, Kind::Users, Kind::Plans]),
            ("Installation", &[Kind::Audit, Kind::Outbox, Kind::System]),
        ],
        Scope::Account => &[("", &[Kind::Teams, Kind::Account])],
    }
}

/// Whether somebody is offered a page: one that their role can not open is not. `seen_as` is the role of the member as whom the team is
/// looked at.
pub fn is_offered(scope: &Scope, kind: Kind, me: &Me, seen_as: Option<Role>) -> bool {
    let Scope::Team(team) = scope else { return true };
    let standing = match seen_as {
        Some(role) => Standing { role: Some(role), ..Standing::default() },
        None => standing(me, team),
    };
    match kind {
        Kind::Requests => standing.may(Action::RequestAccess) || standing.may(Action::ManageLimits),
        Kind::Logs => standing.may(Action::ViewEveryonesUsage) || standing.may(Action::OwnKeys),
        Kind::Playground => standing.may(Action::OwnKeys),
        Kind::Billing => standing.may(Action::ViewBilling),
        Kind::Audit => standing.may(Action::ViewAudit),
        _ => true,
    }
}

/// What somebody is to a team, as far as it is known here: of a team that they are not in, its organization is not.
fn standing(me: &Me, team: &str) -> Standing {
    let team = me.teams.iter().find(|mine| mine.slug == team || mine.id.to_string() == team);
    let mut administrated = me.organizations.iter().filter(|organization| organization.role == OrgRole::Admin);
    Standing {
        role: team.map(|team| team.role),
        org_admin: administrated.any(|organization| team.is_none_or(|team| team.organization_slug == organization.slug)),
        platform_admin: me.platform_admin,
    }
}

/// A page that somebody may go to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// Whose page it is.
    pub scope: Scope,
    /// Which page.
    pub kind: Kind,
    /// Name of the scope; empty for pages that belong to none.
    pub context: String,
}

/// The pages whose name, with the name of their context, has every word of a text: those of the place one is at first, and before all those
/// that begin with the text. Without a text, the other pages of the place.
pub fn find_pages(me: &Me, here: &Place, text: &str) -> Vec<Destination> {
    let text = text.trim().to_lowercase();
    let mut scopes = scopes(me);
    // Stable: what is here comes first, the rest stays in its order.
    scopes.sort_by_key(|(scope, _)| *scope != here.scope);
    let pages = scopes.into_iter().flat_map(|(scope, context)| {
        let kinds = pages_of(&scope).iter().flat_map(|(_, kinds)| *kinds).copied();
        let offered = kinds.filter(|kind| is_offered(&scope, *kind, me, None)).collect::<Vec<_>>();
        offered.into_iter().map(move |kind| Destination { scope: scope.clone(), kind, context: context.clone() })
    });
    if text.is_empty() {
        return pages.filter(|page| page.scope == here.scope && here.kind != Some(page.kind)).collect();
    }
    let has_all = |page: &Destination| {
        let said = format!("{} {}", page.kind.label(), page.context).to_lowercase();
        text.split_whitespace().all(|word| said.contains(word))
    };
    let mut found: Vec<Destination> = pages.filter(has_all).collect();
    found.sort_by_key(|page| !page.kind.label().to_lowercase().starts_with(&text));
    found
}

/// Everything that has pages for somebody, with its name.
fn scopes(me: &Me) -> Vec<(Scope, String)> {
    let teams = me.teams.iter().map(|team| (Scope::Team(team.slug.clone()), team.name.clone()));
    let run = me.organizations.iter().filter(|organization| organization.role == OrgRole::Admin);
    let run = run.map(|organization| (Scope::Organization(organization.slug.clone()), organization.name.clone()));
    let platform = me.platform_admin.then(|| (Scope::Platform, "Platform".to_owned()));
    let own = [(Scope::Personal, "Personal".to_owned()), (Scope::Account, String::new())];
    own.into_iter().chain(teams).chain(run).chain(platform).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        accounts::{MyOrganization, MyTeam},
        ids::{OrgId, TeamId, UserId},
        places::address,
        time::UnixMs,
    };

    fn me() -> Me {
        let labs = ("Northwind Labs".to_owned(), "northwind-labs".to_owned());
        let team = |name: &str, slug: &str, role| MyTeam {
            id: TeamId::new(UnixMs(0), [1; 10]),
            slug: slug.into(),
            name: name.into(),
            role,
            organization: labs.0.clone(),
            organization_slug: labs.1.clone(),
        };
        Me {
            id: UserId::new(UnixMs(0), [2; 10]),
            email: "noor@northwind.example".into(),
            email_confirmed: true,
            name: "Noor".into(),
            platform_admin: false,
            personal_team: TeamId::new(UnixMs(0), [3; 10]),
            teams: vec![team("Atlas Search", "atlas", Role::Member), team("Beacon", "beacon", Role::Owner)],
            organizations: vec![MyOrganization {
                id: OrgId::new(UnixMs(0), [4; 10]),
                slug: labs.1.clone(),
                name: labs.0.clone(),
                role: OrgRole::Member,
                may_create_teams: false,
            }],
        }
    }

    fn found(me: &Me, here: &str, text: &str) -> Vec<String> {
        find_pages(me, &Place::of(here), text).into_iter().map(|page| address(&page.scope, page.kind)).collect()
    }

    #[test]
    fn pages_are_found_by_their_name_and_their_context() {
        let me = me();
        assert_eq!(found(&me, "/me", "keys beacon"), ["/t/beacon/keys"]);
        assert_eq!(found(&me, "/t/beacon", " API keys"), ["/t/beacon/keys", "/me/keys", "/t/atlas/keys"]);
        // A member of Atlas may not see its audit log; whose team it is does not matter to the words.
        assert_eq!(found(&me, "/me", "audit"), ["/t/beacon/audit"]);
        assert_eq!(found(&me, "/me", "account"), ["/account"]);
        assert!(found(&me, "/me", "providers").is_empty() && found(&me, "/me", "northwind").is_empty());
        // What begins with it stands before what has it further on.
        let found = found(&me, "/me", "s");
        assert!(found.iter().position(|page| page == "/t/beacon/settings") < found.iter().position(|page| page == "/me/logs"));
    }

    #[test]
    fn without_a_text_there_are_the_other_pages_of_the_place() {
        let me = me();
        let here = found(&me, "/t/atlas/keys", "");
        assert!(here.contains(&"/t/atlas/usage".to_owned()) && here.iter().all(|page| page.starts_with("/t/atlas")));
        assert!(!here.contains(&"/t/atlas/keys".to_owned()));
        assert_eq!(found(&me, "/account", ""), ["/teams"]);
        assert!(found(&me, "/t/elsewhere", "").is_empty(), "a team that they are not in");
    }

    #[test]
    fn wider_scopes_are_there_for_who_runs_them() {
        let mut me = me();
        me.organizations[0].role = OrgRole::Admin;
        assert_eq!(found(&me, "/me", "limits northwind"), ["/o/northwind-labs/limits"]);
        me.platform_admin = true;
        assert_eq!(found(&me, "/me", "providers"), ["/admin/providers"]);
        // Pages that need a place in the team itself are not for them.
        me.teams.clear();
        assert_eq!(found(&me, "/me", "playground"), ["/me/playground"]);
    }
}
