use leptos::prelude::*;

use crate::{
    components::{
        Badge, Button, Checkbox, Field, Icon, Note, NoteKind, PageHead, Quiet, SkeletonBlock, StackTable, actions_head, head,
        noscroll,
    },
    pages::{
        confirm_dialog::{FormDialog, reason_field},
        data::PageData,
        form::{Form, FormAction},
        query_param,
    },
    server_fns::plans::{DecidePlanRequest, GetPlans, PlanLine, PlansPage as Plans, SavePlan, WaitingPlan},
};

const PLANS: &str = "/admin/plans";

/// `/admin/plans`: plans, what waits of them, and whether the books balance.
#[component]
pub fn PlansPage() -> impl IntoView {
    let (dialog, chosen, done) = (query_param("dialog"), query_param("id"), query_param("done"));
    let save = FormAction::to::<SavePlan>();
    let decide = FormAction::to::<DecidePlanRequest>();
    let worked =
        |form: FormAction| Memo::new(move |times: Option<&u32>| times.copied().unwrap_or_default() + u32::from(form.worked()));
    let changes = [save, decide].map(worked);
    let plans = PageData::load_again(move || changes.iter().map(|times| times.get()).sum(), || GetPlans {});
    view! {
        {plans.page(|| view! { <SkeletonBlock height=480/> }.into_any(), move |page| content(page, done, decide))}
        {plans
            .dialog(
                move || {
                    dialog.track();
                    chosen.track();
                },
                move |page| opened(page, &dialog.get_untracked(), &chosen.get_untracked(), save, decide),
            )}
    }
}

fn content(page: Plans, done: Memo<String>, decide: FormAction) -> AnyView {
    let said = move || {
        let title = match done.get().as_str() {
            "saved" => "The plan is saved. Teams that are on it have the new terms from their next renewal on.",
            "approved" => "Approved. It acts from now on.",
            "declined" => "Declined.",
            _ => return None,
        };
        Some(view! { <Note kind=NoteKind::Ok title=title/> })
    };
    let books = if page.differences.is_empty() {
        (!page.books.is_empty()).then(|| view! { <p><Quiet text=page.books.clone()/></p> }.into_any())
    } else {
        let rows =
            page.differences.iter().map(|text| view! { <li><Icon name="alert"/><span>{text.clone()}</span></li> }).collect_view();
        Some(
            view! {
                <Note kind=NoteKind::Danger title=format!("{}.", page.books) text="Nothing was put right by itself. tallygate doctor says more."/>
                <ul class="facts">{rows}</ul>
            }
            .into_any(),
        )
    };
    let heads = vec![
        head("Plan", ""),
        head("Price per seat", "n"),
        head("Included per seat", "n"),
        head("Teams", "n"),
        head("Change by owners", ""),
        actions_head(),
    ];
    let rows = page.plans.into_iter().map(row).collect_view().into_any();
    view! {
        <PageHead title="Plans" context="Platform" lead="What a seat costs and what usage comes with it, per period. An edited plan acts from a team's next renewal.">
            <a class="btn primary" href=format!("{PLANS}?dialog=plan") {..noscroll()}><Icon name="plus"/>"Add plan"</a>
        </PageHead>
        <div class="grid">
            {said}
            {books}
            {waiting(page.waiting, decide)}
            <section class="card" aria-label="Plans"><StackTable heads=heads rows=rows/></section>
        </div>
    }
    .into_any()
}

fn row(plan: PlanLine) -> AnyView {
    let closed = (!plan.active).then(|| view! { " "<Badge text="Closed"/> });
    let by = if plan.self_service { "At once" } else { "A platform admin approves" };
    let href = format!("{PLANS}?dialog=plan&id={}", plan.id);
    view! {
        <tr role="row">
            <td role="cell" class="lead"><b>{plan.name.clone()}</b>{closed}</td>
            <td role="cell" class="n num">{plan.price}</td>
            <td role="cell" class="n num">{plan.usage}</td>
            <td role="cell" class="n num">{plan.teams}</td>
            <td role="cell">{by}</td>
            <td role="cell" class="acts"><a class="btn sm" href=href aria-label=format!("Edit {}", plan.name) {..noscroll()}>"Edit"</a></td>
        </tr>
    }
    .into_any()
}

fn waiting(waiting: Vec<WaitingPlan>, decide: FormAction) -> Option<AnyView> {
    if waiting.is_empty() {
        return None;
    }
    let heads = vec![head("Team", ""), head("Wants", ""), head("Asked", ""), actions_head()];
    let rows = waiting
        .into_iter()
        .map(|request| {
            let decline = format!("{PLANS}?dialog=decline&id={}", request.id);
            view! {
                <tr role="row">
                    <td role="cell" class="lead"><a class="name" href=request.href>{request.team}</a></td>
                    <td role="cell">{request.wanted}</td>
                    <td role="cell" class="sub">{request.asked}</td>
                    <td role="cell" class="acts">
                        <a href=decline class="btn sm" {..noscroll()}>"Decline"</a>
                        <Form action=decide>
                            <input type="hidden" name="id" value=request.id/>
                            <input type="hidden" name="approve" value="true"/>
                            <Button label="Approve" class="sm" busy=decide.pending()/>
                        </Form>
                    </td>
                </tr>
            }
        })
        .collect_view()
        .into_any();
    let view = view! {
        <section class="card" aria-labelledby="waiting-h">
            <header><h2 id="waiting-h">"Waiting for you"</h2></header>
            {decide.problems().note()}
            <StackTable heads=heads rows=rows/>
        </section>
    };
    Some(view.into_any())
}

fn opened(page: Plans, dialog: &str, id: &str, save: FormAction, decide: FormAction) -> Option<AnyView> {
    match dialog {
        "plan" => Some(edit(&page, id, save)),
        "decline" => page.waiting.iter().find(|request| request.id == id).map(|request| decline(&page, request, decide)),
        _ => None,
    }
}

fn edit(page: &Plans, id: &str, action: FormAction) -> AnyView {
    let problems = action.problems();
    let plan = page.plans.iter().find(|plan| plan.id == id).cloned();
    let title = plan.as_ref().map_or("Add plan".to_owned(), |plan| format!("Edit {}", plan.name));
    let typed = |typed: &String, stored: fn(&PlanLine) -> &String| match (typed.is_empty(), &plan) {
        (true, Some(plan)) => stored(plan).clone(),
        _ => typed.clone(),
    };
    let name = typed(&page.typed.name, |plan| &plan.name);
    let price = typed(&page.typed.seat_price, |plan| &plan.price_typed);
    let usage = typed(&page.typed.included_usage, |plan| &plan.usage_typed);
    let (self_service, active) = plan.as_ref().map_or((false, true), |plan| (plan.self_service, plan.active));
    let id = plan.map(|plan| plan.id).unwrap_or_default();
    view! {
        <FormDialog id="edit-plan" title=title close=PLANS action=action hidden=vec![("id", id)] label="Save plan">
            <Field label="Name" name="name" value=name error=problems.field("name") required=true maxlength=40 autocomplete="off"/>
            <Field
                label="Price per seat and period"
                name="seat_price"
                value=price
                prefix="$"
                error=problems.field("seat_price")
                required=true
                inputmode="decimal"
                autocomplete="off"
            />
            <Field
                label="Usage included per seat and period"
                name="included_usage"
                value=usage
                prefix="$"
                error=problems.field("included_usage")
                required=true
                inputmode="decimal"
                autocomplete="off"
            />
            <Checkbox
                label="Owners change to it without asking"
                name="self_service"
                checked=self_service
                hint="Otherwise the plan, and more of its seats, wait for a platform admin."
            />
            <Checkbox label="Teams can choose it" name="active" checked=active hint="Teams that have it keep it."/>
        </FormDialog>
    }
    .into_any()
}

fn decline(page: &Plans, request: &WaitingPlan, action: FormAction) -> AnyView {
    let reason = page.typed.reason.clone();
    view! {
        <FormDialog
            id="decline-plan"
            title=format!("Decline {} for {}?", request.wanted, request.team)
            close=PLANS
            action=action
            hidden=vec![("id", request.id.clone())]
            label="Decline"
            danger=true
        >
            {reason_field(reason, "Whoever asked gets it by mail.", action.problems())}
        </FormDialog>
    }
    .into_any()
}
