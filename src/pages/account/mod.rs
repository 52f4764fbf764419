//! `/account`: name, address, password, appearance and management tokens of the signed-in person.

mod appearance;
mod browsers;
mod deletion;
mod profile;
mod tokens;

use leptos::prelude::*;

use self::{
    appearance::appearance,
    browsers::browser_list,
    deletion::{DeleteDialog, deletion},
    profile::{address, name, password},
    tokens::{NewTokenDialog, RevokeDialog, TokenDialog, token_list},
};
use super::{data::PageData, form::FormAction, query_param};
use crate::{
    app::Session,
    components::{Note, NoteKind, PageHead, SkeletonBlock},
    server_fns::account::{
        AccountPage as Account, ChangeEmail, ChangeName, ChangePassword, CreateToken, DeleteAccount, EndOtherSessions,
        EndSession, GetAccount, NewTokenView, ResendConfirmation, RevokeToken,
    },
};

/// The forms of the page.
#[derive(Clone, Copy)]
struct Forms {
    name: FormAction,
    password: FormAction,
    resend: FormAction,
    email: FormAction,
    end_session: FormAction,
    end_others: FormAction,
    delete: FormAction,
    create_token: FormAction,
    revoke_token: FormAction,
}

/// The signed-in person's account.
#[component]
pub fn AccountPage() -> impl IntoView {
    let forms = Forms {
        name: FormAction::to::<ChangeName>(),
        password: FormAction::to::<ChangePassword>(),
        resend: FormAction::to::<ResendConfirmation>(),
        email: FormAction::to::<ChangeEmail>(),
        end_session: FormAction::to::<EndSession>(),
        end_others: FormAction::to::<EndOtherSessions>(),
        delete: FormAction::to::<DeleteAccount>(),
        create_token: FormAction::to::<CreateToken>(),
        revoke_token: FormAction::to::<RevokeToken>(),
    };
    let (done, dialog, token) = (query_param("done"), query_param("dialog"), query_param("token"));
    let changing = [forms.name, forms.end_session, forms.end_others, forms.create_token, forms.revoke_token];
    let changes = move || changing.iter().map(|form| form.version()).sum();
    let account = PageData::load_again(changes, || GetAccount {});
    refresh_name(forms.name);
    view! {
        {account.page(|| view! { <SkeletonBlock height=640/> }.into_any(), move |page| content(page, done, forms))}
        {account.dialog(
            move || {
                dialog.track();
                token.track();
            },
            move |page| opened(page, &dialog.get_untracked(), &token.get_untracked(), forms),
        )}
        {move || made(forms).map(|view| view! { <NewTokenDialog view=view/> })}
    }
}

/// The frame shows the name too.
fn refresh_name(action: FormAction) {
    let session = expect_context::<Session>();
    Effect::new(move |_| {
        if action.worked() {
            session.refresh();
        }
    });
}

/// What the browser made just now, until its page is left.
fn made(forms: Forms) -> Option<NewTokenView> {
    forms.create_token.value::<Option<NewTokenView>>().and_then(Result::ok).flatten()
}

fn content(page: Account, done: Memo<String>, forms: Forms) -> AnyView {
    view! {
        <PageHead title="Account" lead=page.email.clone()/>
        <div class="grid narrow-page">
            {move || done_note(&done.get())}
            {name(page.name.clone(), forms.name)}
            {address(page.email.clone(), page.email_confirmed, forms.resend, forms.email)}
            {password(page.email.clone(), forms.password)}
            {browser_list(page.browsers.clone(), forms.end_session, forms.end_others)}
            {appearance()}
            {token_list(page)}
            {deletion()}
        </div>
    }
    .into_any()
}

/// What was done just now, from the address that the form led to.
fn done_note(done: &str) -> Option<AnyView> {
    let (title, text) = match done {
        "name" => ("Your name is changed.", ""),
        "password" => ("Your password is changed.", "All other browsers are signed out."),
        "sent" => ("A confirmation link is on its way.", "It is valid for 24 hours; older ones do not work any more."),
        "email" => ("A link is on its way to the new address.", "Your address changes when you open it; within 24 hours."),
        "session" => ("That browser is signed out.", ""),
        "sessions" => ("All other browsers are signed out.", ""),
        "revoked" => ("The token is revoked.", "Its next request is refused."),
        _ => return None,
    };
    Some(view! { <Note kind=NoteKind::Ok title=title text=text/> }.into_any())
}

/// The dialog that the address asks for.
fn opened(page: Account, dialog: &str, token: &str, forms: Forms) -> Option<AnyView> {
    if let Some(view) = page.new_token {
        return Some(view! { <NewTokenDialog view=view/> }.into_any());
    }
    match dialog {
        "token" if made(forms).is_none() => Some(view! { <TokenDialog action=forms.create_token/> }.into_any()),
        "delete" => Some(view! { <DeleteDialog email=page.email action=forms.delete/> }.into_any()),
        "revoke" => {
            let row = page.tokens.into_iter().find(|row| row.id == token)?;
            Some(view! { <RevokeDialog row=row action=forms.revoke_token/> }.into_any())
        }
        _ => None,
    }
}
