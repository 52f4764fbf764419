//! The personal view: what one uses, and what limits it, in each context.

use leptos::server;
use serde::{Deserialize, Serialize};

use super::overview::FirstSteps;
use crate::{
    domain::charts::{BudgetView, ChartView, MeterView},
    error::AppError,
    wire::PageAnswer,
};

/// One context: the personal space, or a team.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContextRow {
    pub id: String,
    /// `me` for the personal space.
    pub slug: String,
    pub name: String,
    pub organization: String,
    /// Empty in the personal space.
    pub role: String,
    pub makes_calls: bool,
    pub spent: String,
    /// `of $50.00`; empty without a cap of one's own.
    pub cap: String,
    pub percent: Option<u32>,
    pub budget: BudgetView,
    pub resets: String,
    /// What becomes of the first of the limits at the present pace.
    pub forecast: String,
    /// Why calls are refused; empty where they are not.
    pub blocked: String,
    /// Every limit that applies, for whoever wants to know.
    pub limits: Vec<MeterView>,
}

/// One of the reader's keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnKeyRow {
    pub name: String,
    pub masked: String,
    pub context: String,
    pub href: String,
    pub spent: String,
    pub used: String,
    pub expires: String,
}

/// Something that the reader asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnRequestRow {
    pub what: String,
    pub text: String,
    pub href: String,
}

/// The personal view.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnPage {
    /// `$12.40 in 28 days, in 3 contexts.`
    pub lead: String,
    /// Those that refuse calls first.
    pub contexts: Vec<ContextRow>,
    pub trend: ChartView,
    pub keys: Vec<OwnKeyRow>,
    /// How many there are.
    pub keys_count: usize,
    pub requests: Vec<OwnRequestRow>,
    /// Set until the first call in any context.
    pub first_steps: Option<OwnFirstSteps>,
}

/// Where somebody who never made a call begins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnFirstSteps {
    /// The context in which they may call something.
    pub slug: String,
    pub steps: FirstSteps,
    /// What `get_overview_stamp` says of it until there is news.
    pub stamp: String,
}

/// Everything the reader uses.
#[server(prefix = "/fn", endpoint = "get_own_view", output = PageAnswer)]
pub async fn get_own_view() -> Result<OwnPage, AppError> {
    let (services, caller) = super::context::signed_in().await?;
    let view = services.get_own_view(&caller).await?;
    Ok(words::page(&services, &caller, &view).await?)
}

#[cfg(feature = "ssr")]
mod words {
    use super::{ContextRow, OwnFirstSteps, OwnKeyRow, OwnPage, OwnRequestRow};
    use crate::{
        domain::{
            api_keys::KeyView, charts::BudgetView, forecast::Forecast, format, limit_uses::OwnLimit, money::NanoUsd, snippets,
            time::UnixMs,
        },
        server_fns::overview::{FirstSteps, meters},
        service::{
            Caller, ServiceError, Services,
            trend::trend,
            usage::{OwnContext, OwnRequest, OwnView},
        },
    };

    /// Keys that are listed; the others are on the pages of their contexts.
    const KEYS: usize = 8;

    pub(super) async fn page(services: &Services, caller: &Caller, view: &OwnView) -> Result<OwnPage, ServiceError> {
        let now = services.clock.now();
        let spent = view.days.costs.iter().fold(0, |sum: i64, cost| sum.saturating_add(*cost));
        let contexts = match view.contexts.len() {
            1 => "in 1 context".to_owned(),
            count => format!("in {count} contexts"),
        };
        Ok(OwnPage {
            lead: format!("{} in 28 days, {contexts}.", format::money(NanoUsd(spent))),
            contexts: view.contexts.iter().map(|context| row(context, now)).collect(),
            trend: trend(&view.days, now),
            keys: view.keys.iter().take(KEYS).map(|(place, key)| key_row(&view.contexts[*place], key, now)).collect(),
            keys_count: view.keys.len(),
            requests: view.requests.iter().map(|request| request_row(request, now)).collect(),
            first_steps: first_steps(services, caller, view).await?,
        })
    }

    /// Where somebody who never made a call begins: in a context in which they may call something.
    async fn first_steps(services: &Services, caller: &Caller, view: &OwnView) -> Result<Option<OwnFirstSteps>, ServiceError> {
        if view.contexts.iter().any(|context| context.has_calls) {
            return Ok(None);
        }
        let open = view.contexts.iter().filter(|context| !context.closed && !context.is_onlooker());
        let mut found = open.map(|context| (context, services.example_model(context.team, caller.user.id)));
        let found = found.find(|(_, model)| model.is_some());
        let slug = found.as_ref().map_or("me", |(context, _)| context.slug.as_str()).to_owned();
        let model = found.and_then(|(_, model)| model);
        let snippets = model.map(|model| snippets::chat(&services.settings.public_url, &model));
        let stamp = services.overview_stamp(caller, &slug).await?;
        let steps = FirstSteps { has_key: !view.keys.is_empty(), snippets };
        Ok(Some(OwnFirstSteps { slug, steps, stamp }))
    }

    fn row(context: &OwnContext, now: UnixMs) -> ContextRow {
        let money = |scope: &str| {
            let of = |limit: &&OwnLimit| limit.limit.scope == scope && matches!(limit.limit.window.as_str(), "period" | "total");
            context.limits.iter().find(of)
        };
        let (own, team) = (money("member"), money("team"));
        let share = |limit: &OwnLimit| meters::percent(limit.limit.used.unwrap_or_default(), limit.limit.limit);
        let amount = |limit: &OwnLimit| format::money(NanoUsd(limit.limit.limit));
        let resets = match own.or(team) {
            Some(limit) => limit.limit.resets_at.map_or_else(|| "Does not reset".to_owned(), |at| meters::resets(at, now)),
            None => meters::resets(context.period.end, now),
        };
        ContextRow {
            id: context.team.to_string(),
            slug: context.slug.clone(),
            name: if context.role.is_none() { "Personal".to_owned() } else { context.name.clone() },
            organization: if context.role.is_none() { "Your own space".to_owned() } else { context.organization.clone() },
            role: context.role.map_or_else(String::new, |role| role.as_str().to_owned()),
            makes_calls: !context.is_onlooker(),
            spent: format::money(context.spent),
            cap: own.map_or_else(String::new, |own| format!("of {}", amount(own))),
            percent: own.map(share),
            budget: match team {
                Some(team) => meters::budget_view(team.limit.used.unwrap_or_default(), team.limit.limit),
                None => BudgetView { text: "No limit".to_owned(), percent: None },
            },
            resets,
            forecast: forecast(context, now),
            blocked: match (&context.blocked, context.closed) {
                (Some(sentence), _) => sentence.clone(),
                (None, true) => "Nothing was opened here yet. The platform’s admins can change that.".to_owned(),
                (None, false) => String::new(),
            },
            limits: context.limits.iter().map(|limit| meters::own(limit, now)).collect(),
        }
    }

    /// Of all that limits, what ends first; else that it lasts, where that is known.
    fn forecast(context: &OwnContext, now: UnixMs) -> String {
        let what = |limit: &OwnLimit| match (limit.limit.scope.as_str(), limit.limit.window.as_str()) {
            (_, "balance") => "the balance".to_owned(),
            ("member", _) => "your cap".to_owned(),
            ("key", _) => format!("key {}", limit.limit.name),
            ("organization", _) => "the organization’s budget".to_owned(),
            _ => "the budget".to_owned(),
        };
        let known = context.limits.iter().filter_map(|limit| Some((limit, limit.forecast?)));
        let first = known.min_by_key(|(_, forecast)| forecast.ends_at().map_or(i64::MAX, |at| at.0));
        first.map_or_else(String::new, |(limit, forecast): (&OwnLimit, Forecast)| {
            forecast.words(&what(limit), now, limit.limit.resets_at)
        })
    }

    fn key_row(context: &OwnContext, key: &KeyView, now: UnixMs) -> OwnKeyRow {
        OwnKeyRow {
            name: key.name.clone(),
            masked: key.masked.clone(),
            context: if context.role.is_none() { "Personal".to_owned() } else { context.name.clone() },
            href: format!("{}/keys", address(&context.slug)),
            spent: format::money(NanoUsd(key.spent)),
            used: key.last_used_at.map_or_else(|| "Never used".to_owned(), |at| format!("Used {}", format::ago(at, now))),
            expires: key.expires_at.map_or_else(String::new, |at| format!("Expires {}", format::until(at, now))),
        }
    }

    fn address(slug: &str) -> String {
        if slug == "me" { "/me".to_owned() } else { format!("/t/{slug}") }
    }

    fn request_row(request: &OwnRequest, now: UnixMs) -> OwnRequestRow {
        let since = format::ago(request.at, now);
        let (what, page) = match (&request.model, request.amount) {
            (Some(model), _) => (format!("Access to {model}"), "models/requests"),
            (None, amount) => (format!("A budget of {}", format::money(amount.unwrap_or_default())), "quotas?tab=requests"),
        };
        OwnRequestRow {
            what,
            text: format!("{}, asked {since}", request.team),
            href: format!("{}/{page}", address(&request.slug)),
        }
    }
}
