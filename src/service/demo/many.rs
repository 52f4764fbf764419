//! Many calls of one large team, to see how pages fare with them: 200 members with two keys each over 90 days, one of whom goes wild near
//! the end. Booked as all calls are, only more at once.

use super::{
    DAYS, Demo,
    cast::{MODELS, TEAMS},
    dice::Dice,
    ended,
    people::{self, Callers},
};
use crate::{
    domain::{
        accounts::User,
        api_keys::{ApiKey, KeyKind},
        format,
        ids::{CallId, OrgId, UserId},
        money::{NanoUsd, Price},
        roles::{OrgRole, Role},
        teams::{AccessMode, Team, TeamKind},
        time::{DAY_MS, HOUR_MS, UnixMs},
        usage::{CallEnd, CallFacts, Outcome, Tokens, UsageEvent},
    },
    service::{
        Clock, Random, ServiceError, Services,
        accounts::new_account::NewAccount,
        key_secrets::{make_secret, shown_parts},
        metering::{self, charge},
        vault::{Secret, sha256_hex},
    },
    storage,
};

/// The team, and where its progress is kept.
const SLUG: &str = "load";
const PROGRESS: &str = "demo_calls";
/// Its members and how far back they called.
const MEMBERS: u64 = 200;
pub(super) const SPAN_DAYS: i64 = 90;
/// Events of one transaction: as a rule those of a day, whose rows of statistics are then written once.
const BATCH: usize = 200_000;
/// How many times an average member's calls the one who goes wild makes besides, on how many days.
pub(super) const WILD: (f64, i64) = (8.0, 2);

impl Services {
    /// Writes the demo data, and so many calls of a team of their own besides. The same seed gives the same calls; a run that was cut short
    /// goes on at the day where it was.
    pub async fn seed_demo_calls(&self, seed: u64, calls: u64) -> Result<Demo, ServiceError> {
        let demo = self.seed_demo(seed).await?;
        let callers = people::read(self).await?;
        let now = self.clock.now();
        let mut c = self.store.reader().await?;
        let first = storage::teams::find(&mut c, TEAMS[0].slug).await?;
        let organization = first.and_then(|team| team.organization);
        let made = storage::teams::find(&mut c, SLUG).await?;
        let done = storage::settings::find(&mut c, PROGRESS).await?;
        drop(c);
        // Day and time of the first run: later ones go on with the same calls.
        let (start_day, started) = match done.as_deref().and_then(|text| text.split_once(' ')) {
            Some((day, at)) => (day.parse().unwrap_or(0), at.parse().map_or(now, UnixMs)),
            None => (0, now),
        };
        let load = match made {
            Some(team) => self.read_load(team).await?,
            None => self.write_load(seed, organization, started).await?,
        };
        for day in start_day..SPAN_DAYS {
            let events = Days { seed, calls, now: started, load: &load, callers: &callers }.events(day);
            for batch in events.chunks(BATCH) {
                metering::book(&self.store, batch).await?;
            }
            let mut tx = self.store.begin_aside().await?;
            let text = format!("{} {}", day + 1, started.0);
            storage::settings::put(&mut tx, PROGRESS, &text, now).await?;
            tx.commit().await?;
            tracing::info!(day = day + 1, calls = events.len(), "booked a day of the demo's many calls");
        }
        let (who, first) = wild(seed, (load.keys.len() / 2) as u64);
        let who = usize::try_from(who * 2).ok().and_then(|place| load.keys.get(place)).and_then(|key| load.names.get(&key.user));
        let from = started.floor_to(DAY_MS).plus(-(SPAN_DAYS - first) * DAY_MS);
        tracing::info!(member = who, from = format::day(from), days = WILD.1, "this member calls far more than usual");
        Ok(demo)
    }

    async fn write_load(&self, seed: u64, organization: Option<OrgId>, now: UnixMs) -> Result<Load, ServiceError> {
        let past = Self { clock: Clock::manual(now), random: Random::seeded(seed ^ 2), ..self.clone() };
        let at = now.plus(-(SPAN_DAYS + DAYS) * DAY_MS);
        let password: [u8; 10] = self.random.bytes();
        // One for all of them, which nobody learns: they are looked at, not signed in as.
        let password = password.iter().map(|byte| format!("{byte:02x}")).collect();
        let password_hash = self.passwords.hash(Secret::new(password), &self.random).await?;
        let mut tx = self.store.begin().await?;
        let mut members = vec![];
        for n in 0..MEMBERS {
            let email = format!("load-{n:03}@load.example");
            let new = NewAccount {
                email_normalized: email.clone(),
                email,
                name: format!("Load member {n:03}"),
                password_hash: password_hash.clone(),
                platform_admin: false,
                email_confirmed: true,
                at,
            };
            members.push(past.insert_account(&mut tx, &new).await?);
        }
        let team = Team {
            id: past.random.id_at(at),
            kind: TeamKind::Team,
            organization,
            organization_name: String::new(),
            organization_slug: String::new(),
            slug: SLUG.into(),
            name: "Load".into(),
            owner: members[0].id,
            mode: AccessMode::Inherit,
            self_service: true,
            ranking_open: false,
            seats: None,
            alert_emails: vec![],
            discount_bp: 0,
            created_at: at,
        };
        storage::teams::insert(&mut tx, &team).await?;
        let mut keys = vec![];
        for (n, member) in members.iter().enumerate() {
            if let Some(organization) = organization {
                storage::organizations::put_member(&mut tx, organization, member.id, OrgRole::Member, at).await?;
            }
            if n > 0 {
                storage::teams::insert_member(&mut tx, team.id, member.id, Role::Member, at).await?;
            }
            for name in ["laptop", "ci"] {
                let key = key(&past, self, &team, member, name, at);
                storage::api_keys::insert(&mut tx, &key.0, &key.1).await?;
                keys.push(key.0);
            }
        }
        tx.commit().await?;
        self.refresh_snapshot().await?;
        in_order(&mut keys);
        Ok(Load { names: members.into_iter().map(|member| (member.id, member.name)).collect(), team, keys })
    }

    async fn read_load(&self, team: Team) -> Result<Load, ServiceError> {
        let mut c = self.store.reader().await?;
        let mut keys = storage::api_keys::list_unrevoked(&mut c, team.id, None).await?;
        in_order(&mut keys);
        let ids: Vec<String> = keys.iter().map(|key| key.user.to_string()).collect();
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let names = storage::usage::find_member_names(&mut c, storage::usage::UsageScope::Team(team.id), &ids).await?;
        let names = names.into_iter().filter_map(|(id, named)| UserId::parse(&id).map(|id| (id, named.name))).collect();
        Ok(Load { team, keys, names })
    }
}

fn key(past: &Services, real: &Services, team: &Team, member: &User, name: &str, at: UnixMs) -> (ApiKey, String) {
    let secret = make_secret("tg_", real.random.bytes());
    let (prefix, suffix) = shown_parts(&secret);
    let key = ApiKey {
        id: past.random.id_at(at),
        team: team.id,
        user: member.id,
        kind: KeyKind::Person,
        name: name.into(),
        prefix,
        suffix,
        expires_at: None,
        revoked_at: None,
        old_secret_until: None,
        created_at: at,
        last_used_at: None,
    };
    (key, sha256_hex(&secret))
}

/// The same order in each run, with the keys of a member side by side.
fn in_order(keys: &mut [ApiKey]) {
    keys.sort_by_key(|key| (key.user, key.name.clone()));
}

/// Who calls.
pub(super) struct Load {
    pub(super) team: Team,
    pub(super) keys: Vec<ApiKey>,
    pub(super) names: std::collections::HashMap<UserId, String>,
}

/// The member who goes wild, by number, and the first of the days. One of those who call about as often as others, lately.
pub(super) fn wild(seed: u64, members: u64) -> (u64, i64) {
    let mut dice = Dice::new(seed ^ 0x5EED);
    let member = members / 5 + dice.below(members / 2);
    (member, SPAN_DAYS - WILD.1 - dice.below(3).cast_signed())
}

pub(super) struct Days<'l> {
    pub(super) seed: u64,
    pub(super) calls: u64,
    pub(super) now: UnixMs,
    pub(super) load: &'l Load,
    pub(super) callers: &'l Callers,
}

impl Days<'_> {
    /// How many calls there are before a day: exactly all of them before the one after the last.
    fn before(&self, day: i64) -> u64 {
        let weight = |day: i64| if self.start(day).weekday() >= 5 { 0.35 } else { 1.0 };
        let of_all: f64 = (0..SPAN_DAYS).map(weight).sum();
        let until: f64 = (0..day).map(weight).sum();
        if day >= SPAN_DAYS { self.calls } else { (self.calls as f64 * until / of_all) as u64 }
    }

    pub(super) fn start(&self, day: i64) -> UnixMs {
        self.now.floor_to(DAY_MS).plus(-(SPAN_DAYS - day) * DAY_MS)
    }

    /// The calls of a day, in the order of their admission.
    pub(super) fn events(&self, day: i64) -> Vec<UsageEvent> {
        let mut dice = Dice::new(self.seed ^ day.unsigned_abs().wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let count = self.before(day + 1) - self.before(day);
        let mut events: Vec<UsageEvent> = (0..count).map(|_| self.event(day, &mut dice)).collect();
        events.sort_unstable_by_key(|event| (event.call.at, event.call.id));
        events
    }

    fn event(&self, day: i64, dice: &mut Dice) -> UsageEvent {
        // Some call a few times as much as others, and some of all calls are those of who goes wild.
        let members = (self.load.keys.len() / 2) as u64;
        let (who, first) = wild(self.seed, members);
        let goes_wild = (first..first + WILD.1).contains(&day) && dice.happens(WILD.0 / members as f64);
        let member = if goes_wild { who } else { ((dice.share() + dice.share() * dice.share()) * 0.5 * members as f64) as u64 };
        let place = (member * 2 + u64::from(dice.happens(0.3))).min(self.load.keys.len() as u64 - 1);
        let key = &self.load.keys[usize::try_from(place).unwrap_or(0)];
        // Everybody has three models of their own liking.
        let model = ((member * 7 + dice.below(3) * 5) % MODELS.len() as u64) as usize;
        let hour = 6.0 + (dice.share() + dice.share() + dice.share()) * 5.0;
        let at = self.start(day).plus((hour * HOUR_MS as f64) as i64);
        let (view, cast) = (&self.callers.models[model], &MODELS[model]);
        let price = |price: Option<Price>| price.unwrap_or_default().0;
        let stream = dice.happens(0.6);
        let call = CallFacts {
            id: CallId::new(at, dice.bytes()),
            at,
            team: self.load.team.id,
            team_name: self.load.team.name.clone(),
            organization: self.load.team.organization,
            user: key.user,
            user_name: self.load.names.get(&key.user).cloned().unwrap_or_default(),
            key: Some(key.id),
            key_name: key.name.clone(),
            test: false,
            model: Some(view.id),
            model_name: view.name.clone(),
            endpoint: if dice.happens(0.8) { "chat/completions" } else { "responses" }.into(),
            stream,
            input_price: price(view.prices.input),
            cached_price: price(view.prices.cached),
            output_price: price(view.prices.output),
            discount_bp: 0,
            billed: false,
            prompt_estimate: 0,
            grant: None,
            team_grant: None,
            reserve: NanoUsd(i64::MAX),
        };
        let (outcome, status, code) = match dice.share() {
            ..0.012 => (Outcome::Refused, 429, "rate_limit_exceeded"),
            ..0.020 => (Outcome::UpstreamError, 502, "upstream_error"),
            ..0.022 => (Outcome::UpstreamTimeout, 504, "upstream_timeout"),
            ..0.026 => (Outcome::UpstreamRejected, 400, "invalid_request"),
            ..0.034 => (Outcome::Cancelled, 200, ""),
            _ => (Outcome::Completed, 200, ""),
        };
        let (prompt, completion, first, per_token) = cast.usual;
        let answered = matches!(outcome, Outcome::Completed | Outcome::Cancelled);
        let prompt = dice.around(prompt).clamp(20.0, 100_000.0) as u64;
        let completion = dice.around(completion).clamp(0.0, 8_000.0) as u64;
        let cached = if dice.happens(0.4) { prompt / 2 } else { 0 };
        let first_ms = dice.around(first) as i64;
        let full_ms = first_ms + (dice.around(per_token) * completion as f64) as i64;
        let tokens = if answered { Tokens { prompt, cached, completion } } else { Tokens::default() };
        let (cost, list_cost) = charge(&call, tokens);
        let refused = outcome == Outcome::Refused;
        let provider = (!refused).then(|| &self.callers.providers[cast.provider]);
        let end = CallEnd {
            outcome,
            status,
            code: code.into(),
            tokens,
            estimated: outcome == Outcome::Cancelled,
            provider: provider.map(|provider| provider.id),
            provider_name: provider.map(|provider| provider.name.clone()).unwrap_or_default(),
            attempts: u32::from(!refused),
            upstream_ms: (!refused).then(|| ended::queued_ms(&call, first_ms)),
            first_token_ms: answered.then_some(first_ms),
            latency_ms: if refused { 1 } else { full_ms },
            cost,
            list_cost,
            loss: NanoUsd(0),
            message: ended::told(&call, outcome, code),
        };
        UsageEvent { call, end }
    }
}
