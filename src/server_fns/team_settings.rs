//! Settings of a team, its seats, its transfer and its end.

use leptos::server;
use serde::{Deserialize, Serialize};

use crate::{error::AppError, wire::PageAnswer};

/// Somebody who can become the owner: account, and a line about them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    pub user: String,
    pub line: String,
}

/// What was typed into a plain form that failed just now.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TypedSettings {
    pub name: String,
    pub self_service: bool,
    pub ranking_open: bool,
    pub alert_emails: String,
    pub seats: String,
    pub to: String,
    pub confirm_name: String,
}

/// The settings page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettingsPage {
    pub name: String,
    pub slug: String,
    pub organization: String,
    pub owner_name: String,
    pub self_service: bool,
    pub ranking_open: bool,
    /// Addresses that get the team's alerts as well, one a line.
    pub alert_emails: String,
    /// Seats as typed; empty for unlimited.
    pub seats: String,
    /// Who uses how many seats, a sentence.
    pub used: String,
    /// The plan that the seats come with; empty without one, and for those who do not see the billing.
    pub plan: String,
    /// Off all usage; empty for those who do not see the billing.
    pub discount: String,
    pub may_change: bool,
    pub may_set_seats: bool,
    /// Owns the team: may transfer and delete it.
    pub owns: bool,
    /// Belongs to the team without owning it.
    pub may_leave: bool,
    /// What a transfer leaves as it is; for the owner.
    pub stays: String,
    /// What a deletion does, sentences; for the owner.
    pub ends: Vec<String>,
    /// Who it can be transferred to, admins first.
    pub candidates: Vec<Candidate>,
    pub needs_password: bool,
    pub typed: TypedSettings,
}

/// What a smaller number of seats takes away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeatsPreview {
    pub seats: String,
    /// Addresses whose invitation loses its seat, newest first.
    pub without_seat: Vec<String>,
}

/// The settings of a team.
#[server(prefix = "/fn", endpoint = "get_team_settings", output = PageAnswer)]
pub async fn get_team_settings(team: String) -> Result<SettingsPage, AppError> {
    use crate::domain::{
        roles::{Action, Role},
        teams::TeamKind,
    };

    let (services, caller) = super::context::viewer(&team).await?;
    let view = services.get_team(&caller, &team).await?;
    if view.kind == TeamKind::Personal {
        return Err(AppError::NotFound);
    }
    let seats = services.get_seats(&caller, &team).await?;
    let owns = view.standing.may(Action::OwnTeam);
    let may_change = view.standing.may(Action::ManageLimits);
    let sees_billing = view.standing.may(Action::ViewBilling);
    let mut page = SettingsPage {
        used: super::members::words::seats(&seats),
        self_service: view.self_service,
        ranking_open: view.ranking_open,
        alert_emails: view.alert_emails.join("\n"),
        seats: view.seats.map_or_else(String::new, |seats| seats.to_string()),
        plan: if sees_billing { services.find_plan_name(&caller, &team).await?.unwrap_or_default() } else { String::new() },
        discount: if sees_billing { super::billing::discount_words(view.discount_bp) } else { String::new() },
        may_change,
        may_set_seats: may_change && view.standing.may(Action::ManageBilling),
        owns,
        may_leave: view.standing.role.is_some_and(|role| role != Role::Owner),
        stays: String::new(),
        ends: vec![],
        candidates: vec![],
        needs_password: owns && services.needs_password(&caller),
        typed: super::context::typed_form(TYPED).unwrap_or_default(),
        name: view.name,
        slug: view.slug,
        organization: view.organization,
        owner_name: view.owner_name,
    };
    if owns {
        let keys = services.count_active_keys(&caller, &team).await?;
        let now = services.clock.now();
        page.stays = words::stays(keys);
        page.ends = words::ends(keys, &seats, &page.organization);
        let candidates = services.list_transfer_candidates(&caller, &team).await?;
        page.candidates = candidates.into_iter().map(|candidate| words::line(candidate, now)).collect();
    }
    Ok(page)
}

/// Changes name, what members may do, and who else gets alerts.
#[server(prefix = "/fn", endpoint = "save_team_settings", output = PageAnswer)]
pub async fn save_team_settings(
    team: String,
    #[server(default)] name: String,
    #[server(default)] self_service: bool,
    #[server(default)] ranking_open: bool,
    #[server(default)] alert_emails: String,
) -> Result<(), AppError> {
    use super::context;
    use crate::service::teams::TeamPatch;

    let (services, caller) = context::signed_in().await?;
    let patch = TeamPatch {
        name: Some(name.clone()),
        self_service: Some(self_service),
        ranking_open: Some(ranking_open),
        alert_emails: Some(words::split_emails(&alert_emails)),
        ..TeamPatch::default()
    };
    let saved = services.update_team(&caller, &team, patch).await;
    saved.map_err(|error| {
        let typed = TypedSettings { name, self_service, ranking_open, alert_emails, ..TypedSettings::default() };
        context::keep_typed_form(error, TYPED, &typed)
    })?;
    context::go_to(&format!("{}?done=saved", settings_address(&team)));
    Ok(())
}

/// Sets the number of seats, empty for unlimited. Where invitations lose theirs, the page asks once, naming them.
#[server(prefix = "/fn", endpoint = "set_team_seats", output = PageAnswer)]
pub async fn set_team_seats(
    team: String,
    #[server(default)] seats: String,
    #[server(default)] confirmed: bool,
) -> Result<(), AppError> {
    use super::context;
    use crate::service::teams::TeamPatch;

    let (services, caller) = context::signed_in().await?;
    let keep = |error| {
        let typed = TypedSettings { seats: seats.clone(), ..TypedSettings::default() };
        context::keep_typed_form(error, TYPED, &typed)
    };
    let wanted = words::parse_seats(&seats).map_err(|fields| keep(fields.into()))?;
    let preview = services.preview_seats(&caller, &team, wanted).await.map_err(keep)?;
    if let Some(wanted) = wanted.filter(|_| !confirmed && !preview.without_seat.is_empty()) {
        context::go_to(&format!("{}?dialog=seats&seats={wanted}", settings_address(&team)));
        return Ok(());
    }
    services.update_team(&caller, &team, TeamPatch { seats: Some(wanted), ..TeamPatch::default() }).await.map_err(keep)?;
    context::go_to(&format!("{}?done=seats", settings_address(&team)));
    Ok(())
}

/// Which invitations a number of seats takes theirs from. None for no number: nothing is asked.
#[server(prefix = "/fn", endpoint = "preview_team_seats", output = PageAnswer)]
pub async fn preview_team_seats(team: String, seats: String) -> Result<Option<SeatsPreview>, AppError> {
    let (services, caller) = super::context::signed_in().await?;
    let Some(wanted) = words::parse_seats(&seats).map_err(crate::service::ServiceError::from)? else { return Ok(None) };
    let preview = services.preview_seats(&caller, &team, Some(wanted)).await?;
    let without_seat: Vec<String> = preview.without_seat.into_iter().map(|invitation| invitation.email).collect();
    Ok((!without_seat.is_empty()).then(|| SeatsPreview { seats: wanted.to_string(), without_seat }))
}

/// Hands the team to another member; its owner becomes an admin.
#[server(prefix = "/fn", endpoint = "transfer_team", output = PageAnswer)]
pub async fn transfer_team(
    team: String,
    #[server(default)] to: String,
    #[server(default)] confirm_name: String,
    #[server(default)] password: String,
) -> Result<(), AppError> {
    use super::context;
    use crate::{
        domain::{field_errors::FieldErrors, ids::UserId},
        service::{members::ownership::Transfer, vault::Secret},
    };

    let (services, caller) = context::signed_in().await?;
    let keep = |error| {
        let typed = TypedSettings { to: to.clone(), confirm_name: confirm_name.clone(), ..TypedSettings::default() };
        context::keep_typed_form(error, TYPED, &typed)
    };
    // Who may not transfer is told so, whatever was chosen.
    services.list_transfer_candidates(&caller, &team).await?;
    let new_owner = UserId::parse(&to).ok_or_else(|| keep(FieldErrors::one("to", "Choose a member of the team.").into()))?;
    let password = (!password.is_empty()).then(|| Secret::new(password));
    let transfer = Transfer { to: new_owner, confirm_name: confirm_name.clone(), password };
    services.transfer_ownership(&caller, &team, transfer).await.map_err(keep)?;
    context::go_to(&format!("{}?done=transferred", settings_address(&team)));
    Ok(())
}

/// Deletes the team.
#[server(prefix = "/fn", endpoint = "delete_team", output = PageAnswer)]
pub async fn delete_team(team: String, #[server(default)] confirm_name: String) -> Result<(), AppError> {
    use super::context;

    let (services, caller) = context::signed_in().await?;
    services.delete_team(&caller, &team, &confirm_name).await.map_err(|error| {
        let typed = TypedSettings { confirm_name, ..TypedSettings::default() };
        context::keep_typed_form(error, TYPED, &typed)
    })?;
    context::go_to("/teams");
    Ok(())
}

/// The address of a team's settings.
pub fn settings_address(team: &str) -> String {
    format!("/t/{team}/settings")
}

/// The name that the forms are kept under.
#[cfg(feature = "ssr")]
const TYPED: &str = "team_settings";

#[cfg(feature = "ssr")]
mod words {
    use super::Candidate;
    use crate::domain::{
        field_errors::FieldErrors,
        format,
        members::{Seats, TransferCandidate},
        time::{DAY_MS, UnixMs},
    };

    /// Addresses with spaces, commas, semicolons or line ends between them.
    pub(super) fn split_emails(typed: &str) -> Vec<String> {
        let parts = typed.split(|c: char| c.is_whitespace() || c == ',' || c == ';');
        parts.filter(|part| !part.is_empty()).map(str::to_owned).collect()
    }

    /// A number, or none for unlimited.
    pub(super) fn parse_seats(typed: &str) -> Result<Option<i64>, FieldErrors> {
        match typed.trim() {
            "" => Ok(None),
            typed => match typed.parse() {
                Ok(seats) => Ok(Some(seats)),
                Err(_) => Err(FieldErrors::one("seats", "Enter a whole number, or nothing for unlimited.")),
            },
        }
    }

    /// A candidate, and a warning about whoever has been away for long.
    pub(super) fn line(candidate: TransferCandidate, now: UnixMs) -> Candidate {
        let active = match candidate.last_active_at {
            Some(at) if now.since(at) > 30 * DAY_MS => format!("not active for {} days", now.since(at) / DAY_MS),
            Some(at) => format!("last call {}", format::ago(at, now)),
            None => "no calls yet".to_owned(),
        };
        Candidate {
            user: candidate.user.to_string(),
            line: format!("{} ({}, {active})", candidate.name, candidate.role.label().to_lowercase()),
        }
    }

    pub(super) fn stays(keys: i64) -> String {
        let keys = match keys {
            0 => "Limits".to_owned(),
            1 => "1 key, limits".to_owned(),
            n => format!("All {n} keys, limits"),
        };
        format!("{keys} and usage history stay as they are. Both of you get a mail.")
    }

    pub(super) fn ends(keys: i64, seats: &Seats, organization: &str) -> Vec<String> {
        let mut ends = vec![match keys {
            0 => "No key is active.".to_owned(),
            1 => "1 key stops now.".to_owned(),
            n => format!("{n} keys stop now."),
        }];
        ends.push(match seats.members {
            1 => "You lose access.".to_owned(),
            n => format!("{n} people lose access."),
        });
        match seats.pending {
            0 => {}
            1 => ends.push("1 pending invitation is withdrawn.".to_owned()),
            n => ends.push(format!("{n} pending invitations are withdrawn.")),
        }
        ends.push(format!("Usage stays with {organization} for audit. The address is free again. This can not be undone."));
        ends
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn a_deletion_says_whom_and_what_it_ends() {
            let seats = Seats { total: Some(20), members: 12, pending: 3 };
            assert_eq!(
                ends(20, &seats, "Northwind Labs")[..3],
                ["20 keys stop now.", "12 people lose access.", "3 pending invitations are withdrawn."]
            );
            let alone = Seats { members: 1, ..Seats::default() };
            assert_eq!(ends(0, &alone, "Northwind Labs")[..2], ["No key is active.", "You lose access."]);
        }

        #[test]
        fn addresses_are_split_wherever_people_set_them_apart() {
            let all = ["a@x.example", "b@x.example", "c@x.example"];
            assert_eq!(split_emails(" a@x.example,b@x.example;\r\n\tc@x.example\n"), all);
            assert_eq!(split_emails(" \n,"), Vec::<String>::new());
        }

        #[test]
        fn seats_are_a_number_or_nothing() {
            assert_eq!((parse_seats(" 20 ").ok(), parse_seats("").ok()), (Some(Some(20)), Some(None)));
            assert!(parse_seats("many").is_err() && parse_seats("2.5").is_err() && parse_seats("99999999999999999999").is_err());
        }
    }
}
