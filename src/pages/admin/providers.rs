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
    pages::{failure::Failure, once},
    server_fns::catalog::{DeleteProvider, SaveProvider, TestProvider, list_providers, typed_provider},
};

/// `/admin/providers`: the upstreams.
#[component]
pub fn ProvidersPage() -> impl IntoView {
    let query = use_query_map();
    let opened = Memo::new(move |_| Opened::of(&query.get()));
    let save = ServerAction::<SaveProvider>::new();
    let delete = ServerAction::<DeleteProvider>::new();
    let test = ServerAction::<TestProvider>::new();
    let providers = Resource::new_blocking(move || (save.version().get(), delete.version().get()), |_| load());
    view! {
        <PageHead title="Providers" context="Platform" lead="Where model calls go. Secrets are write-only: nobody can read them again.">
            <LinkButton label="Add provider" href="/admin/providers?dialog=create" class="primary" icon="plus"/>
        </PageHead>
        {move || test.value().get().map(test_note)}
        <Transition fallback=|| view! { <SkeletonTable/> }>
            {move || Suspend::new(async move { providers.await.map_or_else(failed, |(list, _)| table(list, test)) })}
        </Transition>
        <Suspense>
            {move || {
                let opened = opened.get();
                Suspend::new(async move { once(providers).await.ok().and_then(|(list, typed)| dialog(opened, &list, typed, save, delete)) })
            }}
        </Suspense>
    }
}

async fn load() -> Result<(Vec<ProviderView>, Option<ProviderForm>), AppError> {
    Ok((list_providers().await?, typed_provider().await?))
}

fn failed(error: AppError) -> AnyView {
    view! { <Failure error=error/> }.into_any()
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

fn table(list: Vec<ProviderView>, test: ServerAction<TestProvider>) -> AnyView {
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

fn row(provider: ProviderView, test: ServerAction<TestProvider>) -> AnyView {
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
                    <ActionForm action=test>
                        <input type="hidden" name="id" value=id.clone()/>
                        <button type="submit">"Test connection"</button>
                    </ActionForm>
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
    save: ServerAction<SaveProvider>,
    delete: ServerAction<DeleteProvider>,
) -> Option<AnyView> {
    let find = |id: &str| list.iter().find(|provider| provider.id.to_string() == id).cloned();
    match opened {
        Opened::None => None,
        Opened::Create => Some(view! { <ProviderDialog provider=None typed=typed action=save/> }.into_any()),
        Opened::Edit(id) => {
            find(&id).map(|provider| view! { <ProviderDialog provider=Some(provider) typed=typed action=save/> }.into_any())
        }
        Opened::Delete(id) => {
            find(&id).map(|provider| view! { <DeleteProviderDialog provider=provider action=delete/> }.into_any())
        }
    }
}
