//! `/t/{team}/models/explain`: whether a call would go through, with every rule that it passes or hits, in order. A plain GET form.

use leptos::prelude::*;

use crate::{
    components::{Badge, Button, Field, Icon, Note, NoteKind, Opt, PageHead, Select, SkeletonTable},
    domain::authorization::RuleOutcome,
    pages::{context_address, context_param, data::PageData, query_param},
    server_fns::explain::{ExplainPage as Page, ExplainView, GetExplanation, RuleLine},
};

#[component]
pub fn ExplainPage() -> impl IntoView {
    let team = context_param();
    let (who, model, tokens) = (query_param("who"), query_param("model"), query_param("tokens"));
    let page =
        PageData::load(move || GetExplanation { team: team.get(), who: who.get(), model: model.get(), tokens: tokens.get() });
    page.page(
        || view! { <section class="card"><SkeletonTable rows=6/></section> }.into_any(),
        move |page| content(page, &team.get_untracked(), model.get_untracked(), tokens.get_untracked()),
    )
}

fn content(page: Page, team: &str, model: String, tokens: String) -> AnyView {
    let context = if page.personal { "Personal".to_owned() } else { page.context.clone() };
    let answer = page.view.clone().map(answer);
    view! {
        <PageHead title="Explain access" context=context lead="Whether a call would go through, rule by rule, as the gateway decides it."/>
        <div class="grid">
            {question(page, team, model, tokens)}
            {answer}
        </div>
    }
    .into_any()
}

fn question(page: Page, team: &str, model: String, tokens: String) -> AnyView {
    let mut choices: Vec<Opt> = page.subjects.iter().map(|subject| Opt::new(&subject.value, &subject.label)).collect();
    // Reached from its own row, and too far down in the list.
    if !choices.iter().any(|choice| choice.value == page.who) && !page.who.is_empty() {
        choices.push(Opt::new(&page.who, "The one that was asked about"));
    }
    let models = page.models.iter().map(|name| view! { <option value=name.clone()></option> }).collect_view();
    view! {
        <form class="card" method="get" action=context_address(team, "models/explain") aria-label="Call to explain">
            <div class="body form">
                <div class="three">
                    <Select label="Who calls" name="who" choices=choices selected=page.who/>
                    <div class="field">
                        <span class="label"><label for="explain-model">"Model"</label></span>
                        <div class="in">
                            <input
                                id="explain-model"
                                name="model"
                                value=model
                                list="explain-models"
                                required=true
                                autocomplete="off"
                                spellcheck="false"
                            />
                        </div>
                        <p class="hint">"As a call names it, or an alias."</p>
                        <datalist id="explain-models">{models}</datalist>
                    </div>
                    <Field label="Estimated tokens" name="tokens" value=tokens kind="number" min="0" inputmode="numeric" optional=true/>
                </div>
            </div>
            <footer><Button label="Explain" class="primary"/></footer>
        </form>
    }
    .into_any()
}

fn answer(view: ExplainView) -> AnyView {
    let kind = match (view.allowed, view.code.as_str()) {
        (true, _) => NoteKind::Ok,
        (false, "model_requires_approval") => NoteKind::Warn,
        (false, _) => NoteKind::Danger,
    };
    let request = (!view.request.is_empty()).then(|| view! { <a class="btn sm" href=view.request>"Request access"</a> });
    let rules = view.rules.into_iter().map(rule).collect_view();
    let limits = if view.limits.is_empty() {
        view! { <p class="mute small">"No limit is set."</p> }.into_any()
    } else {
        view! { <ul class="facts">{view.limits.into_iter().map(|limit| view! { <li><Icon name="gauge"/>{limit}</li> }).collect_view()}</ul> }
            .into_any()
    };
    view! {
        <Note kind=kind title=view.verdict text=view.advice>{request}</Note>
        <section class="card" aria-labelledby="rules-h">
            <header><h2 id="rules-h">"Rules, in order"</h2></header>
            <div class="body"><ol class="rules">{rules}</ol></div>
        </section>
        <section class="card" aria-labelledby="limits-h">
            <header><h2 id="limits-h">"Limits"</h2></header>
            <div class="body">{limits}</div>
        </section>
    }
    .into_any()
}

fn rule(line: RuleLine) -> AnyView {
    let (icon, class) = match line.outcome {
        RuleOutcome::Passed | RuleOutcome::Granted => ("okc", "okc"),
        RuleOutcome::NeedsGrant => ("clock", "warnc"),
        RuleOutcome::Refused => ("x", "dangerc"),
    };
    let badge = match line.outcome {
        RuleOutcome::Passed => None,
        RuleOutcome::Granted => Some(view! { <Badge text="By a grant" tone="ok" icon="check"/> }),
        RuleOutcome::NeedsGrant => Some(view! { <Badge text="Needs approval" tone="warn" icon="clock"/> }),
        RuleOutcome::Refused => Some(view! { <Badge text="Refused" tone="danger" icon="lock"/> }),
    };
    view! {
        <li>
            <span class=class><Icon name=icon/></span>
            <span class="grow">{line.words}</span>
            {badge}
            <small class="mute">{line.scope}</small>
        </li>
    }
    .into_any()
}
