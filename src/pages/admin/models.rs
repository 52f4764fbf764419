use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use super::{
    Opened,
    model_dialog::ModelDialog,
    model_prices::{DeleteModelDialog, PricesDialog, ThresholdDialog},
};
use crate::{
    components::{Badge, Empty, Icon, LinkButton, Menu, PageHead, Quiet, SkeletonTable, noscroll},
    domain::{
        catalog::{ModelView, Tier},
        format,
        money::Price,
    },
    pages::{
        data::{PageData, nothing},
        form::FormAction,
    },
    server_fns::catalog::{
        DeleteModel, ListCatalogModels, ListModelPrices, ModelsPage as Page, PriceLine, SaveModel, SavePriceThreshold,
    },
};

/// The forms of the page.
#[derive(Clone, Copy)]
struct Forms {
    save: FormAction,
    remove: FormAction,
    threshold: FormAction,
}

/// `/admin/models`: the catalog with its prices.
#[component]
pub fn ModelsPage() -> impl IntoView {
    let query = use_query_map();
    let opened = Memo::new(move |_| Opened::of(&query.get()));
    let save = FormAction::to::<SaveModel>();
    let (remove, threshold) = (FormAction::to::<DeleteModel>(), FormAction::to::<SavePriceThreshold>());
    let forms = Forms { save, remove, threshold };
    let changes = move || save.version() + remove.version() + threshold.version();
    let models = PageData::load_again(changes, || ListCatalogModels {});
    let priced = Memo::new(move |_| match opened.get() {
        Opened::Prices(id) => id,
        _ => String::new(),
    });
    let prices = PageData::load(move || ListModelPrices { id: priced.get() });
    view! {
        <PageHead title="Models and prices" context="Platform" lead="What can be called, at which price. A model without a price can not be called.">
            <LinkButton label="Restriction" href="/admin/models?dialog=threshold" class="ghost"/>
            <LinkButton label="Import prices" href="/admin/models/import"/>
            <LinkButton label="Add model" href="/admin/models?dialog=create" class="primary" icon="plus"/>
        </PageHead>
        {models.page(|| view! { <SkeletonTable/> }.into_any(), |page| table(page.models, page.providers.is_empty()))}
        {models.dialog(move || opened.track(), move |page| dialog(opened.get_untracked(), page, forms))}
        {prices.part(nothing, |_| nothing(), move |lines| history(lines, priced.get_untracked()))}
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
                            <th role="columnheader" scope="col"><span class="vh">"Actions"</span></th>
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
                <td colspan="8" role="cell"><b>{tier.label()}</b>{count}</td>
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
    let state = match (model.enabled, model.prices.cover(model.modality), model.restricted) {
        (false, _, _) => view! { <Badge text="Disabled"/> }.into_any(),
        (true, false, _) => view! { <Badge text="No price" tone="warn" icon="alert"/> }.into_any(),
        (true, true, true) => view! { <Badge text="Restricted" tone="line" icon="lock"/> }.into_any(),
        (true, true, false) => view! { <Quiet text="Enabled"/> }.into_any(),
    };
    let address = |dialog: &str| format!("/admin/models?dialog={dialog}&id={}", model.id);
    let (prices, delete) = (address("prices"), address("delete"));
    let coming = model.next_prices.as_ref().map(|next| {
        let prices = format!("{} / {}", price(next.prices.input), price(next.prices.output));
        view! { <small>{format!("from {}: {prices}", format::date(next.from))}</small> }
    });
    view! {
        <tr role="row">
            <td role="cell" class="lead">
                <a class="name" href=edit.clone() {..noscroll()}>{model.name.clone()}</a>
                {aliases}
            </td>
            <td role="cell" class="sub drop">{model.modality.as_str()}</td>
            <td role="cell" class="sub drop">{served}</td>
            <td role="cell" class="n">{price(model.prices.input)}" / "{price(model.prices.output)}{coming}</td>
            <td role="cell" class="n drop">{format::count(model.context_window)}</td>
            <td role="cell" class="n sub drop">{open_in}</td>
            <td role="cell" class="meta">{state}</td>
            <td role="cell" class="act">
                <Menu
                    id=format!("model-{}", model.id)
                    label=format!("Actions for {}", model.name)
                    class="end"
                    button=|| view! { <Icon name="dots"/> }
                >
                    <a href=edit.clone() {..noscroll()}>"Edit"</a>
                    <a href=prices.clone() {..noscroll()}>"Price history"</a>
                    <hr/>
                    <a class="danger" href=delete.clone() {..noscroll()}>"Remove"</a>
                </Menu>
            </td>
        </tr>
    }
    .into_any()
}

fn price(price: Option<Price>) -> String {
    price.map_or_else(|| "–".to_owned(), |price| format::price(price.0))
}

/// The dialog with a model's prices, where the address opens it.
fn history(lines: Vec<PriceLine>, id: String) -> AnyView {
    let Some(model) = lines.first().map(|line| line.model.clone()).filter(|_| !id.is_empty()) else { return nothing() };
    let edit = format!("/admin/models?dialog=edit&id={id}");
    view! { <PricesDialog model=model edit=edit lines=lines/> }.into_any()
}

fn dialog(opened: Opened, page: Page, forms: Forms) -> Option<AnyView> {
    let Forms { save, remove, threshold } = forms;
    let Page { models, providers, typed, threshold: above } = page;
    match opened {
        Opened::Create => Some(view! { <ModelDialog model=None typed=typed providers=providers action=save/> }.into_any()),
        Opened::Edit(id) => {
            let model = models.into_iter().find(|model| model.id.to_string() == id)?;
            Some(view! { <ModelDialog model=Some(model) typed=typed providers=providers action=save/> }.into_any())
        }
        Opened::Delete(id) => {
            let model = models.into_iter().find(|model| model.id.to_string() == id)?;
            Some(view! { <DeleteModelDialog id=id name=model.name action=remove/> }.into_any())
        }
        Opened::Threshold => Some(view! { <ThresholdDialog threshold=above action=threshold/> }.into_any()),
        Opened::None | Opened::Prices(_) => None,
    }
}
