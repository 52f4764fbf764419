use leptos::prelude::*;

use crate::{
    components::{
        Badge, Button, Empty, Field, Icon, LinkButton, Note, NoteKind, Opt, PageHead, Select, SkeletonTable, TabLink, Tabs,
        TextArea, browser,
    },
    pages::{
        data::PageData,
        form::{Form, FormAction, Problems},
        query_param,
    },
    server_fns::price_lists::{ApplyPriceList, GetPriceList, PriceListLine, PriceListPage as Page, UploadPriceList},
};

const HERE: &str = "/admin/models/import";

/// `/admin/models/import`: a price list, first as a diff, then applied as far as somebody chooses.
#[component]
pub fn PriceListPage() -> impl IntoView {
    let (list, effect, text) = (query_param("list"), query_param("show"), query_param("q"));
    let upload = FormAction::to::<UploadPriceList>();
    let apply = FormAction::to::<ApplyPriceList>();
    let page = PageData::load(move || GetPriceList { list: list.get(), effect: effect.get(), text: text.get() });
    view! {
        <PageHead
            title="Import prices"
            context="Platform"
            lead="A price list in the community's format, model_prices_and_context_window.json. Nothing changes before you choose."
        >
            <LinkButton label="Back to models" href="/admin/models"/>
        </PageHead>
        {page.page(
            || view! { <SkeletonTable/> }.into_any(),
            move |page| if page.id.is_empty() { upload_form(upload) } else { preview(page, text.get_untracked(), apply) },
        )}
    }
}

fn upload_form(action: FormAction) -> AnyView {
    let problems = action.problems();
    view! {
        <section class="card narrow-page" aria-label="Price list">
            <Form action=action>
                <div class="body form">
                    {problems.note()}
                    <div class="field needs-js">
                        <span class="label"><label for="price-list-file">"File"</label></span>
                        <div class="in file">
                            <input
                                type="file"
                                id="price-list-file"
                                accept=".json,application/json"
                                on:change=|event| browser::fill_from_file(&event, "price-list")
                            />
                        </div>
                        <p class="hint">"Its text appears below. At most 4 MiB."</p>
                    </div>
                    <TextArea
                        label="Or paste its text"
                        name="price_list"
                        id="price-list"
                        rows=10
                        required=true
                        code=true
                        hint="A JSON object of models with input_cost_per_token and output_cost_per_token."
                        error=problems.field("price_list")
                    />
                </div>
                <footer class="form-foot">
                    <Button label="Preview changes" class="primary" busy=action.pending()/>
                </footer>
            </Form>
        </section>
    }
    .into_any()
}

fn preview(page: Page, text: String, action: FormAction) -> AnyView {
    let address = |word: &str| format!("{HERE}?list={}&show={word}", page.id);
    let tabs =
        page.tabs.iter().map(|tab| TabLink { label: tab.label.clone(), href: address(&tab.word), here: tab.here }).collect();
    let shown = match (page.rows.len(), page.found) {
        (shown, found) if shown < found => format!("The first {shown} of {found}. Search to see others."),
        (1, _) => "1 row".to_owned(),
        (shown, _) => format!("{shown} rows"),
    };
    let problems = action.problems();
    let (can_apply, is_empty) = (page.can_apply, page.rows.is_empty());
    let checked = !page.is_new;
    let rows = page.rows.into_iter().enumerate().map(|(at, line)| row(at, line, can_apply, checked)).collect_view();
    let choose = can_apply.then(|| view! { <th role="columnheader" scope="col"><span class="vh">"Apply"</span></th> });
    let table = if is_empty {
        view! { <Empty title="No rows here" text="Choose another kind of row above, or search for another name."/> }.into_any()
    } else {
        view! {
            <div class="tbl-wrap whole">
                <table class="tbl stack" role="table">
                    <thead role="rowgroup">
                        <tr role="row">
                            {choose}
                            <th role="columnheader" scope="col">"Model"</th>
                            <th role="columnheader" scope="col" class="n">"In / out per 1M tokens now"</th>
                            <th role="columnheader" scope="col" class="n">"In the list"</th>
                            <th role="columnheader" scope="col">"Note"</th>
                        </tr>
                    </thead>
                    <tbody role="rowgroup">{rows}</tbody>
                </table>
            </div>
            <div class="tfoot"><span role="status">{shown}</span></div>
        }
        .into_any()
    };
    let id = page.id.clone();
    let body = if can_apply && !is_empty {
        let controls = controls(page.is_new, &page.providers, problems);
        view! {
            <Form action=action>
                <input type="hidden" name="list" value=id/>
                {problems.note()}
                {move || problems.field("models").get().map(|text| view! { <Note kind=NoteKind::Danger title=text/> })}
                <section class="card" aria-label="Rows of the list">{table}</section>
                <section class="card narrow-page" aria-label="Apply">
                    <div class="body form">{controls}</div>
                    <footer class="form-foot">
                        <Button label="Apply the checked rows" class="primary" busy=action.pending()/>
                    </footer>
                </section>
            </Form>
        }
        .into_any()
    } else {
        view! { <section class="card" aria-label="Rows of the list">{table}</section> }.into_any()
    };
    view! {
        <Tabs label="Rows" links=tabs/>
        <form class="filters" method="get" action=HERE aria-label="Find rows" role="search">
            <input type="hidden" name="list" value=page.id.clone()/>
            <input type="hidden" name="show" value=page.effect.clone()/>
            <label class="in sm find">
                <Icon name="search" class="i-14"/>
                <input type="search" name="q" value=text placeholder="Name" aria-label="Find a model"/>
            </label>
            <button class="btn" type="submit">"Find"</button>
        </form>
        {body}
    }
    .into_any()
}

fn controls(is_new: bool, providers: &[String], problems: Problems) -> AnyView {
    let provider = is_new.then(|| {
        let mut choices: Vec<Opt> = providers.iter().map(|name| Opt::new(name.clone(), name.clone())).collect();
        choices.insert(0, Opt::new("", "Choose one"));
        view! {
            <Select
                label="Provider of the new models"
                name="provider"
                id="price-list-provider"
                choices=choices
                hint="It knows them by the names of the list. Organizations take them in as their policy says."
                error=problems.field("provider")
            />
        }
    });
    view! {
        {provider}
        <Field
            label="Prices hold from"
            name="from"
            id="price-list-from"
            kind="date"
            optional=true
            hint="Midnight UTC of that day. Empty: at once. What held before stays in the history."
            error=problems.field("from")
        />
    }
    .into_any()
}

fn row(at: usize, line: PriceListLine, can_apply: bool, checked: bool) -> AnyView {
    let PriceListLine { name, before, after, note, restricts } = line;
    let label = format!("Apply {name}");
    let value = name.clone();
    let choose = can_apply.then(|| {
        view! {
            <td role="cell" class="act">
                <input type="checkbox" name=format!("models[{at}]") value=value checked=checked aria-label=label/>
            </td>
        }
    });
    let badge = restricts.then(|| view! { <Badge text="Becomes restricted" tone="warn" icon="lock"/> });
    view! {
        <tr role="row">
            {choose}
            <td role="cell" class="lead"><span class="name">{name}</span></td>
            <td role="cell" class="n">{before}</td>
            <td role="cell" class="n">{after}</td>
            <td role="cell" class="sub">{badge}" "{note}</td>
        </tr>
    }
    .into_any()
}
