use leptos::prelude::*;

use super::Forms;
use crate::{
    components::{Choice, Field, Icon, RadioGroup, TextArea},
    pages::{
        allowance::{budget_fields, folded, window_fields},
        confirm_dialog::{ConfirmDialog, FormDialog, fact},
        form::FormAction,
    },
    server_fns::{
        access_requests::{GrantLine, RequestLine, RequestsPage as Requests, requests_address},
        quotas::AllowanceForm,
    },
};

/// The dialog that the address opens.
pub(super) fn opened(page: Requests, dialog: &str, id: &str, place: &str, forms: Forms) -> Option<AnyView> {
    let back = format!("{}?show={}", requests_address(place), page.show);
    match dialog {
        "approve" | "decline" => {
            let row = page.rows.into_iter().find(|row| row.id == id && row.may_decide)?;
            let typed = (page.typed_note, page.typed_until);
            Some(if dialog == "approve" {
                approve_dialog(&row, typed, &page.form, back, forms.decide)
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
    let (id, verb, label) =
        if approve { ("approve", "Approve", "Approve request") } else { ("decline", "Decline", "Decline request") };
    let hidden =
        vec![("team", row.team.clone()), ("id", row.id.clone()), ("approve", approve.to_string()), ("back", back.clone())];
    let said = asked(row);
    view! {
        <FormDialog
            id=id
            title=format!("{verb} {}?", row.model)
            close=back
            width="w-560"
            action=action
            hidden=hidden
            label=label
            danger=!approve
        >
            {said}
            {fields}
        </FormDialog>
    }
    .into_any()
}

/// `typed` are note and last day that were refused just now.
fn approve_dialog(row: &RequestLine, typed: (String, String), form: &AllowanceForm, back: String, action: FormAction) -> AnyView {
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
    let limits = view! {
        {budget_fields(form, false, problems)}
        {window_fields(form, problems)}
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
        {folded("Limits and budget", form, true, problems, limits.into_any())}
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
    let whom = if grant.user.is_empty() { format!("Everybody in {}", grant.team_name) } else { grant.user_name.clone() };
    let facts = vec![
        fact("lock", format!("{whom} gets 403 with the next call. An answer that streams now goes on to its end.")),
        fact("okc", "Keys and past usage stay. They can ask again."),
    ];
    view! {
        <ConfirmDialog
            id="end-access"
            title=format!("End access to {}?", grant.model)
            close=back.clone()
            action=action
            fields=vec![("team", grant.team), ("id", grant.id), ("back", back)]
            facts=facts
            label="End access"
            danger=true
        />
    }
}
