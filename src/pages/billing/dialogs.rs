use leptos::prelude::*;

use crate::{
    components::{Button, Dialog, Field, Icon, Note, NoteKind, Opt, Select, noscroll},
    pages::{
        confirm_dialog::{FormDialog, reason_field},
        form::{Form, FormAction},
    },
    server_fns::billing::{BillingPage as Billing, ChangeView, billing_address},
};

/// The forms of the page.
#[derive(Clone, Copy)]
pub(super) struct Forms {
    pub(super) change: FormAction,
    pub(super) withdraw: FormAction,
    pub(super) adjust: FormAction,
    pub(super) discount: FormAction,
}

/// The dialog that the address opens.
pub(super) fn opened(page: Billing, dialog: &str, forms: Forms, team: &str) -> Option<AnyView> {
    let team = team.to_owned();
    match dialog {
        "change" if page.may_change => Some(choose(page, &team)),
        "adjust" if page.may_adjust => Some(adjust(page, forms.adjust, team)),
        "discount" if page.may_adjust => Some(discount(page, forms.discount, team)),
        _ => None,
    }
}

/// Plan and seats; what they would do is shown next, before anything is saved.
fn choose(page: Billing, team: &str) -> AnyView {
    let close = billing_address(team);
    let action = close.clone();
    let plans = page.plans.iter().map(|(value, label)| Opt::new(value.clone(), label.clone())).collect();
    view! {
        <Dialog id="choose-plan" title="Plan and seats" close=close.clone()>
            <form method="get" action=action>
                <input type="hidden" name="dialog" value="review"/>
                <div class="dlg-body form">
                    <Select label="Plan" name="plan" choices=plans selected=page.chosen_plan required=true/>
                    <Field
                        label="Seats"
                        name="seats"
                        value=page.seats
                        hint="Members and pending invitations hold one each. More acts now, less at renewal."
                        required=true
                        inputmode="numeric"
                        pattern="[0-9]*"
                        maxlength=6
                        autocomplete="off"
                    />
                </div>
                <footer>
                    <a href=close class="btn" {..noscroll()}>"Cancel"</a>
                    <Button label="Show what it does" class="primary"/>
                </footer>
            </form>
        </Dialog>
    }
    .into_any()
}

/// What a change of plan and seats does, before it is saved.
#[component]
pub(super) fn ChangeDialog(team: String, view: ChangeView, action: FormAction) -> impl IntoView {
    let problems = action.problems();
    let close = billing_address(&team);
    let back = format!("{close}?dialog=change");
    let facts = view.facts.iter().map(|fact| view! { <li><Icon name="okc"/><span>{fact.clone()}</span></li> }).collect_view();
    let losing = (!view.without_seat.is_empty()).then(|| {
        let people = view.without_seat.iter().map(|email| view! { <li><Icon name="mail"/><span>{email.clone()}</span></li> }).collect_view();
        view! {
            <Note kind=NoteKind::Warn title="These invitations lose their seat." text="They keep waiting: joining works once there is one."/>
            <ul class="facts cut" aria-label="Invitations that lose their seat">{people}</ul>
        }
    });
    let stops = if view.nothing { "The team has this plan and these seats already.".to_owned() } else { view.problem.clone() };
    if !stops.is_empty() {
        return view! {
            <Dialog id="review-plan" title=view.title close=close.clone() width="w-480">
                <div class="dlg-body"><Note kind=NoteKind::Info title=stops/></div>
                <footer><a href=back class="btn" {..noscroll()}>"Back"</a></footer>
            </Dialog>
        }
        .into_any();
    }
    let class = if view.plan == crate::server_fns::billing::END { "danger" } else { "primary" };
    view! {
        <Dialog id="review-plan" title=view.title close=close.clone()>
            <Form action=action>
                <div class="dlg-body">
                    {problems.note()}
                    <input type="hidden" name="team" value=team/>
                    <input type="hidden" name="plan" value=view.plan/>
                    <input type="hidden" name="seats" value=view.seats/>
                    <ul class="facts">{facts}</ul>
                    {losing}
                </div>
                <footer>
                    <a href=close class="btn" {..noscroll()}>"Cancel"</a>
                    <Button label=view.button class=class busy=action.pending()/>
                </footer>
            </Form>
        </Dialog>
    }
    .into_any()
}

fn adjust(page: Billing, action: FormAction, team: String) -> AnyView {
    let problems = action.problems();
    view! {
        <FormDialog
            id="adjust-balance"
            title=format!("Adjust the balance of {}", page.name)
            close=billing_address(&team)
            action=action
            hidden=vec![("team", team)]
            label="Adjust balance"
        >
            <Field
                label="Amount"
                name="amount"
                value=page.typed.amount
                prefix="$"
                hint="With a minus to take away. It does not expire with the period."
                error=problems.field("amount")
                required=true
                autocomplete="off"
            />
            {reason_field(page.typed.reason, "The team reads it in its ledger.", problems)}
        </FormDialog>
    }
    .into_any()
}

fn discount(page: Billing, action: FormAction, team: String) -> AnyView {
    let value = if page.typed.percent.is_empty() { page.discount_percent } else { page.typed.percent };
    view! {
        <FormDialog
            id="set-discount"
            title=format!("Discount of {}", page.name)
            close=billing_address(&team)
            action=action
            hidden=vec![("team", team)]
            label="Save discount"
        >
            <Field
                label="Discount on all usage"
                name="percent"
                value=value
                suffix="%"
                hint="Calls that are admitted from now on have it."
                error=action.problems().field("percent")
                required=true
                inputmode="decimal"
                autocomplete="off"
            />
        </FormDialog>
    }
    .into_any()
}
