//! The form of a scope's windows and budget, each beside what is used of it. For those who set nothing the same without inputs.

use leptos::prelude::*;

use crate::{
    components::{Button, Checkbox, Field, Icon, Meter, StackTable, head},
    pages::{
        allowance::{period_select, until_field},
        form::{Form, FormAction, Problems},
    },
    server_fns::quotas::{BudgetLine, LimitsLines, TypedLimits, WindowLine},
};

/// Where the form goes, and what of it the reader may change.
pub(super) struct LimitsForm {
    pub action: FormAction,
    /// Fields that are not seen: whose limits these are.
    pub hidden: Vec<(&'static str, String)>,
    pub may_windows: bool,
    pub may_budget: bool,
    /// Asks before something is set below what is used now.
    pub may_stop: bool,
}

/// Names of the inputs, in the order of the windows.
const INPUTS: [&str; 5] = ["typed[rpm]", "typed[tpm]", "typed[rph]", "typed[rpd]", "typed[tpd]"];
const FIELDS: [&str; 5] = ["rpm", "tpm", "rph", "rpd", "tpd"];

/// What was typed last, else what is set.
fn typed_windows(own: &LimitsLines, typed: Option<&TypedLimits>) -> Vec<String> {
    match typed {
        Some(TypedLimits { rpm, tpm, rph, rpd, tpd, .. }) => [rpm, tpm, rph, rpd, tpd].map(String::clone).to_vec(),
        None => own.windows.iter().map(|line| line.value.clone()).collect(),
    }
}

/// The card of the budget, the table of windows, and the bar that saves both.
pub(super) fn limits_form(own: LimitsLines, typed: Option<TypedLimits>, form: LimitsForm) -> AnyView {
    let problems = form.action.problems();
    let typed = typed.filter(|_| problems.any());
    let (may_windows, may_budget) = (form.may_windows, form.may_budget);
    let cards = view! {
        {budget_card(&own, typed.as_ref(), problems, may_budget)}
        {windows_card(&own, typed.as_ref(), problems, may_windows)}
    };
    if !may_windows && !may_budget {
        return view! { <div class="grid">{cards}</div> }.into_any();
    }
    let hidden =
        form.hidden.into_iter().map(|(name, value)| view! { <input type="hidden" name=name value=value/> }).collect_view();
    let stop = form.may_stop.then(|| {
        view! { <Checkbox label="Stop calls at once" name="stop" hint="Where more is used already."/> }
    });
    view! {
        <Form action=form.action class="grid">
            {problems.note()}
            {hidden}
            <input type="hidden" name="version" value=own.version.to_string()/>
            {cards}
            <div class="card save-bar">
                <div class="save-opts">
                    <Checkbox label="Lower what is set below, too" name="clamp" hint="Where it would be more than this."/>
                    {stop}
                </div>
                <Button label="Save changes" class="primary" busy=form.action.pending()/>
            </div>
        </Form>
    }
    .into_any()
}

fn budget_card(own: &LimitsLines, typed: Option<&TypedLimits>, problems: Problems, may: bool) -> AnyView {
    let BudgetLine { value, per, limit, spent, left, percent, resets, ceiling, raise, promised } = own.budget.clone();
    let (value, per, until) = match typed {
        Some(typed) => (typed.budget.clone(), typed.per.clone(), typed.until.clone()),
        None => (value, per, String::new()),
    };
    let used = match percent {
        Some(percent) => view! {
            <div class="mt">
                <div class="top"><b>{spent}" of "{limit}</b><span>{percent}"%"</span></div>
                <Meter label="Budget" percent=percent size="lg"/>
                <div class="bot"><span>{left}" left"</span><span>{resets}</span></div>
            </div>
        }
        .into_any(),
        None => view! { <p class="sub">{spent}" spent this month. No budget is set."</p> }.into_any(),
    };
    let raise = (!raise.is_empty()).then(|| view! { <p class="panel with-icon"><Icon name="clock"/><span>{raise}</span></p> });
    let parent = own.parent.clone();
    let mut hint = "Empty: no limit. $0 allows nothing.".to_owned();
    if !ceiling.is_empty() {
        hint = format!("{parent} allows {ceiling}. {hint}");
    }
    let inputs = may.then(|| {
        view! {
            <div class="two">
                <Field
                    label="Budget"
                    name="typed[budget]"
                    id="budget"
                    value=value
                    prefix="$"
                    hint=hint
                    error=problems.field("budget")
                    inputmode="decimal"
                    maxlength=20
                    autocomplete="off"
                />
                {period_select(&per, problems)}
                {until_field(until, problems)}
            </div>
        }
    });
    let promised = (!promised.is_empty()).then(|| view! { <footer><span>{promised}</span></footer> });
    view! {
        <section class="card" aria-labelledby="budget-h">
            <header><h2 id="budget-h">"Budget"</h2></header>
            <div class="body form">{used}{raise}{inputs}</div>
            {promised}
        </section>
    }
    .into_any()
}

fn windows_card(own: &LimitsLines, typed: Option<&TypedLimits>, problems: Problems, may: bool) -> AnyView {
    let values = typed_windows(own, typed);
    let parent = (!own.parent.is_empty()).then(|| own.parent.clone());
    let rows = own.windows.iter().zip(values).enumerate();
    let rows = rows.map(|(at, (line, value))| row(line, value, at, problems, may)).collect_view().into_any();
    let heads = vec![
        head("Limit", ""),
        head("Value", ""),
        head("Ceiling", "n"),
        head("Now", "n"),
        head("Peak, 24 h", "n"),
        head("Used", ""),
    ];
    let note = parent.map_or_else(
        || "Windows slide: none of them ends at midnight.".to_owned(),
        |parent| format!("Within what {parent} allows. Windows slide: none of them ends at midnight."),
    );
    view! {
        <section class="card" aria-labelledby="windows-h">
            <header><h2 id="windows-h">"Limits"</h2><p class="end">{note}</p></header>
            <StackTable heads=heads rows=rows class="limits"/>
        </section>
    }
    .into_any()
}

fn row(line: &WindowLine, value: String, at: usize, problems: Problems, may: bool) -> AnyView {
    let dash = |text: &str| if text.is_empty() { "–".to_owned() } else { text.to_owned() };
    let meter = match line.percent {
        Some(percent) => view! {
            <div class="bars"><Meter label=line.words.clone() percent=percent/><span>{percent}"%"</span></div>
        }
        .into_any(),
        None => view! { <span class="mute">"No limit"</span> }.into_any(),
    };
    let value = if may { input(line, value, at, problems) } else { view! { <span>{line.shown.clone()}</span> }.into_any() };
    let promised = (!line.promised.is_empty()).then(|| view! { <small>{line.promised.clone()}</small> });
    let summary = match line.percent {
        Some(percent) => format!("{} now, {percent}%", line.now),
        None => format!("{} now", line.now),
    };
    view! {
        <tr role="row">
            <td role="cell" class="lead"><span class="name">{line.label.clone()}</span><small>{line.words.clone()}</small></td>
            <td role="cell" class="val meta">{value}{promised}</td>
            <td role="cell" class="n drop">{dash(&line.ceiling)}</td>
            <td role="cell" class="n drop">{line.now.clone()}</td>
            <td role="cell" class="n drop">{dash(&line.peak)}</td>
            <td role="cell" class="drop">{meter}</td>
            <td role="cell" class="only-m beside sub">{summary}</td>
        </tr>
    }
    .into_any()
}

/// An input whose label is its row.
fn input(line: &WindowLine, value: String, at: usize, problems: Problems) -> AnyView {
    let (name, field) = (INPUTS[at], FIELDS[at]);
    let error = problems.field(field);
    let note = format!("{field}-note");
    let described = note.clone();
    let wrong = Signal::derive(move || error.get());
    view! {
        <div class="field">
            <div class="in sm">
                <input
                    id=field
                    name=name
                    value=value
                    inputmode="numeric"
                    maxlength=22
                    autocomplete="off"
                    placeholder="No limit"
                    aria-label=line.words.clone()
                    aria-invalid=move || wrong.get().is_some().then_some("true")
                    aria-describedby=move || wrong.get().is_some().then(|| described.clone())
                />
            </div>
            {move || wrong.get().map(|text| view! { <p class="err" id=note.clone()><Icon name="alert"/><span>{text}</span></p> })}
        </div>
    }
    .into_any()
}
