//! A ranking in words.

use std::collections::HashMap;

use super::{RankAction, RankBudget, RankLine, RankMark, RankSort, RankingView};
use crate::{
    domain::{
        address::encode,
        format,
        money::NanoUsd,
        roles::Action,
        teams::TeamKind,
        time::UnixMs,
        usage_asked::{UsageAsked, UsageGroup, UsagePlace},
        usage_filter::Dimension,
        usage_statistics::{RankBy, Ranked},
    },
    server_fns::{
        overview::meters::percent,
        statistics::ChoiceLink,
        usage::asked::{of, parse},
    },
    service::{
        Caller, ServiceError, Services,
        figures::{FAILING_BP, change_of, sparkline},
        usage::{
            asked::parse_order,
            marks::{Trends, UsageMark},
        },
    },
};

/// Rows of the card; the file has all of them.
const SHOWN: usize = 50;
/// What a ranking can be of: word of the address, title, noun, what is ranked.
const KINDS: [Kind; 4] = [
    ("member", "Member ranking", "Member", UsageGroup::Of(Dimension::Member)),
    ("team", "Team ranking", "Team", UsageGroup::Team),
    ("key", "Key ranking", "Key", UsageGroup::Of(Dimension::Key)),
    ("model", "Model ranking", "Model", UsageGroup::Of(Dimension::Model)),
];
type Kind = (&'static str, &'static str, &'static str, UsageGroup);
const MEMBERS: UsageGroup = UsageGroup::Of(Dimension::Member);
const KEYS: UsageGroup = UsageGroup::Of(Dimension::Key);
const MODELS: UsageGroup = UsageGroup::Of(Dimension::Model);
/// Columns that sort.
const SORTS: [(RankBy, &str, &str); 4] = [
    (RankBy::Cost, "Spend", "spend"),
    (RankBy::Requests, "Requests", "requests"),
    (RankBy::Tokens, "Tokens in / out", "tokens"),
    (RankBy::Errors, "Errors", "errors"),
];

/// What a reader may do with the rows.
#[derive(Default)]
struct Reader {
    team: String,
    personal: bool,
    everyones: bool,
    limits: bool,
    roles: bool,
    keys: bool,
    budgets: HashMap<String, (i64, i64)>,
    left: HashMap<String, UnixMs>,
}

/// A ranking and what its rows are made with.
struct Drawn<'a> {
    place: &'a UsagePlace,
    asked: &'a UsageAsked,
    by: UsageGroup,
    order: RankBy,
    now: UnixMs,
    reader: Reader,
    trends: Trends,
}

pub(super) async fn load(
    services: &Services,
    caller: &Caller,
    place: &UsagePlace,
    asked: &UsageAsked,
) -> Result<RankingView, ServiceError> {
    let mut reader = find_reader(services, caller, place).await?;
    let teams = !matches!(place, UsagePlace::Team(_));
    let kinds =
        KINDS.iter().filter(|(_, _, _, by)| if *by == UsageGroup::Team { teams } else { !reader.personal || *by != MEMBERS });
    let kinds: Vec<_> = kinds.collect();
    let chosen = kinds.iter().find(|(word, ..)| *word == asked.rank).or(kinds.first());
    let Some((word, title, noun, by)) = chosen.map(|kind| **kind) else { return Err(ServiceError::NotFound) };
    let first = kinds.first().map_or("", |kind| kind.0);
    let link = |(each, _, noun, _): &&Kind| ChoiceLink {
        label: format!("{noun}s"),
        href: asked.with("rank", if *each == first { "" } else { each }).address(place),
        here: *each == word,
    };
    let mut view = RankingView {
        title: title.to_owned(),
        noun: noun.to_owned(),
        switch: kinds.iter().map(link).collect(),
        ..RankingView::default()
    };
    let (order, query) = match (parse_order(asked), parse(services, caller, place, asked.clone()).await) {
        (Ok(order), Ok(query)) => (order, query),
        (_, Err(ServiceError::Invalid(_))) | (Err(_), Ok(_)) => return Ok(RankingView { hidden: true, ..view }),
        (_, Err(error)) => return Err(error),
    };
    let (rows, trends) = match services.usage_ranking_with_trends(caller, of(place), by, order, &query).await {
        Err(ServiceError::Denied(_)) => {
            view.refused =
                "The owner and the admins see who used what. They can open this ranking to members in the settings.".into();
            return Ok(view);
        }
        ranked => ranked?,
    };
    if by == MEMBERS && reader.everyones && !reader.team.is_empty() {
        reader.budgets = services.list_member_budgets(caller, &reader.team).await?;
        if rows.iter().any(|row| row.gone) {
            reader.left = services.list_left_members(caller, &reader.team).await?;
        }
    }
    view.masked = by == MEMBERS && !reader.everyones;
    view.has_budgets = !reader.budgets.is_empty();
    view.has_trends = trends.costs.values().any(|days| days.len() > 1);
    let (found, words) = (rows.len(), SORTS.iter().find(|(each, ..)| *each == order).map_or("spend", |sort| sort.2));
    let plural = if found == 1 { "" } else { "s" };
    let shown = if found > SHOWN { format!("{SHOWN} of {found}") } else { found.to_string() };
    view.summary = format!("{shown} {}{plural}, by {words}", noun.to_lowercase());
    let sort = |(each, label, _): &(RankBy, &str, &str)| RankSort {
        label: (*label).to_owned(),
        href: asked.with("order_by", if *each == RankBy::Cost { "" } else { each.as_str() }).address(place),
        here: *each == order,
    };
    view.sorts = SORTS.iter().map(sort).collect();
    if found > 0 && !view.masked {
        let mut file = asked.with("group_by", by.as_str()).with("zone", query.zone.name());
        // The API takes milliseconds only.
        if file.range.is_empty() {
            file = file.between(query.range.from.0, query.range.to.0);
        }
        for name in ["metric", "rank", "bucket"] {
            file = file.with(name, "");
        }
        view.csv = place.api("usage/ranking.csv") + &file.query();
    }
    let drawn = Drawn { place, asked, by, order, now: services.clock.now(), reader, trends };
    // One's own row is there, wherever it stands.
    let shown = rows.iter().enumerate().filter(|(at, row)| *at < SHOWN || row.own);
    view.rows = shown.map(|(_, row)| drawn.line(row)).collect();
    Ok(view)
}

async fn find_reader(services: &Services, caller: &Caller, place: &UsagePlace) -> Result<Reader, ServiceError> {
    let UsagePlace::Team(team) = place else {
        return Ok(Reader { everyones: true, ..Reader::default() });
    };
    let view = services.get_team(caller, team).await?;
    let personal = view.kind == TeamKind::Personal;
    let may = |action| view.standing.may(action) && !personal;
    Ok(Reader {
        everyones: view.standing.may(Action::ViewEveryonesUsage),
        limits: may(Action::ManageLimits),
        roles: may(Action::ManageMembers),
        keys: may(Action::ViewAnyKey),
        team: if personal { String::new() } else { view.slug },
        personal,
        ..Reader::default()
    })
}

impl Drawn<'_> {
    fn line(&self, row: &Ranked) -> RankLine {
        let sums = &row.sums;
        let known = !row.id.is_empty() || self.by != MEMBERS;
        let success = sums.success_rate_bp();
        RankLine {
            place: row.place.to_string(),
            member: if self.by == MEMBERS { row.id.clone() } else { String::new() },
            name: if row.name.is_empty() { format!("Unknown {}", self.by.as_str()) } else { row.name.clone() },
            href: self.href(row),
            you: row.own,
            gone: self.gone(row),
            spend: format::money(NanoUsd(sums.cost)),
            spend_title: format!("${}", NanoUsd(sums.cost).plain()),
            share: row.share_bp.map(|bp| format!("{}%", (bp + 50) / 100)).unwrap_or_default(),
            change: change_of(self.order, row),
            requests: format::count(sums.requests),
            requests_title: format::grouped(sums.requests.unsigned_abs()),
            tokens_in: format::count(sums.prompt_tokens),
            tokens_out: format::count(sums.completion_tokens),
            errors: format::count(sums.failed.saturating_add(sums.refused)),
            success: success.map(format::percent_bp).unwrap_or_default(),
            failing: success.is_some_and(|bp| bp < FAILING_BP),
            budget: self.reader.budgets.get(&row.id).filter(|_| known).map(|(spent, budget)| RankBudget {
                percent: percent(*spent, *budget),
                title: format!("{} of {}", format::money(NanoUsd(*spent)), format::money(NanoUsd(*budget))),
            }),
            spark: self.trends.costs.get(&row.id).filter(|_| known).and_then(|days| {
                let days: Vec<Option<i64>> = days.iter().copied().map(Some).collect();
                sparkline(&days)
            }),
            mark: self.mark(row),
            actions: self.actions(row),
        }
    }

    /// The page with only this one's calls.
    fn href(&self, row: &Ranked) -> String {
        match self.by {
            _ if row.id.is_empty() => String::new(),
            // A deleted team has no pages.
            UsageGroup::Team if row.gone => String::new(),
            UsageGroup::Team => self.asked.with("rank", "").with("group_by", "").address(&UsagePlace::Team(row.id.clone())),
            UsageGroup::Of(by) => self.asked.with(by.as_str(), &row.id).address(self.place),
        }
    }

    fn gone(&self, row: &Ranked) -> String {
        match (row.gone, self.by, self.reader.left.get(&row.id)) {
            (false, ..) => String::new(),
            (true, MEMBERS, Some(at)) => format!("Left {}", format::short_date(*at, self.now)),
            (true, MEMBERS, None) => "Left".to_owned(),
            (true, UsageGroup::Team, _) => "Deleted".to_owned(),
            (true, ..) => "Revoked".to_owned(),
        }
    }

    /// The dearest of the days that stand out.
    fn mark(&self, row: &Ranked) -> Option<RankMark> {
        let marks = self.trends.marks.iter().filter(|mark| mark.member == row.id && !row.id.is_empty());
        let mark: &UsageMark = marks.max_by_key(|mark| mark.value)?;
        let day = self.asked.with("member", &row.id).between(mark.from.0, mark.to.0);
        let href = if self.logs() { day.logs(self.place) } else { day.address(self.place) };
        Some(RankMark { words: mark.sentence(self.now), href })
    }

    /// Single calls are shown of teams.
    fn logs(&self) -> bool {
        matches!(self.place, UsagePlace::Team(_))
    }

    fn actions(&self, row: &Ranked) -> Vec<(RankAction, String)> {
        let mut actions = vec![];
        if !self.logs() || row.id.is_empty() {
            return actions;
        }
        let (team, reader) = (&self.reader.team, &self.reader);
        if self.by == MEMBERS && !team.is_empty() && !row.gone {
            let team = encode(team);
            if reader.limits {
                actions.push((RankAction::Limit, format!("/t/{team}/quotas?tab=members&dialog=cap&id={}", encode(&row.id))));
            }
            if reader.roles {
                actions.push((RankAction::Role, format!("/t/{team}/members?q={}", encode(&row.name))));
            }
        }
        if self.by == MEMBERS && reader.keys {
            actions.push((RankAction::Keys, format!("/t/{}/keys?q={}", encode(team), encode(&row.name))));
        }
        if self.by == MODELS || self.reader.everyones || row.own || self.by == KEYS {
            actions.push((RankAction::Logs, self.asked.with(self.by.as_str(), &row.id).logs(self.place)));
        }
        actions
    }
}
