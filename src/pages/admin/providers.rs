use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use super::{
    Opened,
    provider_dialog::{DeleteProviderDialog, ProviderDialog},
};
use crate::{
    components::{Badge, Empty, Icon, LinkButton, Menu, Note, NoteKind, PageHead, Quiet, SkeletonTable, noscroll},
    domain::{
        catalog::{ConnectionTest, ProviderKind, ProviderView},
        catalog_forms::ProviderForm,
    },
    error::AppError,
    pages::{
        data::PageData,
        form::{Form, FormAction},
    },
    server_fns::catalog::{DeleteProvider, ListProviders, SaveProvider, TestProvider},
};

/// `/admin/providers`: the upstreams.
#[component]
pub fn ProvidersPage() -> impl IntoView {
    let query = use_query_map();
    let opened = Memo::new(move |_| Opened::of(&query.get()));
    let save = FormAction::to::<SaveProvider>();
    let delete = FormAction::to::<DeleteProvider>();
    let test = FormAction::to::<TestProvider>();
    let providers = PageData::load_again(move || save.version() + delete.version(), || ListProviders {});
    view! {
        <PageHead title="Providers" context="Platform" lead="Where model calls go. Secrets are write-only: nobody can read them again.">
            <LinkButton label="Add provider" href="/admin/providers?dialog=create" class="primary" icon="plus"/>
        </PageHead>
        {move || test.value().map(test_note)}
        {providers.page(|| view! { <SkeletonTable/> }.into_any(), move |page| table(page.providers, test))}
        {providers.dialog(
            move || opened.track(),
            move |page| dialog(opened.get_untracked(), &page.providers, page.typed, save, delete),
        )}
    }
}

fn test_note(result: Result<ConnectionTest, AppError>) -> AnyView {
    match result {
        Ok(test) if test.ok => {
            view! { <Note kind=NoteKind::Ok title=test.message text=format!("It took {} ms.", test.latency_ms)/> }.into_any()
        }
        Ok(test) => view! { <Note kind=NoteKind::Danger title="The connection does not work." text=test.message/> }.into_any(),
        Err(error) => view! { <Note kind=NoteKind::Danger title=error.to_string()/> }.into_any(),
    }
}

fn table(list: Vec<ProviderView>, test: FormAction) -> AnyView {
    if list.is_empty() {
        return view! {
            <Empty title="No providers yet" text="A provider is a service that answers model calls. The simulated one needs no account and costs nothing.">
                <LinkButton label="Add provider" href="/admin/providers?dialog=create" icon="plus"/>
            </Empty>
        }
        .into_any();
    }
    let rows = list.into_iter().map(|provider| row(provider, test)).collect_view();
    view! {
        <section class="card" aria-label="Providers">
            <div class="tbl-wrap whole">
                <table class="tbl stack" role="table">
                    <thead role="rowgroup">
                        <tr role="row">
                            <th role="columnheader" scope="col">"Provider"</th>
                            <th role="columnheader" scope="col">"Kind"</th>
                            <th role="columnheader" scope="col">"Base URL"</th>
                            <th role="columnheader" scope="col">"Secret"</th>
                            <th role="columnheader" scope="col" class="n">"Models"</th>
                            <th role="columnheader" scope="col"><span class="vh">"Actions"</span></th>
                        </tr>
                    </thead>
                    <tbody role="rowgroup">{rows}</tbody>
                </table>
            </div>
        </section>
    }
    .into_any()
}

fn row(provider: ProviderView, test: FormAction) -> AnyView {
    let secret = match (provider.kind, provider.has_secret) {
        (ProviderKind::Simulated, _) => view! { <span class="mute">"Not needed"</span> }.into_any(),
        (_, true) if provider.secret_hint.is_empty() => view! { <Quiet text="Stored"/> }.into_any(),
        (_, true) => view! { <span class="mono mute">{format!("…{}", provider.secret_hint)}</span> }.into_any(),
        (_, false) => view! { <Badge text="No secret" tone="warn" icon="alert"/> }.into_any(),
    };
    let place = match provider.kind {
        ProviderKind::Simulated => {
            let simulation = &provider.simulation;
            format!(
                "{} ms to the first token, {} ms a token, {} tokens",
                simulation.first_token_ms, simulation.per_token_ms, simulation.output_tokens
            )
        }
        ProviderKind::Openai => provider.base_url.clone(),
    };
    let id = provider.id.to_string();
    let edit = format!("/admin/providers?dialog=edit&id={id}");
    let remove = format!("/admin/providers?dialog=delete&id={id}");
    view! {
        <tr role="row">
            <td role="cell" class="lead"><a class="name" href=edit.clone() {..noscroll()}>{provider.name.clone()}</a></td>
            <td role="cell" class="sub meta">{provider.kind.label()}</td>
            <td role="cell" class="sub drop">{place}</td>
            <td role="cell" class="drop">{secret}</td>
            <td role="cell" class="n drop">{provider.models}</td>
            <td role="cell" class="act">
                <Menu
                    id=format!("provider-{id}")
                    label=format!("Actions for {}", provider.name)
                    class="end"
                    button=|| view! { <Icon name="dots"/> }
                >
                    <a href=edit.clone() {..noscroll()}>"Edit"</a>
                    <Form action=test>
                        <input type="hidden" name="id" value=id.clone()/>
                        <button type="submit">"Test connection"</button>
                    </Form>
                    <hr/>
                    <a class="danger" href=remove.clone() {..noscroll()}>"Remove"</a>
                </Menu>
            </td>
        </tr>
    }
    .into_any()
}

fn dialog(
    opened: Opened,
    list: &[ProviderView],
    typed: Option<ProviderForm>,
    save: FormAction,
    delete: FormAction,
) -> Option<AnyView> {
    let find = |id: &str| list.iter().find(|provider| provider.id.to_string() == id).cloned();
    match opened {
        Opened::None | Opened::Prices(_) => None,
        Opened::Create => Some(view! { <ProviderDialog provider=None typed=typed action=save/> }.into_any()),
        Opened::Edit(id) => {
            find(&id).map(|provider| view! { <ProviderDialog provider=Some(provider) typed=typed action=save/> }.into_any())
        }
        Opened::Delete(id) => {
            find(&id).map(|provider| view! { <DeleteProviderDialog provider=provider action=delete/> }.into_any())
        }
    }
}
