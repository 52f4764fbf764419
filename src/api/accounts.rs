//! `/auth/*` and `/me`.

use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use tower_sessions::Session;
use utoipa::ToSchema;

use super::{
    body::Sent,
    problem::{Answer, ProblemBody},
    signed_in::{Facts, SignedIn},
};
use crate::{
    domain::accounts::{Me, User},
    service::{
        Door, Services,
        accounts::{
            invited::InvitedSignUp,
            sessions::caller_of,
            sign_up::{SignUp, SignedUp},
        },
        vault::Secret,
    },
};

/// Input of a sign-up.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignUpBody {
    /// Address.
    email: String,
    /// Password.
    #[schema(format = Password)]
    password: String,
    /// Display name; the address' first part without one.
    name: Option<String>,
    /// On an empty platform: the token that the server printed at its start.
    setup_token: Option<String>,
    /// Token of an invitation: the account is made whatever the sign-up policy, and joins the team if the link came by mail.
    invitation: Option<String>,
}

/// Input of a log-in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LogInBody {
    /// Address.
    email: String,
    /// Password.
    #[schema(format = Password)]
    password: String,
}

/// Who is signed in now; the cookie comes with it.
#[derive(Serialize, ToSchema)]
pub struct SignedInBody {
    /// The account.
    user: UserBody,
}

/// An account.
#[derive(Serialize, ToSchema)]
pub struct UserBody {
    /// Identifier.
    id: String,
    /// Address, as typed.
    email: String,
    /// Display name.
    name: String,
    /// Runs the platform.
    platform_admin: bool,
}

/// The signed-in person.
#[derive(Serialize, ToSchema)]
pub struct MeBody {
    /// Identifier.
    id: String,
    /// Address, as typed.
    email: String,
    /// Whether the address is confirmed.
    email_confirmed: bool,
    /// Display name.
    name: String,
    /// Runs the platform.
    platform_admin: bool,
    /// Identifier of the personal space.
    personal_team: String,
    /// Teams, by name; without the personal space.
    teams: Vec<MyTeamBody>,
    /// Organizations, by name.
    organizations: Vec<MyOrganizationBody>,
}

/// One of the signed-in person's teams.
#[derive(Serialize, ToSchema)]
pub struct MyTeamBody {
    /// Identifier.
    id: String,
    /// Short name.
    slug: String,
    /// Name.
    name: String,
    /// Own role: `owner`, `admin`, `member` or `viewer`.
    role: &'static str,
    /// Short name of the organization.
    organization: String,
}

/// One of the signed-in person's organizations.
#[derive(Serialize, ToSchema)]
pub struct MyOrganizationBody {
    /// Identifier.
    id: String,
    /// Short name.
    slug: String,
    /// Name.
    name: String,
    /// Own role: `admin` or `member`.
    role: &'static str,
}

/// Sign up.
///
/// Where strangers may sign up, no account exists before the link in the mail is opened: the answer is then 202 without a cookie.
#[utoipa::path(post, path = "/auth/signup", tag = "Account", security(()), request_body = SignUpBody, responses(
    (status = 200, body = SignedInBody),
    (status = 202, description = "A mail with a link is on its way."),
    (status = 403, body = ProblemBody, description = "The sign-up policy does not let this address in."),
    (status = 422, body = ProblemBody),
))]
pub async fn sign_up(
    State(services): State<Services>,
    session: Session,
    Facts(request): Facts,
    Sent(body): Sent<SignUpBody>,
) -> Answer<Response> {
    if let Some(token) = body.invitation {
        let form = InvitedSignUp {
            token,
            email: Some(body.email),
            name: body.name.unwrap_or_default(),
            password: Secret::new(body.password),
        };
        let (user, _) = services.sign_up_invited(&request, Door::Api, form).await?;
        services.open_session(&session, Some(&user), &request).await?;
        return Ok(Json(SignedInBody { user: user.into() }).into_response());
    }
    let form = SignUp {
        email: body.email,
        password: Secret::new(body.password),
        name: body.name.unwrap_or_default(),
        setup_token: body.setup_token,
    };
    let (user, shown) = match services.sign_up(&request, Door::Api, form).await? {
        SignedUp::SignedIn(user) => (Some(user.clone()), user),
        SignedUp::Nobody(made_up) => (None, made_up),
        SignedUp::CheckMail => return Ok(StatusCode::ACCEPTED.into_response()),
    };
    services.open_session(&session, user.as_ref(), &request).await?;
    Ok(Json(SignedInBody { user: shown.into() }).into_response())
}

/// Log in.
#[utoipa::path(post, path = "/auth/login", tag = "Account", security(()), request_body = LogInBody, responses(
    (status = 200, body = SignedInBody),
    (status = 401, body = ProblemBody, description = "The same for an unknown address and a wrong password."),
    (status = 429, body = ProblemBody),
))]
pub async fn log_in(
    State(services): State<Services>,
    session: Session,
    Facts(request): Facts,
    Sent(body): Sent<LogInBody>,
) -> Answer<Json<SignedInBody>> {
    let user = services.sign_in(&request, Door::Api, &body.email, Secret::new(body.password)).await?;
    services.open_session(&session, Some(&user), &request).await?;
    Ok(Json(SignedInBody { user: user.into() }))
}

/// Log out.
#[utoipa::path(post, path = "/auth/logout", tag = "Account", responses((status = 204, description = "The session is over.")))]
pub async fn log_out(State(services): State<Services>, session: Session, Facts(request): Facts) -> Answer<Response> {
    let caller = caller_of(&services, &session, Door::Api, &request).await?;
    services.close_session(&session, caller.as_ref()).await?;
    let forget = [(header::HeaderName::from_static("clear-site-data"), "\"cache\", \"storage\"")];
    Ok((StatusCode::NO_CONTENT, forget).into_response())
}

/// The signed-in person.
#[utoipa::path(get, path = "/me", tag = "Account", responses((status = 200, body = MeBody), (status = 401, body = ProblemBody)))]
pub async fn me(State(services): State<Services>, SignedIn(caller): SignedIn) -> Answer<Json<MeBody>> {
    Ok(Json(services.me(&caller).await?.into()))
}

impl From<User> for UserBody {
    fn from(user: User) -> Self {
        Self { id: user.id.to_string(), email: user.email, name: user.name, platform_admin: user.platform_admin }
    }
}

impl From<Me> for MeBody {
    fn from(me: Me) -> Self {
        let teams = me.teams.into_iter().map(|team| MyTeamBody {
            id: team.id.to_string(),
            slug: team.slug,
            name: team.name,
            role: team.role.as_str(),
            organization: team.organization_slug,
        });
        let organizations = me.organizations.into_iter().map(|org| MyOrganizationBody {
            id: org.id.to_string(),
            slug: org.slug,
            name: org.name,
            role: org.role.as_str(),
        });
        Self {
            id: me.id.to_string(),
            email: me.email,
            email_confirmed: me.email_confirmed,
            name: me.name,
            platform_admin: me.platform_admin,
            personal_team: me.personal_team.to_string(),
            teams: teams.collect(),
            organizations: organizations.collect(),
        }
    }
}
