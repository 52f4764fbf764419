//! Signing up, in and out, passwords and addresses: what works without being signed in.

use leptos::server;
use serde::{Deserialize, Serialize};

use crate::{
    domain::{accounts::Me, roles::Role, teams::MyAlert},
    error::AppError,
    wire::PageAnswer,
};

/// What the pages around signing in show.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Door {
    /// Host of this installation, for the line under the heading.
    pub host: String,
    /// The platform has no account yet: the first one needs the set-up token, unless this is a demo.
    pub empty: bool,
    /// The first account needs the token that the server printed.
    pub needs_setup_token: bool,
    /// Anybody, or anybody with the right mail domain, may sign up.
    pub sign_up_open: bool,
    /// Mail domains that may sign up; empty for all.
    pub domains: String,
    /// Somebody is signed in already.
    pub signed_in: bool,
    /// What was typed into the form that failed just now.
    pub email: String,
    /// Likewise.
    pub name: String,
    /// The link that makes an account, if the browser carries one.
    pub link: MailedLink,
}

/// What stands behind a mailed link, which the browser carries in a short cookie.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailedLink {
    /// There is one, and it still works.
    pub good: bool,
    /// Address of the account that it makes; empty for other links.
    pub email: String,
}

/// Who looks at a page.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Visitor {
    /// The page needs somebody signed in. An answer to another page says nothing there.
    pub guarded: bool,
    /// The signed-in person.
    pub me: Option<Me>,
    /// What `get_standing` says of them.
    pub standing: String,
    /// Where requests wait for their decision, and how many: `t/atlas-search`, `o/northwind-labs`; for higher budgets
    /// `quotas/t/atlas-search`.
    pub waiting: Vec<(String, u32)>,
    /// Whom the team of the page is seen as.
    pub viewing: Option<Viewed>,
    /// Own teams that are at or near a limit.
    pub alerts: Vec<MyAlert>,
    /// How many percent of its budget each own team has spent, by short name; of those that have one.
    pub budgets: Vec<(String, u32)>,
}

/// A member whom somebody sees a team as.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Viewed {
    /// The team, as the address names it.
    pub team: String,
    pub user: String,
    pub name: String,
    pub role: Role,
}

/// The signed-in person, for every page; with the member whom they see a team as: `{team}/{user}`.
#[server(prefix = "/fn", endpoint = "get_visitor", output = PageAnswer)]
pub async fn get_visitor(guarded: bool, #[server(default)] viewing: String) -> Result<Visitor, AppError> {
    let (services, caller) = super::context::maybe_signed_in().await?;
    let Some(caller) = caller else { return Ok(Visitor { guarded, ..Visitor::default() }) };
    let me = services.me(&caller).await?;
    let waiting = super::access_requests::waiting(&services, &caller, &me).await?;
    let viewing = match viewing.split_once('/') {
        Some((team, user)) => viewed(&services, &caller, team, user).await,
        None => None,
    };
    let alerts = services.list_own_alerts(&caller).await?;
    let budget = |team: &crate::domain::accounts::MyTeam| {
        Some((team.slug.clone(), super::overview::meters::team_budget(&services, team.id).percent?))
    };
    let budgets = me.teams.iter().filter_map(budget).collect();
    Ok(Visitor { guarded, standing: standing(&me), waiting, me: Some(me), viewing, alerts, budgets })
}

/// Nobody, where it may not be: the page itself says so.
#[cfg(feature = "ssr")]
async fn viewed(services: &crate::service::Services, caller: &crate::service::Caller, team: &str, user: &str) -> Option<Viewed> {
    let seen = services.view_as(caller, team, crate::domain::ids::UserId::parse(user)?).await.ok()?;
    let role = seen.viewing.as_ref()?.role;
    Some(Viewed { team: team.to_owned(), user: user.to_owned(), name: seen.user.name, role })
}

/// Changes with what the signed-in person is, and may do: another role, a team less, a session that ended. Pages that stay open ask for
/// it, and load anew when it is not what they were made from. Nothing for nobody. While nothing happens it is answered from memory.
#[server(prefix = "/fn", endpoint = "get_standing", output = PageAnswer)]
pub async fn get_standing() -> Result<String, AppError> {
    let (services, _, session) = super::context::visitor()?;
    if let Some(mark) = services.remembered_standing(&session) {
        return Ok(mark);
    }
    let asking = services.ask_standing(&session);
    let (services, caller) = super::context::watching().await?;
    let mark = match caller {
        Some(caller) => standing(&services.me(&caller).await?),
        None => String::new(),
    };
    if let Some(asking) = asking {
        services.remember_standing(asking, &mark);
    }
    Ok(mark)
}

/// A mark of everything that pages know of a person.
#[cfg(feature = "ssr")]
fn standing(me: &Me) -> String {
    let mut mark = crate::service::vault::sha256_hex(&crate::wire::write(me));
    mark.truncate(16);
    mark
}

/// What the pages around signing in need.
#[server(prefix = "/fn", endpoint = "get_door", output = PageAnswer)]
pub async fn get_door() -> Result<Door, AppError> {
    use super::{context, http};
    use crate::{domain::accounts::SignUpPolicy, service::accounts::links::Link};

    let (services, caller) = context::maybe_signed_in().await?;
    let settings = &services.settings;
    let empty = services.is_empty_platform().await?;
    let rules = services.sign_up_rules().await?;
    let pending = http::cookie(Link::SignUp.cookie()).and_then(|token| services.find_pending_sign_up(&token));
    Ok(Door {
        host: settings.public_url.split("://").last().unwrap_or_default().to_owned(),
        empty,
        needs_setup_token: empty && !settings.demo,
        sign_up_open: empty || settings.demo || rules.policy != SignUpPolicy::Invite,
        domains: if rules.policy == SignUpPolicy::Domain { rules.domains.join(" or ") } else { String::new() },
        signed_in: caller.is_some(),
        email: context::typed("email"),
        name: context::typed("name"),
        link: pending.map_or_else(MailedLink::default, |(email, _)| MailedLink { good: true, email }),
    })
}

/// Signs in and goes on to `next`.
#[server(prefix = "/fn", endpoint = "log_in", output = PageAnswer)]
pub async fn log_in(email: String, password: String, #[server(default)] next: String) -> Result<(), AppError> {
    use super::context;
    use crate::service::{Door, vault::Secret};

    let (services, request, session) = context::visitor()?;
    let user = services.sign_in(&request, Door::Page, &email, Secret::new(password)).await;
    let user = user.map_err(|error| context::keep_typed(error, &[("email", &email)]))?;
    services.open_session(&session, Some(&user), &request).await?;
    context::go_to(&next);
    Ok(())
}

/// Signs out: the session is over, and the browser is told to forget what it kept.
#[server(prefix = "/fn", endpoint = "log_out", output = PageAnswer)]
pub async fn log_out() -> Result<(), AppError> {
    use super::{context, http};
    use crate::service::{Door, accounts::sessions::caller_of};

    let (services, request, session) = context::visitor()?;
    let caller = caller_of(&services, &session, Door::Page, &request).await?;
    services.close_session(&session, caller.as_ref()).await?;
    http::set_header("clear-site-data", "\"cache\", \"storage\"");
    context::go_to("/login");
    Ok(())
}

/// Signs up, and goes on to the product itself, or to the page that points to the mailbox.
#[server(prefix = "/fn", endpoint = "sign_up", output = PageAnswer)]
pub async fn sign_up(
    email: String,
    password: String,
    #[server(default)] name: String,
    #[server(default)] setup_token: Option<String>,
    #[server(default)] next: String,
) -> Result<(), AppError> {
    use super::context;
    use crate::service::{
        Door,
        accounts::sign_up::{SignUp, SignedUp},
        vault::Secret,
    };

    let (services, request, session) = context::visitor()?;
    let form = SignUp { email: email.clone(), password: Secret::new(password), name: name.clone(), setup_token };
    let signed_up = services.sign_up(&request, Door::Page, form).await;
    let signed_up = signed_up.map_err(|error| context::keep_typed(error, &[("email", &email), ("name", &name)]))?;
    match signed_up {
        SignedUp::SignedIn(user) => services.open_session(&session, Some(&user), &request).await?,
        SignedUp::Nobody(_) => services.open_session(&session, None, &request).await?,
        SignedUp::CheckMail => {
            context::go_to("/signup?sent=1");
            return Ok(());
        }
    }
    context::go_to(&next);
    Ok(())
}

/// Makes the account of a mailed link, and signs in.
#[server(prefix = "/fn", endpoint = "finish_sign_up", output = PageAnswer)]
pub async fn finish_sign_up(password: String) -> Result<(), AppError> {
    use super::{context, http};
    use crate::service::{Door, accounts::links::Link, vault::Secret};

    let (services, request, session) = context::visitor()?;
    let token = http::cookie(Link::SignUp.cookie()).unwrap_or_default();
    let user = services.finish_sign_up(&request, Door::Page, &token, Secret::new(password)).await?;
    http::set_cookie(&services.forget_link(Link::SignUp));
    services.open_session(&session, Some(&user), &request).await?;
    context::go_to("/");
    Ok(())
}

/// Asks for a link to set a new password. The answer is the same whether or not the address has an account.
#[server(prefix = "/fn", endpoint = "forgot_password", output = PageAnswer)]
pub async fn forgot_password(email: String) -> Result<(), AppError> {
    use super::context;

    let (services, request, _) = context::visitor()?;
    let asked = services.forgot_password(&request, &email).await;
    asked.map_err(|error| context::keep_typed(error, &[("email", &email)]))?;
    context::go_to("/forgot?sent=1");
    Ok(())
}

/// Sets a new password with the mailed link that the browser carries.
#[server(prefix = "/fn", endpoint = "reset_password", output = PageAnswer)]
pub async fn reset_password(password: String) -> Result<(), AppError> {
    use super::{context, http};
    use crate::service::{Door, accounts::links::Link, vault::Secret};

    let (services, request, _) = context::visitor()?;
    let token = http::cookie(Link::Reset.cookie()).unwrap_or_default();
    services.reset_password(&request, Door::Page, &token, Secret::new(password)).await?;
    http::set_cookie(&services.forget_link(Link::Reset));
    context::go_to("/login?reset=1");
    Ok(())
}

/// Confirms an address with the mailed link that the browser carries.
#[server(prefix = "/fn", endpoint = "confirm_email", output = PageAnswer)]
pub async fn confirm_email() -> Result<(), AppError> {
    use super::{context, http};
    use crate::service::accounts::links::Link;

    let (services, caller) = context::maybe_signed_in().await?;
    let token = http::cookie(Link::Confirm.cookie()).unwrap_or_default();
    services.confirm_email(caller.as_ref(), &token).await?;
    http::set_cookie(&services.forget_link(Link::Confirm));
    context::go_to("/confirm?done=1");
    Ok(())
}

/// What the mailed link for a page (`reset` or `confirm`) stands for.
#[server(prefix = "/fn", endpoint = "get_mailed_link", output = PageAnswer)]
pub async fn get_mailed_link(page: String) -> Result<MailedLink, AppError> {
    use super::{context, http};
    use crate::service::accounts::links::Link;

    let services = context::services()?;
    let Some(link) = Link::parse(&page) else { return Ok(MailedLink::default()) };
    let Some(token) = http::cookie(link.cookie()) else { return Ok(MailedLink::default()) };
    Ok(match link {
        // Their pages ask for more than that.
        Link::Invite | Link::SignUp => MailedLink::default(),
        Link::Reset => MailedLink { good: services.is_reset_token_good(&token).await?, email: String::new() },
        // Whether it still works is found out when it is used.
        Link::Confirm => MailedLink { good: true, email: String::new() },
    })
}
