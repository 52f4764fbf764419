use leptos::{ev, prelude::*};

use crate::{
    components::{Button, Checkbox, Dialog, Field, Icon, LinkButton, Opt, Select},
    domain::{
        catalog::{LIST_MAX, Modality, ModelView, Tier},
        catalog_forms::ModelForm,
        tokenizer::Tokenizer,
    },
    pages::form::{Form, FormAction, Problems},
};

/// "Add model", or "Edit model" of the one that is given.
#[component]
pub(super) fn ModelDialog(
    model: Option<ModelView>,
    /// What a plain form sent and was refused.
    typed: Option<ModelForm>,
    providers: Vec<String>,
    /// The address without the dialog.
    close: String,
    action: FormAction,
) -> impl IntoView {
    let problems = action.problems();
    let (title, verb) = if model.is_some() { ("Edit model", "Save model") } else { ("Add model", "Add model") };
    let id = model.as_ref().map(|model| model.id.to_string()).unwrap_or_default();
    let form = typed.unwrap_or_else(|| model.as_ref().map_or_else(new_form, ModelForm::of));
    view! {
        <Dialog id="model" title=title close=close.clone() width="w-600">
            <Form action=action>
                <div class="dlg-body">
                    {problems.note()}
                    <input type="hidden" name="id" value=id/>
                    {identity(&form, problems)}
                    {prices(&form, problems)}
                    {sizes(&form, problems)}
                    {deployments(&form, &providers, problems)}
                    {restriction(&form, model.is_none(), problems)}
                    <Checkbox label="Disabled" name="form[disabled]" checked=form.disabled hint="Nobody can call it; keys and history stay."/>
                </div>
                <footer>
                    <LinkButton label="Cancel" href=close/>
                    <Button label=verb class="primary" busy=action.pending()/>
                </footer>
            </Form>
        </Dialog>
    }
}

fn new_form() -> ModelForm {
    ModelForm { tier: "general".into(), modality: "chat".into(), ..ModelForm::default() }
}

fn identity(form: &ModelForm, problems: Problems) -> AnyView {
    let tiers = Tier::ALL.into_iter().map(|tier| Opt::new(tier.as_str(), tier.label())).collect();
    let modalities = Modality::ALL.into_iter().map(|modality| Opt::new(modality.as_str(), modality.as_str())).collect();
    view! {
        <Field
            label="Name"
            name="form[name]"
            id="model-name"
            value=form.name.clone()
            hint="What clients send as “model”, compared exactly."
            required=true
            autofocus=true
            maxlength=100
            error=problems.field("name")
        />
        <div class="two">
            <Select label="Tier" name="form[tier]" id="model-tier" choices=tiers selected=form.tier.clone() error=problems.field("tier")/>
            <Select
                label="Modality"
                name="form[modality]"
                id="model-modality"
                choices=modalities
                selected=form.modality.clone()
                error=problems.field("modality")
            />
        </div>
        <Field
            label="Aliases"
            name="form[aliases]"
            id="model-aliases"
            value=form.aliases.clone()
            optional=true
            hint="Other words for the same model, separated by commas."
            error=problems.field("aliases")
        />
    }
    .into_any()
}

fn prices(form: &ModelForm, problems: Problems) -> AnyView {
    view! {
        <div class="three">
            <Field
                label="Input price"
                name="form[input_price]"
                id="model-input"
                inputmode="decimal"
                prefix="$"
                value=form.input_price.clone()
                hint="Per 1M tokens."
                error=problems.field("input_price")
            />
            <Field
                label="Cached price"
                name="form[cached_price]"
                id="model-cached"
                inputmode="decimal"
                prefix="$"
                value=form.cached_price.clone()
                hint="Empty: as input."
                error=problems.field("cached_price")
            />
            <Field
                label="Output price"
                name="form[output_price]"
                id="model-output"
                inputmode="decimal"
                prefix="$"
                value=form.output_price.clone()
                hint="Per 1M tokens."
                error=problems.field("output_price")
            />
        </div>
        <Field
            label="These prices hold from"
            name="form[prices_from]"
            id="model-prices-from"
            kind="date"
            value=form.prices_from.clone()
            optional=true
            hint="Midnight UTC of that day. Empty: at once. What held before stays in the history."
            error=problems.field("prices_from")
        />
    }
    .into_any()
}

fn restriction(form: &ModelForm, new: bool, problems: Problems) -> AnyView {
    let mut choices = vec![Opt::new("no", "No"), Opt::new("yes", "Yes")];
    if new {
        choices.insert(0, Opt::new("", "By tier and price"));
    }
    view! {
        <Select
            label="Restricted"
            name="form[restricted]"
            id="model-restricted"
            choices=choices
            selected=form.restricted.clone()
            hint="Organizations take it in with approval instead of open."
            error=problems.field("restricted")
        />
    }
    .into_any()
}

fn sizes(form: &ModelForm, problems: Problems) -> AnyView {
    let known = Tokenizer::ALL.into_iter().map(|tokenizer| Opt::new(tokenizer.as_str(), tokenizer.as_str()));
    let tokenizers = std::iter::once(Opt::new("", "Not known")).chain(known).collect();
    view! {
        <div class="three">
            <Field
                label="Context window"
                name="form[context_window]"
                id="model-window"
                inputmode="numeric"
                value=form.context_window.clone()
                required=true
                hint="Tokens in and out."
                error=problems.field("context_window")
            />
            <Field
                label="Longest output"
                name="form[max_output]"
                id="model-longest"
                inputmode="numeric"
                value=form.max_output.clone()
                hint="Tokens; embeddings: none."
                error=problems.field("max_output")
            />
            <Field
                label="Default output"
                name="form[default_output]"
                id="model-default"
                inputmode="numeric"
                value=form.default_output.clone()
                hint="Where a call names none."
                error=problems.field("default_output")
            />
        </div>
        <Select
            label="Tokenizer"
            name="form[tokenizer]"
            id="model-tokenizer"
            choices=tokenizers
            selected=form.tokenizer.clone()
            hint="Where it is the model's own, a call is refused for what its prompt has, not for what its length may have."
            error=problems.field("tokenizer")
        />
    }
    .into_any()
}

fn deployments(form: &ModelForm, providers: &[String], problems: Problems) -> AnyView {
    let shown = RwSignal::new(form.rows());
    // All rows stand there; empty ones do not count, and those that nobody asked for are hidden.
    let fallbacks = (1..LIST_MAX)
        .map(|at| {
            let row = deployment(form, providers, at, MaybeProp::default());
            let beyond = move || at >= shown.get();
            view! { <div hidden=beyond>{row}</div> }
        })
        .collect_view();
    let open = form.providers.len() > 1;
    let full = move || shown.get() >= LIST_MAX;
    let more = move |event: ev::MouseEvent| {
        event.prevent_default();
        shown.update(|rows| *rows += 1);
    };
    view! {
        {deployment(form, providers, 0, problems.field("deployments"))}
        <details class="more" open=open>
            <summary><Icon name="chevr"/>"Fallbacks"<span class="opt">"Asked in order when the first one fails"</span></summary>
            <div class="more-body">
                {fallbacks}
                // Without script the form comes back with a row more.
                <button
                    class="btn sm"
                    type="submit"
                    name="add_row"
                    value="true"
                    formnovalidate=true
                    hidden=full
                    on:click=more
                >
                    <Icon name="plus"/>
                    "Add fallback"
                </button>
            </div>
        </details>
    }
    .into_any()
}

fn deployment(form: &ModelForm, providers: &[String], at: usize, error: MaybeProp<String>) -> AnyView {
    let (label, model_label) = match at {
        0 => ("Provider".to_owned(), "Upstream model".to_owned()),
        at => (format!("Fallback {at}"), format!("Known to fallback {at} as")),
    };
    let mut choices: Vec<Opt> = providers.iter().map(|p| Opt::new(p.clone(), p.clone())).collect();
    if at > 0 {
        choices.insert(0, Opt::new("", "None"));
    }
    let selected = form.providers.get(at).cloned().unwrap_or_default();
    let upstream = form.upstream_models.get(at).cloned().unwrap_or_default();
    view! {
        <div class="two">
            <Select
                label=label
                name="form[providers][]"
                id=format!("model-provider-{at}")
                choices=choices
                selected=selected
                error=error
            />
            <Field
                label=model_label
                name="form[upstream_models][]"
                id=format!("model-upstream-{at}")
                value=upstream
                maxlength=200
                required={at == 0}
            />
        </div>
    }
    .into_any()
}
