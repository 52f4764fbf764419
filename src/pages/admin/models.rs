use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use super::{
    Opened,
    model_dialog::ModelDialog,
    model_prices::{DeleteModelDialog, PricesDialog},
};
use crate::{
    components::{
        Badge, Empty, Icon, LinkButton, Menu, Opt, PageHead, Pager, PickBox, Quiet, Search, SkeletonTable, noscroll, shown_of,
    },
    domain::{
        catalog::{Modality, ModelView, Prices, Tier},
        format,
    },
    pages::{
        data::{PageData, nothing},
        failure::encode,
        form::FormAction,
    },
    server_fns::catalog::{DeleteModel, ListCatalogModels, ListModelPrices, ModelsPage as Page, PriceLine, SaveModel},
};

/// So many models can be looked through without a search.
const FEW: usize = 20;

/// The forms of the page.
#[derive(Clone, Copy)]
struct Forms {
    save: FormAction,
    remove: FormAction,
}

/// What narrows the list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Query {
    text: String,
    tier: String,
    cursor: String,
}

impl Query {
    /// The address of the list, up to what opens a dialog on it.
    fn address(&self, cursor: &str) -> String {
        let Self { text, tier, .. } = self;
        let values = [("q", text.as_str()), ("tier", tier), ("cursor", cursor)];
        let values = values.into_iter().filter(|(_, value)| !value.is_empty());
        let values: Vec<String> = values.map(|(name, value)| format!("{name}={}", encode(value))).collect();
        if values.is_empty() { "/admin/models".into() } else { format!("/admin/models?{}", values.join("&")) }
    }

    fn here(&self) -> String {
        self.address(&self.cursor)
    }

    fn dialog(&self, dialog: &str, id: &str) -> String {
        let here = self.here();
        let sign = if here.contains('?') { '&' } else { '?' };
        format!("{here}{sign}dialog={dialog}&id={id}")
    }

    fn narrows(&self) -> bool {
        !self.text.is_empty() || !self.tier.is_empty()
    }
}

/// `/admin/models`: the catalog with its prices.
#[component]
pub fn ModelsPage() -> impl IntoView {
    let address = use_query_map();
    let opened = Memo::new(move |_| Opened::of(&address.get()));
    let query = Memo::new(move |_| {
        let values = address.read();
        let value = |name| values.get(name).unwrap_or_default();
        Query { text: value("q"), tier: value("tier"), cursor: value("cursor") }
    });
    let (save, remove) = (FormAction::to::<SaveModel>(), FormAction::to::<DeleteModel>());
    let forms = Forms { save, remove };
    // Later dialogs are about models of the list.
    let first = match opened.get_untracked() {
        Opened::Edit(id) | Opened::Delete(id) => id,
        _ => String::new(),
    };
    let models = PageData::load_again(
        move || save.version() + remove.version(),
        move || {
            let Query { text, tier, cursor } = query.get();
            ListCatalogModels { text, tier, cursor, opened: first.clone() }
        },
    );
    let priced = Memo::new(move |_| match opened.get() {
        Opened::Prices(id) => id,
        _ => String::new(),
    });
    let prices = PageData::load(move || ListModelPrices { id: priced.get() });
    view! {
        <PageHead title="Models and prices" context="Platform" lead="What can be called, at which price. A model without a price can not be called.">
            <LinkButton label="Import prices" href="/admin/models/import"/>
            <LinkButton label="Add model" href="/admin/models?dialog=create" class="primary" icon="plus"/>
        </PageHead>
        {models.page(|| view! { <SkeletonTable/> }.into_any(), move |page| content(&page, &query.get_untracked()))}
        {models.dialog(move || opened.track(), move |page| dialog(opened.get_untracked(), page, &query.get_untracked(), forms))}
        {prices.part(nothing, |_| nothing(), move |lines| history(lines, &priced.get_untracked(), &query.get_untracked()))}
    }
}

fn content(page: &Page, query: &Query) -> AnyView {
    if !page.any {
        return empty(page.providers.is_empty());
    }
    let filter = (query.narrows() || page.found > FEW).then(|| {
        let any = std::iter::once(Opt::new("", "Any"));
        let (text, tier, filtered) = (query.text.clone(), query.tier.clone(), query.narrows());
        let tiers = any.chain(Tier::ALL.map(|tier| Opt::new(tier.as_str(), tier.label()))).collect();
        view! {
            <Search
                address="/admin/models"
                label="Find models"
                input="Find a model"
                placeholder="Name"
                text=text
                filtered=filtered
            >
                <PickBox label="Tier" name="tier" choices=tiers selected=tier/>
            </Search>
        }
    });
    if page.models.is_empty() {
        let text = "Another name or tier may.";
        return view! { {filter} <section class="card"><Empty title="No model matches" text=text/></section> }.into_any();
    }
    let older = page.next.as_ref().map(|cursor| query.address(cursor));
    let newer = (!query.cursor.is_empty()).then(|| query.address(""));
    let summary = shown_of(i64::try_from(page.found).unwrap_or(i64::MAX), page.models.len(), "model");
    let pager = (query.narrows() || older.is_some() || newer.is_some())
        .then(|| view! { <Pager summary=summary newer=newer older=older/> });
    view! {
        {filter}
        {table(page, query, pager.into_any())}
    }
    .into_any()
}

fn empty(no_provider: bool) -> AnyView {
    if no_provider {
        return view! {
            <Empty title="No models yet" text="A model is served by a provider, so add a provider first.">
                <LinkButton label="Add provider" href="/admin/providers?dialog=create" icon="plus"/>
            </Empty>
        }
        .into_any();
    }
    view! {
        <Empty title="No models yet" text="Give a model its name, its prices and the provider that serves it.">
            <LinkButton label="Add model" href="/admin/models?dialog=create" icon="plus"/>
        </Empty>
    }
    .into_any()
}

fn table(page: &Page, query: &Query, pager: AnyView) -> AnyView {
    let groups = Tier::ALL.into_iter().map(|tier| group(tier, page, query)).collect_view();
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
            {pager}
        </section>
    }
    .into_any()
}

fn group(tier: Tier, page: &Page, query: &Query) -> Option<AnyView> {
    let models: Vec<&ModelView> = page.models.iter().filter(|model| model.tier == tier).collect();
    if models.is_empty() {
        return None;
    }
    // Of a list in pages nobody counts what is on this one.
    let whole = page.next.is_none() && query.cursor.is_empty();
    let count = whole.then(|| shown_of(i64::try_from(models.len()).unwrap_or(i64::MAX), models.len(), "model"));
    let rows = models.into_iter().map(|model| row(model, query)).collect_view();
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

fn row(model: &ModelView, query: &Query) -> AnyView {
    let address = |dialog: &str| query.dialog(dialog, &model.id.to_string());
    let edit = address("edit");
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
    let (prices, delete) = (address("prices"), address("delete"));
    let coming = model.next_prices.as_ref().map(|next| {
        let prices = in_words(next.prices, model.modality);
        view! { <small>{format!("from {}: {prices}", format::date(next.from))}</small> }
    });
    view! {
        <tr role="row">
            <td role="cell" class="lead">
                <a class="name" href=edit.clone() {..noscroll()}>{model.name.clone()}</a>
                {aliases}
            </td>
            <td role="cell" class="sub drop">{model.modality.kinds()}</td>
            <td role="cell" class="sub drop">{served}</td>
            <td role="cell" class="n">{in_words(model.prices, model.modality)}{coming}</td>
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

fn in_words(prices: Prices, modality: Modality) -> String {
    let (price, more) = prices.in_words(modality);
    format!("{price} {more}").trim_end().to_owned()
}

/// The dialog with a model's prices, where the address opens it.
fn history(lines: Vec<PriceLine>, id: &str, query: &Query) -> AnyView {
    let Some(model) = lines.first().map(|line| line.model.clone()).filter(|_| !id.is_empty()) else { return nothing() };
    view! { <PricesDialog model=model edit=query.dialog("edit", id) close=query.here() lines=lines/> }.into_any()
}

fn dialog(opened: Opened, page: Page, query: &Query, forms: Forms) -> Option<AnyView> {
    let Forms { save, remove } = forms;
    let Page { models, opened: first, providers, typed, .. } = page;
    let close = query.here();
    let find = |id: String| models.into_iter().chain(first).find(|model| model.id.to_string() == id);
    match opened {
        Opened::Create => {
            Some(view! { <ModelDialog model=None typed=typed providers=providers close=close action=save/> }.into_any())
        }
        Opened::Edit(id) => {
            let model = find(id)?;
            Some(view! { <ModelDialog model=Some(model) typed=typed providers=providers close=close action=save/> }.into_any())
        }
        Opened::Delete(id) => {
            let name = find(id.clone())?.name;
            Some(view! { <DeleteModelDialog id=id name=name close=close action=remove/> }.into_any())
        }
        Opened::None | Opened::Prices(_) => None,
    }
}
