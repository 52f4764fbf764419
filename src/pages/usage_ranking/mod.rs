//! The card of a usage page that says who, or what, used most.

use leptos::prelude::*;

use crate::{
    components::{Avatar, Badge, Icon, Menu, Meter, SkeletonTable, SortHead, change_cell, success_cell},
    pages::data::PageData,
    server_fns::{
        usage::asked::{UsageAsked, UsagePlace},
        usage_ranking::{GetUsageRanking, RankAction, RankLine, RankMark, RankingView},
    },
};

/// The ranking of a place, as the page's address asks for it.
#[component]
pub fn RankingCard(place: Memo<UsagePlace>, asked: Memo<UsageAsked>) -> impl IntoView {
    let ranking = PageData::load(move || GetUsageRanking { place: place.read().word(), asked: asked.get() });
    // The page says what is wrong with the place; a card without it has nothing to add.
    ranking.part(
        || view! { <section class="card" aria-hidden="true"><SkeletonTable rows=6/></section> }.into_any(),
        |_| ().into_any(),
        card,
    )
}

fn card(view: RankingView) -> AnyView {
    if view.hidden {
        return ().into_any();
    }
    let switch = view.switch.iter().map(|link| {
        view! { <a href=link.href.clone() aria-current=link.here.then_some("true")>{link.label.clone()}</a> }
    });
    let switch = switch.collect_view();
    let csv = (!view.csv.is_empty()).then(|| {
        view! {
            <a class="btn sm" href=view.csv.clone() download="ranking.csv" rel="external"><Icon name="down"/>"CSV"</a>
        }
    });
    let masked = view.masked && view.refused.is_empty();
    let masked = masked.then(|| view! { <p class="note-line mute small">"The names of others are left out."</p> });
    let (title, summary) = (view.title.clone(), view.summary.clone());
    let body = if !view.refused.is_empty() {
        view! { <div class="body"><p class="mute">{view.refused}</p></div> }.into_any()
    } else if view.rows.is_empty() {
        view! { <div class="body"><p class="mute">"No calls in this range, nor in the one before."</p></div> }.into_any()
    } else {
        table(view)
    };
    view! {
        <section class="card ranking" aria-labelledby="ranking-h">
            <header>
                <h2 id="ranking-h">{title}</h2>
                <p>{summary}</p>
                <div class="end">
                    {csv}
                    <nav class="seg" aria-label="Rank">{switch}</nav>
                </div>
            </header>
            {masked}
            {body}
        </section>
    }
    .into_any()
}

fn table(view: RankingView) -> AnyView {
    let sort = |place: usize| {
        let Some(sort) = view.sorts.get(place).cloned() else { return ().into_any() };
        if sort.here {
            view! { <SortHead label=sort.label href=sort.href sorted="descending" class="n"/> }.into_any()
        } else {
            view! { <SortHead label=sort.label href=sort.href class="n"/> }.into_any()
        }
    };
    let (budgets, trends) = (view.has_budgets, view.has_trends);
    let heads = view! {
        <tr>
            <th scope="col" class="place not-m"><span class="vh">"Place"</span><span aria-hidden="true">"#"</span></th>
            <th scope="col" class="lead">{view.noun.clone()}</th>
            {sort(0)}
            <th scope="col" class="n">"Share"</th>
            <th scope="col" class="n">"Change"</th>
            {sort(1)}
            {sort(2)}
            {sort(3)}
            <th scope="col" class="n">"Success"</th>
            {budgets.then(|| view! { <th scope="col">"Budget"</th> })}
            {trends.then(|| view! { <th scope="col">"Trend"</th> })}
            <th scope="col"><span class="vh">"Actions"</span></th>
        </tr>
    }
    .into_any();
    let rows = view.rows.into_iter().map(|line| row(line, budgets, trends)).collect_view();
    view! {
        <div class="tbl-wrap" tabindex="0" role="region" aria-labelledby="ranking-h">
            <table class="tbl" aria-labelledby="ranking-h">
                <thead>{heads}</thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}

fn row(line: RankLine, budgets: bool, trends: bool) -> AnyView {
    let class = if line.gone.is_empty() { "" } else { "dim" };
    let menu = menu(&line);
    let budget = budgets.then(|| match line.budget.clone() {
        Some(budget) => view! {
            <td class="num">
                <div class="bars"><Meter label=format!("{}, budget", line.name) percent=budget.percent/><span title=budget.title>{budget.percent}"%"</span></div>
            </td>
        }
        .into_any(),
        None => view! { <td class="mute">"No budget"</td> }.into_any(),
    });
    let odd = line.mark.is_some();
    let trend = trends.then(|| view! { <td class="trend">{spark(line.spark.clone(), odd)}</td> });
    let success = success_cell(line.success.clone(), line.failing);
    let share = if line.share.is_empty() { "–".to_owned() } else { line.share.clone() };
    let change = change_cell(line.change.clone());
    view! {
        <tr class=class>
            <td class="place mute not-m">{line.place.clone()}</td>
            <td class="lead">{who(&line)}</td>
            <td class="n strong" title=line.spend_title>{line.spend}</td>
            <td class="n mute">{share}</td>
            <td class="n change">{change}</td>
            <td class="n" title=line.requests_title>{line.requests}</td>
            <td class="n">{line.tokens_in}<span class="mute">" / "{line.tokens_out}</span></td>
            <td class="n">{line.errors}</td>
            <td class="n">{success}</td>
            {budget}
            {trend}
            <td class="act">{menu}</td>
        </tr>
    }
    .into_any()
}

fn who(line: &RankLine) -> AnyView {
    let avatar = (!line.member.is_empty()).then(|| view! { <Avatar name=line.name.clone() id=line.member.clone() size="sm"/> });
    let name = if line.href.is_empty() {
        view! { <b class="trunc" title=line.name.clone()>{line.name.clone()}</b> }.into_any()
    } else {
        view! { <a class="name trunc" href=line.href.clone() title=line.name.clone()>{line.name.clone()}</a> }.into_any()
    };
    let you = line.you.then(|| view! { <span class="you">" (you)"</span> });
    let gone = (!line.gone.is_empty()).then(|| view! { <small>{line.gone.clone()}</small> });
    let mark = line.mark.clone().map(unusual);
    view! { <span class="who">{avatar}<span class="named">{name}{you}{gone}{mark}</span></span> }.into_any()
}

/// Leads to the calls that made the day stand out.
fn unusual(mark: RankMark) -> AnyView {
    let label = format!("Unusual: {}. See the calls", mark.words);
    view! { <a class="unusual" href=mark.href title=mark.words aria-label=label><Badge text="Unusual" tone="warn" icon="trend"/></a> }
        .into_any()
}

fn spark(spark: Option<(String, String)>, odd: bool) -> AnyView {
    let Some((line, area)) = spark else { return ().into_any() };
    let class = if odd { "spark odd" } else { "spark" };
    view! {
        <svg class=class viewBox="0 0 200 34" preserveAspectRatio="none" aria-hidden="true">
            <path class="a" d=area></path>
            <path d=line></path>
        </svg>
    }
    .into_any()
}

fn menu(line: &RankLine) -> AnyView {
    if line.actions.is_empty() {
        return ().into_any();
    }
    let links = line.actions.iter().map(|(action, href)| {
        let (icon, label) = match action {
            RankAction::Limit => ("gauge", "Set limit"),
            RankAction::Role => ("user", "Change role"),
            RankAction::Keys => ("key", "Keys"),
            RankAction::Logs => ("logs", "Calls"),
        };
        view! { <a href=href.clone()><Icon name=icon/>{label}</a> }
    });
    let links = links.collect_view();
    view! {
        <Menu
            id=format!("rank-{}", line.place)
            label=format!("Actions for {}", line.name)
            class="end"
            button=|| view! { <Icon name="dots"/> }
        >
            {links}
        </Menu>
    }
    .into_any()
}
