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
                view! { <ApproveDialog row=row typed=typed back=back action=forms.decide/> }.into_any()
            } else {
                view! { <DeclineDialog row=row typed=typed.0 back=back action=forms.decide/> }.into_any()
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

#[component]
fn ApproveDialog(
    row: RequestLine,
    /// Note and last day that were typed and refused.
    typed: (String, String),
    back: String,
    action: FormAction,
) -> impl IntoView {
    let problems = action.problems();
    let close = back.clone();
    let (note, until) = if problems.any() { typed } else { (String::new(), row.wanted_day.clone()) };
    let whom = row.to_team.then(|| {
        let choices = vec![
            Choice::new("false", "The whole team").hint("Every member and key of it."),
            Choice::new("true", row.user_name.clone()).hint("And nobody else."),
        ];
        view! { <RadioGroup label="For" name="only_asker" choices=choices selected="false"/> }
    });
    let (hint, latest) = if row.wanted_day.is_empty() {
        ("The last day, in UTC. Empty: no end date.", None)
    } else {
        ("The last day, in UTC: the one that was asked for, or an earlier one.", Some(row.wanted_day.clone()))
    };
    view! {
        <Dialog id="approve" title=format!("Approve {}?", row.model) close=close.clone() width="w-480">
            <Form action=action>
                <div class="dlg-body">
                    {problems.note()}
                    {asked(&row)}
                    <input type="hidden" name="team" value=row.team.clone()/>
                    <input type="hidden" name="id" value=row.id.clone()/>
                    <input type="hidden" name="approve" value="true"/>
                    <input type="hidden" name="back" value=back/>
                    {whom}
                    <Field
                        label="Until"
                        name="until"
                        id="decide-until"
                        kind="date"
                        value=until
                        max=latest.unwrap_or_default()
                        optional=true
                        hint=hint
                        error=problems.field("until")
                    />
                    <TextArea label="Note" name="note" id="decide-note" value=note rows=2 maxlength=1000 optional=true hint="Stands in the mail." error=problems.field("note")/>
                </div>
                <footer>
                    <a href=close class="btn" {..noscroll()}>"Cancel"</a>
                    <Button label="Approve request" class="primary" busy=action.pending()/>
                </footer>
            </Form>
        </Dialog>
    }
}

#[component]
fn DeclineDialog(row: RequestLine, typed: String, back: String, action: FormAction) -> impl IntoView {
    let problems = action.problems();
    let close = back.clone();
    let note = if problems.any() { typed } else { String::new() };
    view! {
        <Dialog id="decline" title=format!("Decline {}?", row.model) close=close.clone() width="w-480">
            <Form action=action>
                <div class="dlg-body">
                    {problems.note()}
                    {asked(&row)}
                    <input type="hidden" name="team" value=row.team.clone()/>
                    <input type="hidden" name="id" value=row.id.clone()/>
                    <input type="hidden" name="approve" value="false"/>
                    <input type="hidden" name="back" value=back/>
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
                </div>
                <footer>
                    <a href=close class="btn" {..noscroll()}>"Cancel"</a>
                    <Button label="Decline request" class="danger" busy=action.pending()/>
                </footer>
            </Form>
        </Dialog>
    }
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
