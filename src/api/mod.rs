//! The REST management API under `/api/v1`: thin handlers over the services that the pages use. Described by the OpenAPI document that
//! is made of the same code ([`document`]), and readable at `/api/docs`.

mod access_grants;
mod access_groups;
mod access_requests;
mod accounts;
mod api_keys;
mod audit;
mod billing;
mod billing_bodies;
mod body;
mod budget_requests;
mod catalog;
mod catalog_bodies;
mod docs;
mod invitations;
mod limit_bodies;
mod limits;
mod list;
mod members;
mod model_access;
mod organization_members;
mod organizations;
mod own_account;
mod own_invitations;
mod plan_bodies;
mod plans;
mod platform;
mod price_lists;
mod prices;
mod problem;
mod signed_in;
mod teams;
mod tokens;
mod usage;
mod users;

use axum::{
    Json, Router,
    extract::DefaultBodyLimit,
    routing::{delete, get, post, put},
};
use utoipa::{
    Modify, OpenApi,
    openapi::{
        OpenApi as Document,
        security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};

use crate::service::{ServiceError, Services};
use problem::Problem;

/// Every route under `/api`. Needs the session of a request in its extensions, beside its facts.
pub fn router(services: Services) -> Router {
    let v1 = Router::new()
        .route("/openapi.json", get(async || Json(document())))
        .route("/auth/signup", post(accounts::sign_up))
        .route("/auth/login", post(accounts::log_in))
        .route("/auth/logout", post(accounts::log_out))
        .route("/me", get(accounts::me).patch(own_account::update).delete(own_account::remove))
        .route("/me/email", post(own_account::change_email))
        .route("/me/password", post(own_account::change_password))
        .route("/me/sessions", get(own_account::list_sessions).delete(own_account::end_other_sessions))
        .route("/me/sessions/{session}", delete(own_account::end_session))
        .route("/me/invitations", get(own_invitations::list))
        .route("/me/invitations/{invitation}/accept", post(own_invitations::accept))
        .route("/me/invitations/{invitation}/decline", post(own_invitations::decline))
        .route("/me/tokens", get(tokens::list).post(tokens::create))
        .route("/me/tokens/{token}", delete(tokens::revoke))
        .route("/organizations", get(organizations::list).post(organizations::create))
        .route("/organizations/{org}", get(organization_members::find).patch(organization_members::update))
        .route("/organizations/{org}/members", get(organization_members::list).post(organization_members::add))
        .route(
            "/organizations/{org}/members/{user}",
            axum::routing::patch(organization_members::set_role).delete(organization_members::remove),
        )
        .route("/organizations/{org}/audit", get(audit::of_organization))
        .route("/organizations/{org}/audit.csv", get(audit::of_organization_csv))
        .route("/organizations/{org}/models/{*model}", put(organizations::set_model))
        .route("/organizations/{org}/models", get(access_groups::list_models).put(access_groups::set_models))
        .route("/organizations/{org}/reviews", get(access_groups::list_reviews))
        .route("/organizations/{org}/reviews/{review}", post(access_groups::close_review))
        .route("/organizations/{org}/groups", get(access_groups::list_own).post(access_groups::create_own))
        .route("/organizations/{org}/groups/{group}", put(access_groups::update_own).delete(access_groups::remove_own))
        .route("/organizations/{org}/access", post(model_access::put_many))
        .route("/teams/{team}/access", get(model_access::find).put(model_access::put))
        .route("/teams/{team}/access/preview", post(model_access::preview))
        .route("/teams/{team}/access/grants", get(access_grants::list_grants).post(access_grants::create_grant))
        .route("/teams/{team}/access/grants/{grant}", delete(access_grants::end_grant))
        .route("/teams/{team}/access/requests", get(access_requests::list).post(access_requests::create))
        .route("/teams/{team}/access/requests/{request}", delete(access_requests::withdraw))
        .route("/teams/{team}/access/requests/{request}/decision", post(access_requests::decide))
        .route("/organizations/{org}/requests", get(access_requests::list_of_organization))
        .route("/organizations/{org}/requests/{request}/decision", post(access_requests::decide_in_organization))
        .route("/access/requests", get(access_requests::inbox))
        .route("/policy/explain", get(access_grants::explain))
        .route("/catalog/groups", get(access_groups::list).post(access_groups::create))
        .route("/catalog/groups/{group}", put(access_groups::update).delete(access_groups::remove))
        .route("/teams", get(teams::list).post(teams::create))
        .route("/teams/{team}", get(teams::find).patch(teams::update).delete(teams::remove))
        .route("/teams/{team}/members", get(members::list))
        .route("/teams/{team}/members/{user}", axum::routing::patch(members::update).delete(members::remove))
        .route("/teams/{team}/members/{user}/removal", get(members::preview))
        .route("/teams/{team}/transfer", post(members::transfer))
        .route("/teams/{team}/leave", post(members::leave))
        .route("/teams/{team}/invitations", get(invitations::list).post(invitations::create))
        .route("/teams/{team}/invitations/{invitation}", delete(invitations::revoke))
        .route("/teams/{team}/invitations/{invitation}/resend", post(invitations::resend))
        .route("/teams/{team}/invitations/{invitation}/link", post(invitations::copy_link))
        .route("/invitations/{token}", get(invitations::open))
        .route("/invitations/{token}/accept", post(invitations::accept))
        .route("/invitations/{token}/decline", post(invitations::decline))
        .route("/invitations/{token}/ask", post(invitations::ask))
        .route("/teams/{team}/keys", get(api_keys::list).post(api_keys::create))
        .route("/teams/{team}/keys/{key}", axum::routing::patch(api_keys::update).delete(api_keys::revoke))
        .route("/teams/{team}/keys/{key}/rotate", post(api_keys::rotate))
        .route("/teams/{team}/limits", get(limits::find).put(limits::put))
        .route("/teams/{team}/caps", get(limits::list))
        .route("/teams/{team}/caps/models/{*model}", put(limits::put_model))
        .route("/teams/{team}/budget", get(limits::find_budget).put(limits::put_budget))
        .route("/teams/{team}/budget/requests", get(budget_requests::list).post(budget_requests::create))
        .route("/teams/{team}/budget/requests/{request}", delete(budget_requests::withdraw))
        .route("/teams/{team}/budget/requests/{request}/decision", post(budget_requests::decide))
        .route("/teams/{team}/self-service", get(limits::find_self_service).put(limits::put_self_service))
        .route("/organizations/{org}/limits", get(limits::find_organizations).put(limits::put_organizations))
        .route("/teams/{team}/usage", get(usage::report))
        .route("/teams/{team}/usage/members", get(usage::members))
        .route("/teams/{team}/usage/me", get(usage::own))
        .route("/organizations/{org}/usage", get(usage::of_organization))
        .route("/usage", get(usage::of_platform))
        .route("/teams/{team}/usage.csv", get(usage::files::of_team))
        .route("/organizations/{org}/usage.csv", get(usage::files::of_organization))
        .route("/teams/{team}/usage/ranking.csv", get(usage::files::ranking_of_team))
        .route("/organizations/{org}/usage/ranking.csv", get(usage::files::ranking_of_organization))
        .route("/usage/ranking.csv", get(usage::files::ranking_of_platform))
        .route("/usage.csv", get(usage::files::of_platform))
        .route("/teams/{team}/logs", get(usage::logs::list))
        .route("/teams/{team}/logs.csv", get(usage::logs::csv))
        .route("/teams/{team}/logs.ndjson", get(usage::logs::ndjson))
        .route("/teams/{team}/logs/{call}", get(usage::logs::find))
        .route("/teams/{team}/audit", get(audit::of_team))
        .route("/teams/{team}/audit.csv", get(audit::of_team_csv))
        .route("/teams/{team}/billing", get(billing::find).put(billing::put))
        .route("/teams/{team}/billing/request", delete(billing::withdraw))
        .route("/teams/{team}/adjustments", post(billing::adjust))
        .route("/teams/{team}/discount", put(billing::set_discount))
        .route("/teams/{team}/ledger", get(billing::ledger))
        .route("/teams/{team}/ledger.csv", get(billing::ledger_csv))
        .route("/teams/{team}/ledger/{line}/models", get(billing::line_models))
        .route("/teams/{team}/statements", get(billing::statements))
        .route("/teams/{team}/statements/{start}", get(billing::statement))
        .route("/teams/{team}/statements/{start}/statement.csv", get(billing::statement_csv))
        .route("/billing/requests", get(plans::requests))
        .route("/billing/requests/{request}/decision", post(plans::decide))
        .route("/catalog/plans", get(plans::list).post(plans::create))
        .route("/catalog/plans/{plan}", axum::routing::patch(plans::update))
        .route("/teams/{team}/recover", post(platform::recover))
        .route("/audit", get(audit::of_platform))
        .route("/audit.csv", get(audit::of_platform_csv))
        .route("/users", get(users::list))
        .route("/users/{user}", get(users::find).patch(users::update))
        .route("/users/{user}/sessions", delete(users::end_sessions))
        .route("/users/{user}/password-reset", post(users::start_reset))
        .route("/platform/settings", get(platform::settings).patch(platform::update_settings))
        .route("/platform/mails", get(platform::mails))
        .route("/platform/mails/retry", post(platform::retry_mails))
        .route("/catalog/providers", get(catalog::list_providers).post(catalog::create_provider))
        .route(
            "/catalog/providers/{provider}",
            get(catalog::find_provider).patch(catalog::update_provider).delete(catalog::delete_provider),
        )
        .route("/catalog/providers/{provider}/test", post(catalog::test_provider))
        .route("/catalog/models", get(catalog::list_models).post(catalog::create_model))
        .route("/catalog/models/{*model}", get(catalog::find_model).patch(catalog::update_model).delete(catalog::delete_model))
        .route("/catalog/prices/{*model}", get(prices::list).post(prices::create))
        .route("/catalog/price-lists", post(price_lists::create).layer(DefaultBodyLimit::disable()))
        .route("/catalog/price-lists/{list}", get(price_lists::preview))
        .route("/catalog/price-lists/{list}/apply", post(price_lists::apply))
        .route("/catalog/settings", get(prices::settings).put(prices::update_settings))
        .fallback(async || Problem(ServiceError::NotFound))
        .method_not_allowed_fallback(async || Problem::method_not_allowed());
    Router::new().route("/api/docs", get(docs::page)).nest("/api/v1", v1).with_state(services)
}

/// The OpenAPI 3.1 document.
pub fn document() -> Document {
    ApiDocument::openapi()
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Tallygate management API",
        description = "Everything that the dashboard does, for programs. Money is in nano-dollars (10⁻⁹ USD), times are milliseconds since \
            1970 (UTC). `{team}` and `{org}` take the short name or the id, and `{team}` also `me` for the personal space. Errors are \
            problem+json (RFC 9457): `detail` for people, `code` for programs, `errors` by field."
    ),
    servers((url = "/api/v1")),
    security(("token" = []), ("session" = [])),
    modifiers(&Credentials),
    components(schemas(problem::ProblemBody)),
    paths(
        accounts::sign_up, accounts::log_in, accounts::log_out, accounts::me,
        tokens::list, tokens::create, tokens::revoke,
        own_account::update, own_account::remove, own_account::change_email, own_account::change_password,
        own_account::list_sessions, own_account::end_other_sessions, own_account::end_session,
        own_invitations::list, own_invitations::accept, own_invitations::decline,
        organizations::list, organizations::create, organizations::set_model,
        access_groups::list_models, access_groups::set_models, access_groups::list_reviews, access_groups::close_review,
        access_groups::list_own, access_groups::create_own, access_groups::update_own, access_groups::remove_own,
        access_groups::list, access_groups::create, access_groups::update, access_groups::remove,
        model_access::find, model_access::put, model_access::preview, model_access::put_many, access_grants::explain,
        access_grants::list_grants, access_grants::create_grant, access_grants::end_grant,
        access_requests::list, access_requests::create, access_requests::withdraw, access_requests::decide, access_requests::inbox,
        access_requests::list_of_organization, access_requests::decide_in_organization,
        organization_members::find, organization_members::update, organization_members::list, organization_members::add,
        organization_members::set_role, organization_members::remove,
        audit::of_team, audit::of_team_csv, audit::of_organization, audit::of_organization_csv, audit::of_platform,
        audit::of_platform_csv,
        users::list, users::find, users::update, users::end_sessions, users::start_reset,
        platform::settings, platform::update_settings, platform::mails, platform::retry_mails, platform::recover,
        teams::list, teams::create, teams::find, teams::update, teams::remove,
        members::list, members::update, members::remove, members::preview, members::transfer, members::leave,
        invitations::list, invitations::create, invitations::revoke, invitations::resend, invitations::copy_link,
        invitations::open, invitations::accept, invitations::decline, invitations::ask,
        api_keys::list, api_keys::create, api_keys::update, api_keys::revoke, api_keys::rotate,
        limits::find, limits::put, limits::list, limits::put_model, limits::find_organizations, limits::put_organizations,
        budget_requests::list, budget_requests::create, budget_requests::withdraw, budget_requests::decide,
        limits::find_budget, limits::put_budget, limits::find_self_service, limits::put_self_service,
        usage::report, usage::members, usage::own, usage::of_organization, usage::of_platform,
        usage::files::of_team, usage::files::of_organization, usage::files::of_platform,
        usage::files::ranking_of_team, usage::files::ranking_of_organization, usage::files::ranking_of_platform,
        usage::logs::list, usage::logs::csv, usage::logs::ndjson, usage::logs::find,
        billing::find, billing::put, billing::withdraw, billing::adjust, billing::set_discount, billing::ledger, billing::ledger_csv,
        billing::line_models, billing::statements, billing::statement, billing::statement_csv,
        plans::list, plans::create, plans::update, plans::requests, plans::decide,
        catalog::list_providers, catalog::create_provider, catalog::find_provider, catalog::update_provider,
        catalog::delete_provider, catalog::test_provider,
        catalog::list_models, catalog::create_model, catalog::find_model, catalog::update_model, catalog::delete_model,
        price_lists::create, price_lists::preview, price_lists::apply,
        prices::list, prices::create, prices::settings, prices::update_settings,
    )
)]
struct ApiDocument;

struct Credentials;

impl Modify for Credentials {
    fn modify(&self, document: &mut Document) {
        let components = document.components.get_or_insert_default();
        let token = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("tgm_…");
        components.add_security_scheme("token", SecurityScheme::Http(token.build()));
        let cookie = ApiKey::Cookie(ApiKeyValue::with_description("sid", "`__Host-sid` over https."));
        components.add_security_scheme("session", SecurityScheme::ApiKey(cookie));
    }
}
