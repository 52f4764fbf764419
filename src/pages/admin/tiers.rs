use leptos::prelude::*;

use crate::{
    components::{Badge, Button, Empty, Field, PageHead, Quiet, SkeletonTable, StackTable, head, use_toaster},
    pages::{
        data::PageData,
        form::{Form, FormAction},
    },
    server_fns::{
        catalog::SavePriceThreshold,
        tiers::{ListTiers, TierLine, TiersPage as Page},
    },
};

/// `/admin/tiers`: the tiers in their order, what state their models come in with, and the price above which any model is restricted.
#[component]
pub fn TiersPage() -> impl IntoView {
    let threshold = FormAction::to::<SavePriceThreshold>();
    let page = PageData::load_again(move || threshold.version(), || ListTiers {});
    let toaster = use_toaster();
    Effect::new(move |_| {
        if threshold.worked() {
            toaster.show("Saved. It acts on models and prices that are entered from now on.");
        }
    });
    page.page(
        || view! { <section class="card"><SkeletonTable rows=3/></section> }.into_any(),
        move |page| content(page, threshold),
    )
}

fn content(page: Page, action: FormAction) -> AnyView {
    view! {
        <PageHead
            title="Tiers"
            context="Platform"
            lead="How costly and how special models are. A tier decides in which state its models come into an organization."
        />
        <div class="grid g-rail">
            {list(&page)}
            {threshold(page.threshold, action)}
        </div>
    }
    .into_any()
}

fn list(page: &Page) -> AnyView {
    if page.tiers.iter().all(|tier| tier.models == "0") {
        let empty = "Each model belongs to a tier. Add models first.";
        return view! {
            <section class="card">
                <Empty title="No models yet" text=empty><a class="btn" href="/admin/models">"Open models"</a></Empty>
            </section>
        }
        .into_any();
    }
    let heads = vec![
        head("Tier", ""),
        head("New models come in", ""),
        head("Models", "n"),
        head("Restricted", "n"),
        head("Dearest price", "n"),
    ];
    let rows = page.tiers.iter().map(row).collect_view().into_any();
    view! { <section class="card" aria-label="Tiers"><StackTable heads=heads rows=rows class="tiers"/></section> }.into_any()
}

fn row(tier: &TierLine) -> AnyView {
    let state = if tier.restricted_by_default {
        view! { <Badge text="By approval" tone="line" icon="lock"/> }.into_any()
    } else {
        view! { <Quiet text="Open"/> }.into_any()
    };
    let summary = format!("{} models, {} restricted, dearest {}", tier.models, tier.restricted, tier.dearest);
    view! {
        <tr role="row">
            <td role="cell" class="lead">
                <a class="name" href=tier.models_address.clone()>{tier.name.clone()}</a>
                <small>{tier.purpose.clone()}</small>
            </td>
            <td role="cell" class="meta">{state}<small class="line">{tier.how.clone()}</small></td>
            <td role="cell" class="n drop">{tier.models.clone()}</td>
            <td role="cell" class="n drop">{tier.restricted.clone()}</td>
            <td role="cell" class="n drop" title=tier.dearest_model.clone()>{tier.dearest.clone()}</td>
            <td role="cell" class="meta only-m">{summary}</td>
        </tr>
    }
    .into_any()
}

fn threshold(value: String, action: FormAction) -> AnyView {
    let problems = action.problems();
    view! {
        <section class="card" aria-labelledby="threshold-h">
            <header><h2 id="threshold-h">"Costly models"</h2></header>
            <Form action=action>
                <div class="body form">
                    {problems.note()}
                    <Field
                        label="Restricted above"
                        name="restricted_above"
                        inputmode="decimal"
                        prefix="$"
                        suffix="per 1M tokens"
                        value=value
                        optional=true
                        hint="For the dearest of a model's prices, in every tier. Empty: no price restricts."
                        error=problems.field("restricted_above")
                    />
                    <div><Button label="Save" class="primary" busy=action.pending()/></div>
                </div>
            </Form>
        </section>
    }
    .into_any()
}
