//! Members of a team: the list, roles, removal, leaving.

use leptos::server;
use serde::{Deserialize, Serialize};

use super::invitations::{InvitationRow, InviteLine};
use crate::{domain::roles::Role, error::AppError, wire::PageAnswer};

/// A row of the member list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberLine {
    pub user: String,
    pub name: String,
    pub email: String,
    pub role: Role,
    /// Empty where the viewer may not know.
    pub spent: String,
    /// Part of what the team spent, `12.4%`.
    pub share: String,
    pub keys: i64,
    pub last_active: String,
    pub last_active_title: String,
    pub joined: String,
    pub joined_title: String,
    pub disabled: bool,
    pub is_self: bool,
    /// Roles to choose from; empty where there is nothing to choose.
    pub roles: Vec<Role>,
    pub may_remove: bool,
    /// The viewer may see the team as this member does.
    pub may_view_as: bool,
}

/// The members page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MembersPage {
    pub team: String,
    /// Who uses how many seats, a sentence.
    pub seats: String,
    pub found: i64,
    pub rows: Vec<MemberLine>,
    /// Cursor of the next page.
    pub next: Option<String>,
    pub shows_spending: bool,
    pub may_see_keys: bool,
    pub may_transfer: bool,
    /// Belongs to the team and does not own it.
    pub may_leave: bool,
    /// Roles that the viewer may invite somebody in; empty for whoever does not manage members.
    pub grantable: Vec<Role>,
    pub invitations: Vec<InvitationRow>,
    /// How many invitations there are, the shown ones included.
    pub all_invitations: usize,
    /// After a plain form sent invitations: what became of each.
    pub invited: Vec<InviteLine>,
    /// After a plain form asked for it: the link of an invitation.
    pub link: String,
    /// What was typed into the invitation form that failed just now.
    pub typed_emails: String,
    pub typed_note: String,
}

/// What a removal, or leaving, would do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemovalView {
    pub user: String,
    pub name: String,
    pub is_self: bool,
    /// Why it can not be; then nothing else is told.
    pub refused: String,
    /// Sentences: what stops.
    pub stops: Vec<String>,
    /// Sentences: what stays.
    pub stays: Vec<String>,
}

/// The members of a team, with its invitations for those who manage them. `sort` is a column, with a `-` before it for the other way round.
#[server(prefix = "/fn", endpoint = "list_members", output = PageAnswer)]
pub async fn list_members(team: String, text: String, sort: String, cursor: String) -> Result<MembersPage, AppError> {
    use crate::{
        domain::{members::MemberSort, page::PageRequest, roles::Action, teams::TeamKind},
        service::members::MemberQuery,
    };

    let (services, caller) = super::context::viewer(&team).await?;
    let view = services.get_team(&caller, &team).await?;
    if view.kind == TeamKind::Personal {
        return Err(AppError::NotFound);
    }
    let (descending, word) = match sort.strip_prefix('-') {
        Some(word) => (true, word),
        None => (false, sort.as_str()),
    };
    let query = MemberQuery {
        text: text.clone(),
        sort: MemberSort::parse(word).unwrap_or(MemberSort::Role),
        descending,
        page: PageRequest { limit: None, cursor: (!cursor.is_empty()).then_some(cursor) },
    };
    let listed = services.list_members(&caller, &team, query).await?;
    let now = services.clock.now();
    let own = view.standing.role.filter(|_| caller.viewing.is_none());
    let mut page = MembersPage {
        seats: words::seats(&listed.seats),
        team: view.name,
        found: listed.found,
        rows: listed.page.items.into_iter().map(|row| words::line(row, own, now)).collect(),
        next: listed.page.next_cursor,
        shows_spending: listed.shows_spending,
        may_see_keys: view.standing.may(Action::ViewAnyKey),
        may_transfer: view.standing.may(Action::OwnTeam),
        may_leave: view.standing.role.is_some_and(|role| role != Role::Owner),
        grantable: view.standing.grantable().to_vec(),
        invitations: vec![],
        all_invitations: 0,
        invited: super::shown_once::take(&services, &caller, super::invitations::INVITED).unwrap_or_default(),
        link: super::shown_once::take(&services, &caller, super::invitations::LINK).unwrap_or_default(),
        typed_emails: super::context::typed("emails"),
        typed_note: super::context::typed("note"),
    };
    if view.standing.may(Action::ManageMembers) {
        (page.invitations, page.all_invitations) = super::invitations::pending(&services, &caller, &team, &text).await?;
    }
    Ok(page)
}

/// What happens when a member is removed; `me` is for leaving. Nobody for nobody: the dialog is closed.
#[server(prefix = "/fn", endpoint = "preview_removal", output = PageAnswer)]
pub async fn preview_removal(team: String, user: String) -> Result<Option<RemovalView>, AppError> {
    use crate::{domain::ids::UserId, service::ServiceError};

    if user.is_empty() {
        return Ok(None);
    }
    let (services, caller) = super::context::signed_in().await?;
    let is_self = user == "me";
    let id = if is_self { caller.user.id } else { UserId::parse(&user).ok_or(AppError::NotFound)? };
    match services.preview_removal(&caller, &team, id).await {
        Ok(preview) => Ok(Some(words::removal(preview))),
        // The owner is told what comes before leaving.
        Err(ServiceError::Conflict(_, refused)) => {
            Ok(Some(RemovalView { user: id.to_string(), name: String::new(), is_self, refused, stops: vec![], stays: vec![] }))
        }
        Err(error) => Err(error.into()),
    }
}

/// Sets a member's role. The page stays as it is; with `confirmed` it comes from a dialog, which closes.
#[server(prefix = "/fn", endpoint = "set_member_role", output = PageAnswer)]
pub async fn set_member_role(
    team: String,
    user: String,
    role: String,
    #[server(default)] confirmed: bool,
) -> Result<(), AppError> {
    use crate::{
        domain::{field_errors::FieldErrors, ids::UserId},
        server_fns::context,
    };

    let (services, caller) = context::signed_in().await?;
    let user = UserId::parse(&user).ok_or(AppError::NotFound)?;
    let wrong = || AppError::Invalid { fields: FieldErrors::one("", "Choose admin, member or viewer.") };
    let role = Role::parse(&role).ok_or_else(wrong)?;
    services.set_member_role(&caller, &team, user, role).await?;
    if confirmed {
        leptos_axum::redirect(&list_address(&team));
    }
    Ok(())
}

/// Removes a member; gives how many keys stopped.
#[server(prefix = "/fn", endpoint = "remove_member", output = PageAnswer)]
pub async fn remove_member(team: String, user: String) -> Result<i64, AppError> {
    use crate::domain::ids::UserId;

    let (services, caller) = super::context::signed_in().await?;
    let user = UserId::parse(&user).ok_or(AppError::NotFound)?;
    let keys = services.remove_member(&caller, &team, user).await?;
    leptos_axum::redirect(&list_address(&team));
    Ok(keys)
}

/// Leaves a team.
#[server(prefix = "/fn", endpoint = "leave_team", output = PageAnswer)]
pub async fn leave_team(team: String) -> Result<(), AppError> {
    let (services, caller) = super::context::signed_in().await?;
    services.leave_team(&caller, &team).await?;
    leptos_axum::redirect("/teams");
    Ok(())
}

/// The address of a team's member list.
pub fn list_address(team: &str) -> String {
    format!("/t/{team}/members")
}

#[cfg(feature = "ssr")]
pub(super) mod words {
    use super::{MemberLine, RemovalView};
    use crate::domain::{
        format,
        members::{MemberRow, RemovalPreview, Seats},
        money::NanoUsd,
        roles::Role,
        time::{MINUTE_MS, UnixMs},
    };

    fn many(n: i64, one: &str, more: &str) -> String {
        if n == 1 { format!("1 {one}") } else { format!("{} {more}", format::grouped(n.unsigned_abs())) }
    }

    pub(in crate::server_fns) fn seats(seats: &Seats) -> String {
        let mut who = many(seats.members, "member", "members");
        if seats.pending > 0 {
            who = format!("{who} and {}", many(seats.pending, "pending invitation", "pending invitations"));
        }
        let used = seats.members + seats.pending;
        match seats.total {
            None => format!("{who}."),
            Some(total) => {
                format!("{who} {} {used} of {}.", if used == 1 { "uses" } else { "use" }, many(total, "seat", "seats"))
            }
        }
    }

    pub(super) fn line(row: MemberRow, own: Option<Role>, now: UnixMs) -> MemberLine {
        let last_active = match row.last_active_at {
            Some(at) if now.since(at) < 2 * MINUTE_MS => "Active now".to_owned(),
            Some(at) => format::ago(at, now),
            None => "No calls yet".to_owned(),
        };
        MemberLine {
            user: row.user.to_string(),
            name: row.name,
            email: row.email,
            role: row.role,
            spent: row.spent.map_or_else(String::new, |spent| format::money(NanoUsd(spent))),
            share: row.share_bp.map_or_else(String::new, format::percent_bp),
            keys: row.active_keys,
            last_active,
            last_active_title: row.last_active_at.map_or_else(String::new, format::full),
            joined: format::date(row.joined_at),
            joined_title: format::full(row.joined_at),
            disabled: row.disabled,
            is_self: row.is_self,
            roles: row.roles,
            may_remove: row.may_remove,
            may_view_as: !row.is_self && own.is_some_and(|own| own.may_view_as(row.role)),
        }
    }

    pub(super) fn removal(preview: RemovalPreview) -> RemovalView {
        let who = if preview.is_self { "You lose".to_owned() } else { format!("{} loses", preview.name) };
        let mut stops = vec![format!("{who} access now.")];
        match preview.keys.as_slice() {
            [] => {}
            [key] => stops.push(format!("1 key is revoked: {} ({}).", key.name, key.masked)),
            keys => {
                let mut names: Vec<&str> = keys.iter().take(5).map(|key| key.name.as_str()).collect();
                let more = format!("{} more", keys.len().saturating_sub(5));
                if keys.len() > 5 {
                    names.push(&more);
                }
                stops.push(format!("{} keys are revoked: {}.", keys.len(), names.join(", ")));
            }
        }
        match preview.invitations {
            0 => {}
            1 => stops.push("1 invitation that waits is withdrawn.".into()),
            n => stops.push(format!("{n} invitations that wait are withdrawn.")),
        }
        let mut stays = vec![match preview.spent {
            Some(spent) => format!("{} of usage this month stays in statistics.", format::money(NanoUsd(spent))),
            None => "Usage stays in statistics.".into(),
        }];
        match preview.application_keys.len() {
            0 => {}
            1 => stays.push("1 application key belongs to the team and goes on.".into()),
            n => stays.push(format!("{n} application keys belong to the team and go on.")),
        }
        if preview.frees_seat {
            stays.push("One seat is freed.".into());
        }
        RemovalView {
            user: preview.user.to_string(),
            name: preview.name,
            is_self: preview.is_self,
            refused: String::new(),
            stops,
            stays,
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn seats_are_told_in_a_sentence() {
            let of = |total, members, pending| seats(&Seats { total, members, pending });
            assert_eq!(of(Some(20), 12, 3), "12 members and 3 pending invitations use 15 of 20 seats.");
            assert_eq!(of(None, 1, 0), "1 member.");
            assert_eq!(of(Some(1), 1, 0), "1 member uses 1 of 1 seat.");
            assert_eq!(of(Some(3), 2, 1), "2 members and 1 pending invitation use 3 of 3 seats.");
        }
    }
}
