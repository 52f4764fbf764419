use leptos::prelude::*;

use super::Forms;
use crate::{
    components::{Button, Choice, Dialog, Field, Icon, RadioGroup, TextArea, noscroll},
    pages::form::{Form, FormAction},
    server_fns::access_requests::{GrantLine, RequestLine, RequestsPage as Requests, requests_address},
};

/// The dialog that the address opens.
pub(super) fn opened(page: Requests, dialog: &str, id: &str, place: &str, forms: Forms) -> Option<AnyView> {
    let back = format!("{}?show={}", requests_address(place), page.show);
    match dialog {
        "approve" | "decline" => {
            let row = page.rows.into_iter().find(|row| row.id == id && row.may_decide)?;
            let typed = (page.typed_note, page.typed_until);
            Some(if dialog == "approve" {
                approve_dialog(&row, typed, back, forms.decide)
            } else {
                decline_dialog(&row, typed.0, back, forms.decide)
            })
        }
        "end" => {
            let grant = page.grants.into_iter().find(|grant| grant.id == id && grant.may_end)?;
            Some(view! { <EndDialog grant=grant back=back action=forms.end/> }.into_any())
        }
        _ => None,
    }
}

fn asked(row: &RequestLine) -> AnyView {
    let whom = if row.for_team { " for the whole team" } else { "" };
    let words = format!("{} asked {}{whom}, {}.", row.user_name, row.asked, row.wanted);
    let reason = format!("“{}”", row.reason);
    view! { <p class="panel with-icon"><Icon name="user"/><span>{words}<br/><span class="sub">{reason}</span></span></p> }
        .into_any()
}

/// What both decisions are made of: the request, what is filled in, and the button.
fn decision(row: &RequestLine, approve: bool, back: String, action: FormAction, fields: AnyView) -> AnyView {
    let (id, verb, label, class) = if approve {
        ("approve", "Approve", "Approve request", "primary")
    } else {
        ("decline", "Decline", "Decline request", "danger")
    };
    let hidden = [("team", row.team.clone()), ("id", row.id.clone()), ("approve", approve.to_string()), ("back", back.clone())];
    let hidden = hidden.map(|(name, value)| view! { <input type="hidden" name=name value=value/> }).into_iter().collect_view();
    let (title, said) = (format!("{verb} {}?", row.model), asked(row));
    view! {
        <Dialog id=id title=title close=back.clone() width="w-480">
            <Form action=action>
                <div class="dlg-body">
                    {action.problems().note()}
                    {said}
                    {hidden}
                    {fields}
                </div>
                <footer>
                    <a href=back class="btn" {..noscroll()}>"Cancel"</a>
                    <Button label=label class=class busy=action.pending()/>
                </footer>
            </Form>
        </Dialog>
    }
    .into_any()
}

/// `typed` are note and last day that were refused just now.
fn approve_dialog(row: &RequestLine, typed: (String, String), back: String, action: FormAction) -> AnyView {
    let problems = action.problems();
    let (note, until) = if problems.any() { typed } else { (String::new(), row.wanted_day.clone()) };
    let whom = row.to_team.then(|| {
        let choices = vec![
            Choice::new("false", "The whole team").hint("Every member and key of it."),
            Choice::new("true", row.user_name.clone()).hint("And nobody else."),
        ];
        view! { <RadioGroup label="For" name="only_asker" choices=choices selected="false"/> }
    });
    let hint = if row.wanted_day.is_empty() {
        "The last day, in UTC. Empty: no end date."
    } else {
        "The last day, in UTC: the one that was asked for, or an earlier one."
    };
    let fields = view! {
        {whom}
        <Field
            label="Until"
            name="until"
            id="decide-until"
            kind="date"
            value=until
            max=row.wanted_day.clone()
            optional=true
            hint=hint
            error=problems.field("until")
        />
        <TextArea label="Note" name="note" id="decide-note" value=note rows=2 maxlength=1000 optional=true hint="Stands in the mail." error=problems.field("note")/>
    };
    decision(row, true, back, action, fields.into_any())
}

fn decline_dialog(row: &RequestLine, typed: String, back: String, action: FormAction) -> AnyView {
    let problems = action.problems();
    let note = if problems.any() { typed } else { String::new() };
    let fields = view! {
        <TextArea
            label="Reason"
            name="note"
            id="decide-note"
            value=note
            rows=3
            maxlength=1000
            required=true
            hint="Stands in the mail. They can ask again."
            error=problems.field("note")
        />
    };
    decision(row, false, back, action, fields.into_any())
}

#[component]
fn EndDialog(grant: GrantLine, back: String, action: FormAction) -> impl IntoView {
    let problems = action.problems();
    let close = back.clone();
    let whom = if grant.user.is_empty() { format!("Everybody in {}", grant.team_name) } else { grant.user_name.clone() };
    view! {
        <Dialog id="end-access" title=format!("End access to {}?", grant.model) close=close.clone() width="w-480">
            <Form action=action>
                <div class="dlg-body">
                    {problems.note()}
                    <input type="hidden" name="team" value=grant.team/>
                    <input type="hidden" name="id" value=grant.id/>
                    <input type="hidden" name="back" value=back/>
                    <ul class="facts">
                        <li><Icon name="lock"/><span>{whom}" gets 403 with the next call. An answer that streams now goes on to its end."</span></li>
                        <li><Icon name="okc"/><span>"Keys and past usage stay. They can ask again."</span></li>
                    </ul>
                </div>
                <footer>
                    <a href=close class="btn" {..noscroll()}>"Cancel"</a>
                    <Button label="End access" class="danger" busy=action.pending()/>
                </footer>
            </Form>
        </Dialog>
    }
}
