//! The fields of a budget and of limits, as dialogs hold them; the same names and the same words wherever something can be limited.

use leptos::prelude::*;

use super::form::Problems;
use crate::{
    components::{Field, Icon, Opt, Select},
    server_fns::quotas::{AllowanceForm, TypedLimits},
};

/// Label, name and problem of each window, in their order.
const WINDOWS: [(&str, &str, &str); 5] = [
    ("Requests per minute", "typed[rpm]", "rpm"),
    ("Tokens per minute", "typed[tpm]", "tpm"),
    ("Requests per hour", "typed[rph]", "rph"),
    ("Requests per day", "typed[rpd]", "rpd"),
    ("Tokens per day", "typed[tpd]", "tpd"),
];

/// What the inputs begin with: what was typed last and refused, else what is set.
fn values(form: &AllowanceForm, problems: Problems) -> TypedLimits {
    form.typed.clone().filter(|_| problems.any()).unwrap_or_else(|| form.set.clone())
}

fn hint(form: &AllowanceForm, at: usize) -> String {
    form.hints.get(at).cloned().unwrap_or_default()
}

/// Over what a budget runs.
pub(super) fn period_select(per: &str, problems: Problems) -> AnyView {
    let choices = vec![Opt::new("period", "Each billing month"), Opt::new("total", "In total")];
    let selected = if per.is_empty() { "period" } else { per };
    view! {
        <Select
            label="Period"
            name="typed[per]"
            id="per"
            choices=choices
            selected=selected
            hint="In total: it does not reset."
            error=problems.field("per")
        />
    }
    .into_any()
}

/// The last day of a raise.
pub(super) fn until_field(until: String, problems: Problems) -> AnyView {
    view! {
        <Field
            label="Only until"
            name="typed[until]"
            id="until"
            kind="date"
            value=until
            optional=true
            hint="A raise for a while: then the former budget is back."
            error=problems.field("until")
        />
    }
    .into_any()
}

/// How much may be spent and over what; `raises` asks for a while, too, after which the former budget is back.
pub(super) fn budget_fields(form: &AllowanceForm, raises: bool, problems: Problems) -> AnyView {
    let TypedLimits { budget, per, until, .. } = values(form, problems);
    let raised = form.raise.clone();
    let raised = (!raised.is_empty()).then(|| view! { <p class="panel with-icon"><Icon name="clock"/><span>{raised}</span></p> });
    let until = raises.then(|| until_field(until, problems));
    view! {
        {raised}
        <div class="two">
            <Field
                label="Budget"
                name="typed[budget]"
                id="budget"
                value=budget
                prefix="$"
                hint=hint(form, 0)
                error=problems.field("budget")
                inputmode="decimal"
                maxlength=20
                autocomplete="off"
            />
            {period_select(&per, problems)}
            {until}
        </div>
    }
    .into_any()
}

/// The five windows.
pub(super) fn window_fields(form: &AllowanceForm, problems: Problems) -> AnyView {
    let TypedLimits { rpm, tpm, rph, rpd, tpd, .. } = values(form, problems);
    let fields = WINDOWS.into_iter().zip([rpm, tpm, rph, rpd, tpd]).enumerate().map(|(at, ((label, name, field), value))| {
        view! {
            <Field
                label=label
                name=name
                id=field
                value=value
                placeholder="No limit"
                hint=hint(form, at + 1)
                error=problems.field(field)
                inputmode="numeric"
                maxlength=22
                autocomplete="off"
            />
        }
    });
    view! { <div class="two">{fields.collect_view()}</div> }.into_any()
}

/// Fields that few need, behind a line that says how many of them are set. It stands open where one is.
pub(super) fn folded(
    label: &'static str,
    form: &AllowanceForm,
    with_budget: bool,
    problems: Problems,
    fields: AnyView,
) -> AnyView {
    let TypedLimits { rpm, tpm, rph, rpd, tpd, budget, .. } = values(form, problems);
    let windows = [rpm, tpm, rph, rpd, tpd].iter().filter(|value| !value.is_empty()).count();
    let set = windows + usize::from(with_budget && !budget.is_empty());
    let count = if set == 0 { "none".to_owned() } else { format!("{set} set") };
    view! {
        <details class="more" open=set != 0>
            <summary><Icon name="chevr"/>{label}<span class="opt">{count}</span></summary>
            <div class="more-body form">{fields}</div>
        </details>
    }
    .into_any()
}
