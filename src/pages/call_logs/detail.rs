//! One call: what happened, when, and what it cost.

use leptos::prelude::*;
use leptos_router::hooks::{use_location, use_params_map};

use super::table::status;
use crate::{
    components::{CopyButton, Icon, PageHead, SkeletonTable},
    pages::{context_param, data::PageData},
    server_fns::call_logs::{CallFact, CallPage as Call, CallPhase, GetCall, PriceLine},
};

#[component]
pub fn CallPage() -> impl IntoView {
    let (team, params, location) = (context_param(), use_params_map(), use_location());
    let call = Memo::new(move |_| params.read().get("call").unwrap_or_default());
    let page = PageData::load(move || GetCall { team: team.get(), call: call.get(), asked: location.search.get() });
    page.page(|| view! { <div class="card"><SkeletonTable rows=8/></div> }.into_any(), content)
}

fn content(call: Call) -> AnyView {
    let facts = call.facts.into_iter().map(fact).collect_view();
    let timeline = timeline(call.phases, &call.total);
    let related =
        call.related.into_iter().map(|(label, href)| view! { <li><a class="link" href=href>{label}</a></li> }).collect_view();
    let title = call.at_utc.clone();
    let said = (!call.said.is_empty()).then(|| view! { <p class="call-said">"The client was told: " <q>{call.said}</q></p> });
    view! {
        <PageHead title="Call" context=call.context>
            <a class="btn" href=call.back><Icon name="chevl" class="i-14"/>"Call logs"</a>
        </PageHead>
        <section class="card call-head" aria-label="What happened">
            <div class="call-ended">{status(call.status, &call.word, &call.tone, &call.icon, call.error)}</div>
            <div class="grow">
                <p>{call.meaning}</p>
                {said}
            </div>
            <p class="call-at"><time datetime=call.rfc3339 title=title>{call.at}</time></p>
            <p class="call-id"><code class="mono">{call.id.clone()}</code><CopyButton text=Signal::stored(call.id) label="Copy call id" class="sm"/></p>
        </section>
        <div class="grid g-2 mb">
            <section class="card pad" aria-labelledby="call-facts">
                <h2 id="call-facts">"Who and what"</h2>
                <dl class="facts">{facts}</dl>
            </section>
            <div>
                {timeline}
                <section class="card pad" aria-labelledby="call-price">
                    <h2 id="call-price">"Price"</h2>
                    {prices(call.prices)}
                    {sums(call.sums)}
                    <p class="hint">{call.price_note}</p>
                </section>
            </div>
        </div>
        <section class="card pad" aria-labelledby="call-related">
            <h2 id="call-related">"Around it"</h2>
            <ul class="links">{related}</ul>
            <p class="hint">"Prompts and answers are not stored."</p>
        </section>
    }
    .into_any()
}

fn fact(fact: CallFact) -> AnyView {
    let class = if fact.code { "mono" } else { "" };
    let value = if fact.href.is_empty() {
        view! { <span class=class>{fact.value}</span> }.into_any()
    } else {
        view! { <a class=format!("link {class}") href=fact.href>{fact.value}</a> }.into_any()
    };
    view! { <div><dt>{fact.label}</dt><dd>{value}</dd></div> }.into_any()
}

fn timeline(phases: Vec<CallPhase>, total: &str) -> Option<AnyView> {
    if phases.is_empty() {
        return None;
    }
    let parts = phases
        .iter()
        .map(|phase| {
            let style = format!("flex-grow:{}", phase.share_bp.max(60));
            view! { <i class=phase.kind.clone() style=style></i> }
        })
        .collect_view();
    let rows = phases
        .into_iter()
        .map(|phase| view! { <li><i class=phase.kind aria-hidden="true"></i><span class="grow">{phase.label}</span><b class="num">{phase.value}</b></li> })
        .collect_view();
    Some(
        view! {
            <section class="card pad mb" aria-labelledby="call-time">
                <h2 id="call-time">"Time"</h2>
                <div class="call-line" aria-hidden="true">{parts}</div>
                <ol class="call-phases">
                    {rows}
                    <li class="sum"><span class="grow">"Admission to the last byte"</span><b class="num">{total.to_owned()}</b></li>
                </ol>
            </section>
        }
        .into_any(),
    )
}

fn prices(prices: Vec<PriceLine>) -> Option<AnyView> {
    if prices.is_empty() {
        return None;
    }
    let rows = prices
        .into_iter()
        .map(|line| {
            view! {
                <tr>
                    <th scope="row">{line.what}</th>
                    <td class="n">{line.tokens}</td>
                    <td class="n">{line.price}</td>
                    <td class="n">{line.amount}</td>
                </tr>
            }
        })
        .collect_view();
    Some(
        view! {
            <div class="tbl-wrap">
                <table class="tbl price">
                    <thead>
                        <tr>
                            <th scope="col"><span class="vh">"Tokens of"</span></th>
                            <th scope="col" class="n">"Tokens"</th>
                            <th scope="col" class="n">"Per million"</th>
                            <th scope="col" class="n">"Amount"</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        }
        .into_any(),
    )
}

fn sums(sums: Vec<(String, String, bool)>) -> AnyView {
    let rows = sums
        .into_iter()
        .map(|(label, amount, charged)| view! { <div class=charged.then_some("total")><dt>{label}</dt><dd class="num">{amount}</dd></div> })
        .collect_view();
    view! { <dl class="facts sums">{rows}</dl> }.into_any()
}
