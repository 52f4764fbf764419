//! Requests for higher budgets: asking, and deciding.

use leptos::prelude::*;

use crate::{
    components::{
        Badge, Button, Dialog, Empty, Field, Icon, Opt, Select, StackTable, TextArea, Who, actions_head, head, noscroll,
    },
    pages::form::{Form, FormAction},
    server_fns::budget_requests::{
        BudgetRequestLine, BudgetRequests, DecideBudgetRequest, RequestBudget, WithdrawBudgetRequest, requests_address,
    },
};

/// The forms of the view.
#[derive(Clone, Copy)]
pub(super) struct RequestForms {
    pub ask: FormAction,
    pub decide: FormAction,
    pub withdraw: FormAction,
}

impl RequestForms {
    pub fn new() -> Self {
        Self {
            ask: FormAction::to::<RequestBudget>(),
            decide: FormAction::to::<DecideBudgetRequest>(),
            withdraw: FormAction::to::<WithdrawBudgetRequest>(),
        }
    }

    /// How often something was answered.
    pub fn versions(self) -> u32 {
        self.ask.version() + self.decide.version() + self.withdraw.version()
    }
}

/// The list.
pub(super) fn list(page: &BudgetRequests, team: &str, forms: RequestForms) -> AnyView {
    let ask = (!page.choices.is_empty()).then(|| {
        let href = format!("{}&dialog=ask", requests_address(team));
        view! { <a href=href class="btn" {..noscroll()}><Icon name="plus"/>"Ask for more"</a> }
    });
    let body = if page.rows.is_empty() {
        let text = match (page.may_ask, page.choices.is_empty()) {
            (true, true) => "No budget is set on you, your keys or this team: there is nothing to raise.",
            _ => "Whoever needs a higher budget asks here; who decides gets a mail.",
        };
        view! { <Empty title="No requests yet" text=text/> }.into_any()
    } else {
        let heads = vec![head("Asked by", ""), head("Budget", ""), head("Reason", ""), head("State", ""), actions_head()];
        let rows = page.rows.iter().map(|line| row(line, team, forms)).collect_view().into_any();
        view! { <StackTable heads=heads rows=rows class="asked"/> }.into_any()
    };
    view! {
        {forms.withdraw.problems().note()}
        <section class="card" aria-labelledby="requests-h">
            <header><h2 id="requests-h">"Requests for higher budgets"</h2><div class="end">{ask}</div></header>
            {body}
        </section>
    }
    .into_any()
}

fn row(line: &BudgetRequestLine, team: &str, forms: RequestForms) -> AnyView {
    let state = match line.tone.as_str() {
        "warn" => view! { <Badge text=line.state.clone() tone="warn" icon="clock"/> }.into_any(),
        "ok" => view! { <Badge text=line.state.clone() tone="ok" icon="okc"/> }.into_any(),
        "danger" => view! { <Badge text=line.state.clone() tone="danger" icon="x"/> }.into_any(),
        _ => view! { <Badge text=line.state.clone()/> }.into_any(),
    };
    let link = |dialog: &str| format!("{}&dialog={dialog}&id={}", requests_address(team), line.id);
    let decide = line.may_decide.then(|| {
        let (yes, no) =
            (format!("Approve {} for {}", line.wanted, line.whose), format!("Decline {} for {}", line.wanted, line.whose));
        view! {
            <a aria-label=yes href=link("approve") class="btn sm" {..noscroll()}><Icon name="check"/>"Approve"</a>
            <a aria-label=no href=link("decline") class="btn sm ghost" {..noscroll()}>"Decline"</a>
        }
    });
    let withdraw = line.may_withdraw.then(|| {
        let (team, id) = (team.to_owned(), line.id.clone());
        view! {
            <Form action=forms.withdraw>
                <input type="hidden" name="team" value=team/>
                <input type="hidden" name="id" value=id/>
                <Button label="Withdraw" class="sm ghost" icon="x" busy=forms.withdraw.pending()/>
            </Form>
        }
    });
    let note = (!line.note.is_empty()).then(|| view! { <small class="mute">{format!("“{}”", line.note)}</small> });
    let about = format!("{}, {}", line.whose, line.until);
    view! {
        <tr role="row">
            <td role="cell" class="lead" title=line.asked_title.clone()>
                <Who name=line.user_name.clone() id=line.user.clone() detail=line.asked.clone()/>
            </td>
            <td role="cell" class="meta"><span class="name">{line.wanted.clone()}</span><small>{about}</small></td>
            <td role="cell" class="meta why">{line.reason.clone()}</td>
            <td role="cell" class="meta why"><span class="nowrap">{state}</span>" "<small>{line.detail.clone()}</small>{note}</td>
            <td role="cell" class="meta"><div class="acts">{decide}{withdraw}</div></td>
        </tr>
    }
    .into_any()
}

/// The dialog that the address opens.
pub(super) fn opened(page: &BudgetRequests, team: String, dialog: &str, id: &str, forms: RequestForms) -> Option<AnyView> {
    let line = || page.rows.iter().find(|line| line.id == id && line.may_decide).cloned();
    match dialog {
        "ask" if !page.choices.is_empty() => Some(view! { <AskDialog team=team page=page.clone() action=forms.ask/> }.into_any()),
        "approve" | "decline" => {
            let approve = dialog == "approve";
            line().map(|line| view! { <DecideDialog team=team line=line approve=approve action=forms.decide/> }.into_any())
        }
        _ => None,
    }
}

#[component]
fn AskDialog(team: String, page: BudgetRequests, action: FormAction) -> impl IntoView {
    let close = requests_address(&team);
    let problems = action.problems();
    let mut typed = if problems.any() { page.typed } else { vec![] }.into_iter();
    let [of, amount, reason, until] = [(); 4].map(|()| typed.next().unwrap_or_default());
    let choices = page.choices.into_iter().map(|(value, label)| Opt::new(value, label)).collect();
    view! {
        <Dialog id="ask-budget" title="Ask for a higher budget" close=close.clone()>
            <Form action=action>
                <div class="dlg-body">
                    {problems.note()}
                    <input type="hidden" name="team" value=team/>
                    <Select label="Budget" name="of" choices=choices selected=of error=problems.field("of")/>
                    <div class="two">
                        <Field
                            label="New amount"
                            name="amount"
                            value=amount
                            prefix="$"
                            error=problems.field("amount")
                            required=true
                            inputmode="decimal"
                            maxlength=20
                            autocomplete="off"
                        />
                        <Field
                            label="Only until"
                            name="until"
                            id="ask-until"
                            kind="date"
                            value=until
                            optional=true
                            hint="Then the present budget is back."
                            error=problems.field("until")
                        />
                    </div>
                    <TextArea
                        label="Reason"
                        name="reason"
                        value=reason
                        rows=3
                        maxlength=1000
                        required=true
                        hint="Who decides reads it."
                        error=problems.field("reason")
                    />
                </div>
                <footer>
                    <a href=close class="btn" {..noscroll()}>"Cancel"</a>
                    <Button label="Send request" class="primary" busy=action.pending()/>
                </footer>
            </Form>
        </Dialog>
    }
}

#[component]
fn DecideDialog(team: String, line: BudgetRequestLine, approve: bool, action: FormAction) -> impl IntoView {
    let close = requests_address(&team);
    let problems = action.problems();
    let (title, label) =
        if approve { (format!("Approve {}?", line.wanted), "Approve") } else { (format!("Decline {}?", line.wanted), "Decline") };
    let lead = format!("{} asks for {}, {}: “{}”", line.user_name, line.whose, line.until, line.reason);
    let inputs = approve.then(|| {
        view! {
            <div class="two">
                <Field
                    label="Amount"
                    name="amount"
                    id="given"
                    value=line.amount
                    prefix="$"
                    hint="As much as was asked for, or less."
                    error=problems.field("amount")
                    inputmode="decimal"
                    maxlength=20
                    autocomplete="off"
                />
                <Field
                    label="Until"
                    name="until"
                    id="given-until"
                    kind="date"
                    value=line.until_day
                    optional=true
                    hint="Empty: for good."
                    error=problems.field("until")
                />
            </div>
        }
    });
    let budget = problems.field("budget");
    view! {
        <Dialog id="decide-budget" title=title close=close.clone()>
            <Form action=action>
                <div class="dlg-body">
                    {problems.note()}
                    {move || budget.get().map(|text| view! { <p class="err" role="alert"><Icon name="alert"/><span>{text}</span></p> })}
                    <p class="sub">{lead}</p>
                    <input type="hidden" name="team" value=team/>
                    <input type="hidden" name="id" value=line.id/>
                    <input type="hidden" name="approve" value=approve.to_string()/>
                    {inputs}
                    <TextArea label="Note" name="note" rows=2 maxlength=1000 optional=approve required=!approve error=problems.field("note")/>
                </div>
                <footer>
                    <a href=close class="btn" {..noscroll()}>"Cancel"</a>
                    <Button label=label class="primary" busy=action.pending()/>
                </footer>
            </Form>
        </Dialog>
    }
}
