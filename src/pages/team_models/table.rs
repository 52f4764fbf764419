use leptos::prelude::*;

use super::{Query, rows};
use crate::{
    components::{Empty, Icon, Menu, Opt, Pager, PickBox, StackTable, actions_head, head, noscroll},
    domain::{authorization::TeamState, catalog::Tier, teams::AccessMode},
    pages::failure::encode,
    server_fns::team_models::{ModelLine, TeamModelsPage as Models, list_address},
};

/// So many models can be looked through without a search.
const FEW: usize = 12;

/// The models, by tier; for members what they can call before what they can ask for.
pub(super) fn list(page: Models, query: &Query) -> AnyView {
    let base = list_address(&query.team);
    let narrowed = !(query.text.is_empty() && query.tier.is_empty() && query.show.is_empty());
    let search = (narrowed || page.direct + page.approval + page.closed > FEW).then(|| filters(query, &base, narrowed));
    let body = if page.rows.is_empty() {
        empty(&page, &base, narrowed)
    } else {
        let groups = if page.may_manage { managed(&page, query) } else { usable(&page, query) };
        let heads = heads(&page);
        let class = if page.may_manage { "mod" } else { "mod own" };
        view! { <StackTable heads=heads rows=groups class=class/> }.into_any()
    };
    let keep = format!("q={}&tier={}&show={}", encode(&query.text), encode(&query.tier), encode(&query.show));
    let older = page.next.clone().map(|cursor| format!("{base}?{keep}&cursor={}", encode(&cursor)));
    let newer = (!query.cursor.is_empty()).then(|| format!("{base}?{keep}"));
    let pager = (narrowed || older.is_some() || newer.is_some())
        .then(|| view! { <Pager summary=summary(page.found, page.rows.len()) newer=newer older=older/> });
    let mode = page.may_manage.then(|| mode(page.mode, &base));
    let title = if page.may_manage { "Authorization" } else { "Your models" };
    view! {
        <section class="card models" aria-labelledby="models-h">
            <header>
                <h2 id="models-h">{title}</h2>
                {legend(&page, &base)}
                {mode}
            </header>
            {search}
            {body}
            {pager}
        </section>
    }
    .into_any()
}

fn summary(found: usize, shown: usize) -> String {
    match (found, shown) {
        (0, _) => "No model matches.".to_owned(),
        (1, _) => "1 model".to_owned(),
        (found, shown) if found == shown => format!("{found} models"),
        (found, shown) => format!("{shown} of {found} models"),
    }
}

fn empty(page: &Models, base: &str, narrowed: bool) -> AnyView {
    if narrowed {
        let all = base.to_owned();
        return view! {
            <Empty title="No model matches" text="Another name, tier or state may.">
                <a class="btn" href=all>"Show all models"</a>
            </Empty>
        }
        .into_any();
    }
    let title = if page.nothing.is_empty() { "No models yet".to_owned() } else { page.nothing.clone() };
    let text =
        if page.personal { "Choose a team to see what it can call." } else { "Its owner and admins decide what it can call." };
    view! { <Empty title=title text=text/> }.into_any()
}

fn heads(page: &Models) -> Vec<AnyView> {
    let mut heads = vec![head("Model", ""), head("In / out per 1M", "n")];
    if page.may_manage {
        heads.extend([head("Access", ""), head("Set by", ""), head("Spend, 28 d", "n")]);
    } else {
        heads.push(head("Access", ""));
    }
    heads.push(actions_head());
    heads
}

/// How many are in which state; each a way to see only those.
fn legend(page: &Models, base: &str) -> AnyView {
    let item = |count: usize, word: &'static str, show: &'static str, icon: &'static str| {
        let href = format!("{base}?show={show}");
        view! { <li class=show><a href=href><Icon name=icon class="i-14"/>{count}" "{word}</a></li> }
    };
    let closed = page.may_manage.then(|| item(page.closed, "closed", "closed", "lock"));
    view! {
        <ul class="legend not-m">
            {item(page.direct, "direct", "direct", "okc")}
            {item(page.approval, if page.may_manage { "by approval" } else { "on request" }, "approval", "ask")}
            {closed}
        </ul>
    }
    .into_any()
}

fn mode(mode: AccessMode, base: &str) -> AnyView {
    let segment = |of: AccessMode, label: &'static str| {
        if of == mode {
            view! { <span class="on" aria-current="true">{label}</span> }.into_any()
        } else {
            let href = format!("{base}?dialog=change&what=mode&to={}", of.as_str());
            view! { <a href=href.clone() {..noscroll()}>{label}</a> }.into_any()
        }
    };
    view! {
        <div class="end">
            <span class="mute" id="mode">"Mode"</span>
            <span class="seg" role="group" aria-labelledby="mode">
                {segment(AccessMode::Inherit, "Inherit")}
                {segment(AccessMode::Restrict, "Restrict")}
            </span>
        </div>
    }
    .into_any()
}

fn filters(query: &Query, base: &str, narrowed: bool) -> AnyView {
    let any = || Opt::new("", "Any");
    let tiers = std::iter::once(any()).chain(Tier::ALL.map(|tier| Opt::new(tier.as_str(), tier.label()))).collect();
    let states = [
        any(),
        Opt::new("direct", "Direct"),
        Opt::new("approval", "Approval"),
        Opt::new("closed", "Closed"),
        Opt::new("new", "New"),
    ];
    let clear = narrowed.then(|| view! { <a class="btn ghost" href=base.to_owned()>"Clear"</a> });
    view! {
        <form class="filters" method="get" action=base.to_owned() aria-label="Find models" role="search">
            <label class="in sm find">
                <Icon name="search" class="i-14"/>
                <input type="search" name="q" value=query.text.clone() placeholder="Model" aria-label="Find a model"/>
            </label>
            <PickBox label="Tier" name="tier" choices=tiers selected=query.tier.clone()/>
            <PickBox label="Access" name="show" choices=states.to_vec() selected=query.show.clone()/>
            <button class="btn" type="submit">"Find"</button>
            {clear}
        </form>
    }
    .into_any()
}

/// All models, a heading for each tier.
fn managed(page: &Models, query: &Query) -> AnyView {
    let groups = page.tiers.iter().map(|(tier, rule)| {
        let models: Vec<&ModelLine> = page.rows.iter().filter(|model| model.tier == *tier).collect();
        if models.is_empty() {
            return None;
        }
        let rows = models.into_iter().map(|model| rows::managed(model, page, query)).collect_view();
        let rule = (page.mode == AccessMode::Restrict).then(|| tier_rule(*tier, *rule, query));
        Some(view! {
            <tr class="grp" role="row">
                <td colspan="6" role="cell">
                    <span class="grp-line"><span><b>{tier.label()}</b>{tier_words(*tier)}</span>{rule}</span>
                </td>
            </tr>
            {rows}
        })
    });
    groups.collect_view().into_any()
}

fn tier_words(tier: Tier) -> &'static str {
    match tier {
        Tier::General => "For everyday work",
        Tier::HighPerformance => "Restricted by default, high cost",
        Tier::Specialized => "For one purpose",
    }
}

/// What the team says to models of a tier that nothing else names.
fn tier_rule(tier: Tier, rule: Option<TeamState>, query: &Query) -> AnyView {
    let base = list_address(&query.team);
    let link = |to: &'static str, label: &'static str, now: bool| {
        let check = now.then(|| view! { <span class="end"><Icon name="check"/></span> });
        if now {
            view! { <button type="button" disabled=true aria-current="true">{label}{check}</button> }.into_any()
        } else {
            let href = format!("{base}?dialog=change&what=tier&name={}&to={to}", tier.as_str());
            view! { <a href=href.clone() {..noscroll()}>{label}</a> }.into_any()
        }
    };
    let states = TeamState::ALL.map(|state| link(state.as_str(), rows::state_word(state), rule == Some(state)));
    let none = link("unset", "No rule", rule.is_none());
    let shown = match rule {
        Some(state) => format!("Rule: {}", rows::state_word(state)),
        None => "No rule".to_owned(),
    };
    let label = format!("{shown} for {} models. Change", tier.label());
    view! {
        <Menu
            id=format!("tier-{}", tier.as_str())
            label=label
            button_class="role pick"
            class="end"
            button=move || view! { {shown.clone()} <Icon name="chevd"/> }
        >
            <h3>"Models that nothing else names"</h3>
            {states.into_iter().collect_view()}
            {none}
        </Menu>
    }
    .into_any()
}

/// What the viewer can call, then what they can ask for.
fn usable(page: &Models, query: &Query) -> AnyView {
    let section = |title: &'static str, words: &'static str, callable: bool| {
        let models: Vec<&ModelLine> = page.rows.iter().filter(|model| model.callable == callable).collect();
        if models.is_empty() {
            return None;
        }
        let rows = models.into_iter().map(|model| rows::own(model, query)).collect_view();
        Some(view! {
            <tr class="grp" role="row">
                <td colspan="4" role="cell"><b>{title}</b>{words}</td>
            </tr>
            {rows}
        })
    };
    let direct = section("Yours to call", "With every key that is not limited", true);
    let asked = section("On request", "Somebody has to approve it first", false);
    view! { {direct} {asked} }.into_any()
}
