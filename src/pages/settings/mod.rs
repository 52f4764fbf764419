//! `/t/{team}/settings`: what the team is called, what members may do, its seats, and its endings.

mod danger;

use leptos::prelude::*;

use self::danger::{DeleteDialog, SeatsDialog, TransferDialog, danger_zone};
use crate::{
    app::Session,
    components::{Button, Checkbox, Field, Note, NoteKind, PageHead, SkeletonBlock, TextArea},
    pages::{
        context_param,
        data::{PageData, nothing},
        form::{Form, FormAction},
        query_param,
    },
    server_fns::team_settings::{
        DeleteTeam, GetTeamSettings, PreviewTeamSeats, SaveTeamSettings, SeatsPreview, SetTeamSeats, SettingsPage as Settings,
        TransferTeam,
    },
};

/// The forms of the page.
#[derive(Clone, Copy)]
struct Forms {
    save: FormAction,
    seats: FormAction,
    transfer: FormAction,
    delete: FormAction,
}

/// A team's settings.
#[component]
pub fn TeamSettingsPage() -> impl IntoView {
    let team = context_param();
    let (dialog, wanted, done) = (query_param("dialog"), query_param("seats"), query_param("done"));
    let forms = Forms {
        save: FormAction::to::<SaveTeamSettings>(),
        seats: FormAction::to::<SetTeamSeats>(),
        transfer: FormAction::to::<TransferTeam>(),
        delete: FormAction::to::<DeleteTeam>(),
    };
    // What failed changed nothing: the page stays with what was typed.
    let worked =
        |form: FormAction| Memo::new(move |times: Option<&u32>| times.copied().unwrap_or_default() + u32::from(form.worked()));
    let changes = [forms.save, forms.seats, forms.transfer].map(worked);
    let settings =
        PageData::load_again(move || changes.iter().map(|times| times.get()).sum(), move || GetTeamSettings { team: team.get() });
    let asked = Memo::new(move |_| if dialog.get() == "seats" { wanted.get() } else { String::new() });
    let seats = PageData::load(move || PreviewTeamSeats { team: team.get(), seats: asked.get() });
    refresh_frame(forms);
    view! {
        {settings.page(|| view! { <SkeletonBlock height=560/> }.into_any(), move |page| content(page, done, forms, &team.get_untracked()))}
        {settings.dialog(move || dialog.track(), move |page| opened(page, &dialog.get_untracked(), forms, team.get_untracked()))}
        {seats.part(nothing, |_| nothing(), move |preview| losing(preview, asked, forms.seats, team))}
    }
}

/// The frame shows the teams' names and the own roles.
fn refresh_frame(forms: Forms) {
    let session = expect_context::<Session>();
    Effect::new(move |_| {
        if forms.save.worked() || forms.transfer.worked() || forms.delete.worked() {
            session.refresh();
        }
    });
}

fn content(page: Settings, done: Memo<String>, forms: Forms, team: &str) -> AnyView {
    let lead = format!("In {}, owned by {}.", page.organization, page.owner_name);
    view! {
        <PageHead title="Settings" context=page.name.clone() lead=lead/>
        <div class="grid narrow-page">
            {move || done_note(&done.get())}
            {general(&page, forms.save, team)}
            {seats(&page, forms.seats, team)}
            {danger_zone(&page, team)}
        </div>
    }
    .into_any()
}

/// What was done just now, from the address that the form led to.
fn done_note(done: &str) -> Option<AnyView> {
    let (title, text) = match done {
        "saved" => ("Settings saved.", ""),
        "seats" => ("Seats saved.", "Invitations without a seat are marked in the list of members."),
        "transferred" => ("The team has a new owner.", "You are an admin of it now. Both of you get a mail."),
        _ => return None,
    };
    Some(view! { <Note kind=NoteKind::Ok title=title text=text/> }.into_any())
}

fn general(page: &Settings, action: FormAction, team: &str) -> AnyView {
    let address = format!("/t/{}", page.slug);
    if !page.may_change {
        return read_only(page, address);
    }
    let problems = action.problems();
    let typed = problems.any() && !page.typed.name.is_empty();
    let (name, self_service, ranking_open, alert_emails) = if typed {
        let typed = &page.typed;
        (typed.name.clone(), typed.self_service, typed.ranking_open, typed.alert_emails.clone())
    } else {
        (page.name.clone(), page.self_service, page.ranking_open, page.alert_emails.clone())
    };
    let team = team.to_owned();
    view! {
        <section class="card" aria-labelledby="general">
            <header><h2 id="general">"General"</h2></header>
            <Form action=action>
                <div class="body form">
                    {problems.note()}
                    <input type="hidden" name="team" value=team/>
                    <Field
                        label="Name"
                        name="name"
                        value=name
                        hint="Past usage keeps the name that it was made under."
                        error=problems.field("name")
                        required=true
                        maxlength=80
                        autocomplete="off"
                    />
                    <Field label="Address" name="address" value=address hint="Fixed since the team was made." readonly=true/>
                    <Checkbox
                        label="Members may create their own keys"
                        name="self_service"
                        checked=self_service
                        hint="Owners and admins always may."
                    />
                    <Checkbox
                        label="Members see the member ranking"
                        name="ranking_open"
                        checked=ranking_open
                        hint="Others are masked in it."
                    />
                    <TextArea
                        label="Alert addresses"
                        name="alert_emails"
                        value=alert_emails
                        rows=2
                        maxlength=1500
                        hint="Owner and admins get alerts at 80% and 100% of limits, budgets and balance. So do these, up to 5, one a line."
                        error=problems.field("alert_emails")
                        optional=true
                    />
                </div>
                <footer class="form-foot"><Button label="Save settings" class="primary" busy=action.pending()/></footer>
            </Form>
        </section>
    }
    .into_any()
}

/// For members and viewers.
fn read_only(page: &Settings, address: String) -> AnyView {
    let (name, used) = (page.name.clone(), page.used.clone());
    let text = format!("{} (owner) or an admin can change them.", page.owner_name);
    view! {
        <section class="card" aria-labelledby="general">
            <header><h2 id="general">"General"</h2></header>
            <dl class="body pairs">
                <dt>"Name"</dt>
                <dd>{name}</dd>
                <dt>"Address"</dt>
                <dd>{address}</dd>
                <dt>"Seats"</dt>
                <dd>{used}</dd>
            </dl>
            <footer><span>"Settings are for owner and admins. "{text}</span></footer>
        </section>
    }
    .into_any()
}

fn seats(page: &Settings, action: FormAction, team: &str) -> Option<AnyView> {
    if !page.may_change {
        return None;
    }
    let used = page.used.clone();
    if !page.plan.is_empty() {
        return Some(seats_of_plan(page));
    }
    let discount = (!page.discount.is_empty()).then(|| page.discount.clone());
    if !page.may_set_seats {
        let text = format!("Set by the owner, {}.", page.owner_name);
        let view = view! {
            <section class="card" aria-labelledby="seats-h">
                <header><h2 id="seats-h">"Seats"</h2>{discount.map(discount_aside)}</header>
                <div class="body"><p>{used}</p></div>
                <footer><span>{text}</span></footer>
            </section>
        };
        return Some(view.into_any());
    }
    let problems = action.problems();
    let typed = if problems.any() { page.typed.seats.clone() } else { String::new() };
    let value = if typed.is_empty() { page.seats.clone() } else { typed };
    let team = team.to_owned();
    let view = view! {
        <section class="card" aria-labelledby="seats-h">
            <header><h2 id="seats-h">"Seats"</h2>{discount.map(discount_aside)}</header>
            <Form action=action>
                <div class="body form">
                    {problems.note()}
                    <input type="hidden" name="team" value=team/>
                    <Field
                        label="Number of seats"
                        name="seats"
                        value=value
                        hint=format!("{used} Empty: unlimited.")
                        error=problems.field("seats")
                        inputmode="numeric"
                        maxlength=7
                        autocomplete="off"
                    />
                </div>
                <footer class="form-foot"><Button label="Save seats" busy=action.pending()/></footer>
            </Form>
        </section>
    };
    Some(view.into_any())
}

/// On a plan, seats are paid for: they are changed where their price is shown.
fn seats_of_plan(page: &Settings) -> AnyView {
    let (used, plan, discount) = (page.used.clone(), page.plan.clone(), page.discount.clone());
    let (words, link) = match page.may_set_seats {
        true => ("Plan and seats are changed together.".to_owned(), "Change plan or seats"),
        false => (format!("Set by the owner, {}.", page.owner_name), "Open billing"),
    };
    let href = format!("/t/{}/billing", page.slug);
    view! {
        <section class="card" aria-labelledby="seats-h">
            <header><h2 id="seats-h">"Seats"</h2></header>
            <dl class="body pairs">
                <dt>"Seats"</dt>
                <dd>{used}</dd>
                <dt>"Plan"</dt>
                <dd>{plan}</dd>
                <dt>"Discount"</dt>
                <dd>{discount}</dd>
            </dl>
            <footer><span>{words}</span><a class="btn sm" href=href>{link}</a></footer>
        </section>
    }
    .into_any()
}

/// Whoever runs the platform sets it; here it is read.
fn discount_aside(words: String) -> AnyView {
    view! { <span class="end">{words}</span> }.into_any()
}

/// The dialog that the address opens.
fn opened(page: Settings, dialog: &str, forms: Forms, team: String) -> Option<AnyView> {
    match dialog {
        "transfer" if page.owns => Some(view! { <TransferDialog team=team page=page action=forms.transfer/> }.into_any()),
        "delete" if page.owns => Some(view! { <DeleteDialog team=team page=page action=forms.delete/> }.into_any()),
        _ => None,
    }
}

/// The dialog about invitations that lose their seat, for as long as the address asks for it.
fn losing(preview: Option<SeatsPreview>, asked: Memo<String>, action: FormAction, team: Memo<String>) -> AnyView {
    let Some(preview) = preview else { return nothing() };
    (move || {
        let here = asked.get() == preview.seats;
        here.then(|| view! { <SeatsDialog team=team.get_untracked() preview=preview.clone() action=action/> })
    })
    .into_any()
}
