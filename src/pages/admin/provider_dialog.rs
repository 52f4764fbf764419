use leptos::prelude::*;

use crate::{
    components::{Button, Dialog, Field, Icon, LinkButton, Opt, Select},
    domain::{
        catalog::{ProviderKind, ProviderView},
        catalog_forms::ProviderForm,
    },
    pages::{
        confirm_dialog::{ConfirmDialog, RefusalDialog, Typed, fact},
        form::{Form, FormAction, Problems},
    },
};

const CLOSE: &str = "/admin/providers";

/// "Add provider", or "Edit provider" of the one that is given.
#[component]
pub(super) fn ProviderDialog(
    provider: Option<ProviderView>,
    /// What a plain form sent and was refused.
    typed: Option<ProviderForm>,
    action: FormAction,
) -> impl IntoView {
    let problems = action.problems();
    let form = typed.unwrap_or_else(|| provider.as_ref().map(ProviderForm::of).unwrap_or_default());
    let selected = if form.kind.is_empty() { "openai".to_owned() } else { form.kind.clone() };
    let (title, verb) = if provider.is_some() { ("Edit provider", "Save provider") } else { ("Add provider", "Add provider") };
    let id = provider.as_ref().map(|p| p.id.to_string()).unwrap_or_default();
    let kinds = ProviderKind::ALL.into_iter().map(|kind| Opt::new(kind.as_str(), kind.label())).collect();
    let kind = match &provider {
        // What a provider speaks is fixed: its models and their deployments rely on it.
        Some(provider) => view! { <input type="hidden" name="form[kind]" value=provider.kind.as_str()/> }.into_any(),
        None => view! {
            <Select
                label="Kind"
                name="form[kind]"
                id="provider-kind"
                choices=kinds
                selected=selected
                hint="OpenAI-compatible also fits vLLM, Ollama, Azure and Groq."
                error=problems.field("kind")
            />
        }
        .into_any(),
    };
    let shows = |kind: ProviderKind| provider.as_ref().is_none_or(|p| p.kind == kind);
    let upstream = shows(ProviderKind::Openai).then(|| upstream_fields(&form, provider.as_ref(), problems));
    let simulation = shows(ProviderKind::Simulated).then(|| simulation_fields(form.clone(), provider.is_some(), problems));
    view! {
        <Dialog id="provider" title=title close=CLOSE>
            <Form action=action>
                <div class="dlg-body">
                    {problems.note()}
                    <input type="hidden" name="id" value=id/>
                    <Field
                        label="Name"
                        name="form[name]"
                        id="provider-name"
                        value=form.name.clone()
                        hint="As models and call logs will show it."
                        required=true
                        autofocus=true
                        maxlength=80
                        error=problems.field("name")
                    />
                    {kind}
                    {upstream}
                    {simulation}
                </div>
                <footer>
                    <LinkButton label="Cancel" href=CLOSE/>
                    <Button label=verb class="primary" busy=action.pending()/>
                </footer>
            </Form>
        </Dialog>
    }
}

fn upstream_fields(form: &ProviderForm, provider: Option<&ProviderView>, problems: Problems) -> AnyView {
    let hint = match provider {
        Some(provider) if provider.has_secret => "Stored. Leave empty to keep it; a new host forgets it.",
        _ => "Write-only: it is encrypted and never shown again.",
    };
    view! {
        <Field
            label="Base URL"
            name="form[base_url]"
            id="provider-url"
            kind="text"
            inputmode="url"
            value=form.base_url.clone()
            placeholder="https://api.provider.example/v1"
            hint="Ends where /chat/completions begins. The simulated kind needs none."
            error=problems.field("base_url")
        />
        <Field
            label="Secret"
            name="form[secret]"
            id="provider-secret"
            kind="password"
            autocomplete="off"
            hint=hint
            error=problems.field("secret")
        />
    }
    .into_any()
}

fn simulation_fields(form: ProviderForm, open: bool, problems: Problems) -> AnyView {
    let number = |label: &'static str,
                  name: &'static str,
                  id: &'static str,
                  value: String,
                  suffix: &'static str,
                  field: &'static str| {
        view! { <Field label=label name=name id=id inputmode="numeric" value=value suffix=suffix error=problems.field(field)/> }
    };
    view! {
        <details class="more" open=open>
            <summary><Icon name="chevr"/>"Simulation"<span class="opt">"How the simulated kind answers"</span></summary>
            <div class="two more-body">
                {number("First token after", "form[first_token_ms]", "sim-first", form.first_token_ms, "ms", "first_token_ms")}
                {number("Time between tokens", "form[per_token_ms]", "sim-gap", form.per_token_ms, "ms", "per_token_ms")}
                {number("Length of an answer", "form[output_tokens]", "sim-tokens", form.output_tokens, "tokens", "output_tokens")}
                {number("Failing calls", "form[failure_per_mille]", "sim-fail", form.failure_per_mille, "of 1,000", "failure_per_mille")}
                {number("Broken streams", "form[cut_per_mille]", "sim-cut", form.cut_per_mille, "of 1,000", "cut_per_mille")}
            </div>
        </details>
    }
    .into_any()
}

/// "Remove provider".
#[component]
pub(super) fn DeleteProviderDialog(provider: ProviderView, action: FormAction) -> impl IntoView {
    let title = format!("Remove {}?", provider.name);
    let used = match provider.models {
        0 => {
            let facts = vec![
                fact("plug", "No model uses it."),
                fact("lock", "Its secret is forgotten. This can not be undone."),
                fact("okc", "Past calls keep its name."),
            ];
            return view! {
                <ConfirmDialog
                    id="remove-provider"
                    title=title
                    close=CLOSE
                    action=action
                    fields=vec![("id", provider.id.to_string())]
                    facts=facts
                    typed=Typed { text: provider.name, name: "confirm_name", id: "provider-confirm", value: String::new() }
                    label="Remove provider"
                    danger=true
                />
            }
            .into_any();
        }
        1 => "One model still uses it.".to_owned(),
        n => format!("{n} models still use it."),
    };
    let text = "A provider that models use stays. Give them another one first.";
    view! {
        <RefusalDialog id="remove-provider" title=title close=CLOSE reason=used text=text first=("Open models", "/admin/models".to_owned())/>
    }
    .into_any()
}
