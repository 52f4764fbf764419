use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use super::{Opened, model_dialog::ModelDialog};
use crate::{
    components::{Badge, Empty, LinkButton, PageHead, Quiet, SkeletonTable, noscroll},
    domain::{
        catalog::{ModelView, Tier},
        format,
        money::Price,
    },
    pages::{data::PageData, form::FormAction},
    server_fns::catalog::{ListCatalogModels, ModelsPage as Page, SaveModel},
};

/// `/admin/models`: the catalog with its prices.
#[component]
pub fn ModelsPage() -> impl IntoView {
    let query = use_query_map();
    let opened = Memo::new(move |_| Opened::of(&query.get()));
    let save = FormAction::to::<SaveModel>();
    let models = PageData::load_again(move || save.version(), || ListCatalogModels {});
    view! {
        <PageHead title="Models and prices" context="Platform" lead="What can be called, at which price. A model without a price can not be called.">
            <LinkButton label="Add model" href="/admin/models?dialog=create" class="primary" icon="plus"/>
        </PageHead>
        {models.page(|| view! { <SkeletonTable/> }.into_any(), |page| table(page.models, page.providers.is_empty()))}
        {models.dialog(move || opened.track(), move |page| dialog(opened.get_untracked(), page, save))}
    }
}

fn table(list: Vec<ModelView>, no_provider: bool) -> AnyView {
    if list.is_empty() && no_provider {
        return view! {
            <Empty title="No models yet" text="A model is served by a provider, so add a provider first.">
                <LinkButton label="Add provider" href="/admin/providers?dialog=create" icon="plus"/>
            </Empty>
        }
        .into_any();
    }
    if list.is_empty() {
        return view! {
            <Empty title="No models yet" text="Give a model its name, its prices and the provider that serves it.">
                <LinkButton label="Add model" href="/admin/models?dialog=create" icon="plus"/>
            </Empty>
        }
        .into_any();
    }
    let groups = Tier::ALL.into_iter().map(|tier| group(tier, &list)).collect_view();
    view! {
        <section class="card" aria-label="Models">
            <div class="tbl-wrap whole">
                <table class="tbl stack" role="table">
                    <thead role="rowgroup">
                        <tr role="row">
                            <th role="columnheader" scope="col">"Model"</th>
                            <th role="columnheader" scope="col">"Modality"</th>
                            <th role="columnheader" scope="col">"Served by"</th>
                            <th role="columnheader" scope="col" class="n">"In / out per 1M tokens"</th>
                            <th role="columnheader" scope="col" class="n">"Context"</th>
                            <th role="columnheader" scope="col" class="n">"Open in"</th>
                            <th role="columnheader" scope="col">"State"</th>
                        </tr>
                    </thead>
                    <tbody role="rowgroup">{groups}</tbody>
                </table>
            </div>
        </section>
    }
    .into_any()
}

fn group(tier: Tier, list: &[ModelView]) -> Option<AnyView> {
    let models: Vec<&ModelView> = list.iter().filter(|model| model.tier == tier).collect();
    if models.is_empty() {
        return None;
    }
    let count = if models.len() == 1 { "1 model".to_owned() } else { format!("{} models", models.len()) };
    let rows = models.into_iter().map(row).collect_view();
    Some(
        view! {
            <tr class="grp" role="row">
                <td colspan="7" role="cell"><b>{tier.label()}</b>{count}</td>
            </tr>
            {rows}
        }
        .into_any(),
    )
}

fn row(model: &ModelView) -> AnyView {
    let edit = format!("/admin/models?dialog=edit&id={}", model.id);
    let aliases = (!model.aliases.is_empty()).then(|| view! { <small>{format!("also {}", model.aliases.join(", "))}</small> });
    let served = model.deployments.iter().map(|d| d.provider.clone()).collect::<Vec<_>>().join(", then ");
    let open_in = match model.open_in {
        0 => "Nowhere".to_owned(),
        1 => "1 organization".to_owned(),
        n => format!("{n} organizations"),
    };
    let state = match (model.enabled, model.prices.input.zip(model.prices.output), model.restricted) {
        (false, _, _) => view! { <Badge text="Disabled"/> }.into_any(),
        (true, None, _) => view! { <Badge text="No price" tone="warn" icon="alert"/> }.into_any(),
        (true, Some(_), true) => view! { <Badge text="Restricted" tone="line" icon="lock"/> }.into_any(),
        (true, Some(_), false) => view! { <Quiet text="Enabled"/> }.into_any(),
    };
    view! {
        <tr role="row">
            <td role="cell" class="lead">
                <a class="name" href=edit.clone() {..noscroll()}>{model.name.clone()}</a>
                {aliases}
            </td>
            <td role="cell" class="sub drop">{model.modality.as_str()}</td>
            <td role="cell" class="sub drop">{served}</td>
            <td role="cell" class="n">{price(model.prices.input)}" / "{price(model.prices.output)}</td>
            <td role="cell" class="n drop">{format::count(model.context_window)}</td>
            <td role="cell" class="n sub drop">{open_in}</td>
            <td role="cell" class="meta">{state}</td>
        </tr>
    }
    .into_any()
}

fn price(price: Option<Price>) -> String {
    price.map_or_else(|| "–".to_owned(), |price| format::price(price.0))
}

fn dialog(opened: Opened, page: Page, save: FormAction) -> Option<AnyView> {
    let Page { models, providers, typed } = page;
    match opened {
        Opened::Create => Some(view! { <ModelDialog model=None typed=typed providers=providers action=save/> }.into_any()),
        Opened::Edit(id) => {
            let model = models.into_iter().find(|model| model.id.to_string() == id)?;
            Some(view! { <ModelDialog model=Some(model) typed=typed providers=providers action=save/> }.into_any())
        }
        Opened::None | Opened::Delete(_) => None,
    }
}
