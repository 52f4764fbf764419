use leptos::prelude::*;

use super::Query;
use crate::{
    components::{Badge, Count, Empty, Icon, Opt, Pager, PickBox, StackTable, head, noscroll},
    domain::catalog::{Modality, ModelState, Tier},
    server_fns::organization_models::{OrganizationModelLine, OrganizationModelsPage as Models, models_address},
};

/// States, their words, and what stands for them: class and icon.
const STATES: [(ModelState, &str, &str, &str); 3] = [
    (ModelState::Open, "Open", "ok", "okc"),
    (ModelState::Approval, "Approval", "wa", "ask"),
    (ModelState::Closed, "Closed", "no", "lock"),
];

/// The models that were found, by tier, with the filters above them.
pub(super) fn of(page: &Models, query: &Query) -> AnyView {
    let older = page.next.as_ref().map(|cursor| query.address(cursor));
    let newer = (!query.asked.cursor.is_empty()).then(|| query.address(""));
    let list = if page.rows.is_empty() {
        let (title, text) = if page.filtered {
            ("No model matches", "No model of the catalog fits all of the filters.")
        } else {
            ("No models yet", "Models come into the catalog by a platform admin, and here with them.")
        };
        view! { <Empty title=title text=text/> }.into_any()
    } else {
        let rows = groups(page, query);
        let heads = vec![
            head("Model", ""),
            head("In / out per 1M", "n"),
            head("State", ""),
            head("Teams with it", "n"),
            head("Using it", "n"),
        ];
        view! {
            <StackTable heads=heads rows=rows class="mod"/>
            <Pager summary=page.found.clone() newer=newer older=older/>
        }
        .into_any()
    };
    view! {
        <section class="card models" aria-labelledby="models-h">
            <header>
                <h2 id="models-h">"Asset set"</h2>
                <Count text=page.found.clone()/>
                {bulk(page, query)}
            </header>
            {filters(page, query)}
            {list}
        </section>
    }
    .into_any()
}

/// Sets all that were found at once.
fn bulk(page: &Models, query: &Query) -> Option<AnyView> {
    if !page.bulk {
        return None;
    }
    let links = STATES
        .into_iter()
        .map(|(state, label, ..)| {
            let href = query.change("", state.as_str());
            view! { <a class="btn sm" href=href.clone() {..noscroll()}>{label}</a> }
        })
        .collect_view();
    let words = if page.filtered { format!("Set these {}", page.found) } else { format!("Set all {}", page.found) };
    Some(view! { <div class="end bulk"><span class="mute">{words}</span>{links}</div> }.into_any())
}

fn filters(page: &Models, query: &Query) -> AnyView {
    let asked = &query.asked;
    let any = || Opt::new("", "Any");
    let tiers = std::iter::once(any()).chain(Tier::ALL.into_iter().map(|tier| Opt::new(tier.as_str(), tier.label()))).collect();
    let modalities =
        std::iter::once(any()).chain(Modality::ALL.into_iter().map(|kind| Opt::new(kind.as_str(), kind.as_str()))).collect();
    let states = vec![
        any(),
        Opt::new("open", "Open"),
        Opt::new("approval", "Approval"),
        Opt::new("closed", "Closed"),
        Opt::new("review", "To review"),
    ];
    let groups = (!page.groups.is_empty()).then(|| {
        let groups = page.groups.iter().map(|(id, name)| Opt::new(id.clone(), name.clone()));
        let groups = std::iter::once(any()).chain(groups).collect();
        view! { <PickBox label="Group" name="group" choices=groups selected=asked.group.clone()/> }
    });
    let base = models_address(&query.org);
    let clear = page.filtered.then(|| view! { <a class="btn ghost" href=base.clone()>"Clear"</a> });
    view! {
        <form class="filters" method="get" action=base.clone() aria-label="Find models" role="search">
            <label class="in sm find">
                <Icon name="search" class="i-14"/>
                <input type="search" name="q" value=asked.text.clone() placeholder="Name" aria-label="Find a model"/>
            </label>
            <PickBox label="Tier" name="tier" choices=tiers selected=asked.tier.clone()/>
            <PickBox label="Modality" name="modality" choices=modalities selected=asked.modality.clone()/>
            {groups}
            <PickBox label="State" name="state" choices=states selected=asked.state.clone()/>
            <button class="btn" type="submit">"Find"</button>
            {clear}
        </form>
    }
    .into_any()
}

fn groups(page: &Models, query: &Query) -> AnyView {
    let mut tier = "";
    let mut rows = vec![];
    for line in &page.rows {
        if line.tier != tier {
            tier = &line.tier;
            let label = line.tier.clone();
            rows.push(view! { <tr class="grp" role="row"><td colspan="5" role="cell"><b>{label}</b></td></tr> }.into_any());
        }
        rows.push(row(line, query));
    }
    rows.into_any()
}

fn row(line: &OrganizationModelLine, query: &Query) -> AnyView {
    let restricted = line.restricted.then(|| view! { <Badge text="Restricted" tone="line" icon="lock"/> });
    let blocked = line.blocked.then(|| view! { <Badge text="To review" tone="acc"/> });
    let disabled = line.disabled.then(|| view! { <Badge text="Disabled"/> });
    let more = (!line.price_more.is_empty()).then(|| view! { " "<span class="mute">{line.price_more.clone()}</span> });
    let summary = [line.price.as_str(), &line.price_more].join(" ");
    let summary = format!("{}, teams with it: {}, using it: {}", summary.trim_end(), line.have, line.used);
    view! {
        <tr role="row" class=if line.disabled { "dim" } else { "" }>
            <td role="cell" class="lead">
                <span class="name">{line.name.clone()}" "{blocked}{restricted}{disabled}</span>
                <small>{line.kinds.clone()}</small>
            </td>
            <td role="cell" class="n drop">{line.price.clone()}{more}</td>
            <td role="cell" class="wide">{states(line, query)}</td>
            <td role="cell" class="n drop">{line.have.clone()}</td>
            <td role="cell" class="n drop" title=line.used_title.clone()>{line.used.clone()}</td>
            <td role="cell" class="meta only-m">{summary}</td>
        </tr>
    }
    .into_any()
}

/// The three states; another one than now is a link to what it would do.
fn states(line: &OrganizationModelLine, query: &Query) -> AnyView {
    let segments = STATES
        .into_iter()
        .map(|(state, label, class, icon)| {
            if state == line.state && !line.blocked {
                let class = format!("on {class}");
                return view! { <span class=class aria-current="true"><Icon name=icon class="i-12"/>{label}</span> }.into_any();
            }
            let href = query.change(&line.name, state.as_str());
            let name = format!("{label}: {}", line.name);
            view! { <a aria-label=name href=href.clone() {..noscroll()}>{label}</a> }.into_any()
        })
        .collect_view();
    let name = format!("State of {}", line.name);
    view! { <span class="seg tri" role="group" aria-label=name>{segments}</span> }.into_any()
}
