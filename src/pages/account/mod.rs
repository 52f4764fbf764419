//! `/account`: name, address, password, appearance and management tokens of the signed-in person.

mod appearance;
mod profile;
mod tokens;

use leptos::prelude::*;

use self::{
    appearance::appearance,
    profile::{address, name, password},
    tokens::{NewTokenDialog, RevokeDialog, TokenDialog, token_list},
};
use super::{failure::page_failure, once, query_param};
use crate::{
    app::Session,
    components::{Note, NoteKind, PageHead, SkeletonBlock},
    error::AppError,
    server_fns::account::{
        AccountPage as Account, ChangeName, ChangePassword, CreateToken, NewTokenView, ResendConfirmation, RevokeToken,
        get_account,
    },
};

/// The forms of the page.
#[derive(Clone, Copy)]
struct Forms {
    name: ServerAction<ChangeName>,
    password: ServerAction<ChangePassword>,
    resend: ServerAction<ResendConfirmation>,
    create_token: ServerAction<CreateToken>,
    revoke_token: ServerAction<RevokeToken>,
}

/// The signed-in person's account.
#[component]
pub fn AccountPage() -> impl IntoView {
    let forms = Forms {
        name: ServerAction::new(),
        password: ServerAction::new(),
        resend: ServerAction::new(),
        create_token: ServerAction::new(),
        revoke_token: ServerAction::new(),
    };
    let (done, dialog, token) = (query_param("done"), query_param("dialog"), query_param("token"));
    let changes = move || forms.name.version().get() + forms.create_token.version().get() + forms.revoke_token.version().get();
    let account = Resource::new_blocking(changes, |_| get_account());
    refresh_name(forms.name);
    view! {
        <Transition fallback=|| view! { <SkeletonBlock height=640/> }>
            {move || Suspend::new(async move {
                match account.await {
                    Ok(page) => content(page, done, forms),
                    Err(error) => page_failure(&error),
                }
            })}
        </Transition>
        <Suspense>
            {move || {
                let (dialog, token) = (dialog.get(), token.get());
                Suspend::new(async move { once(account).await.ok().and_then(|page| opened(page, &dialog, &token, forms)) })
            }}
        </Suspense>
        {move || made(forms).map(|view| view! { <NewTokenDialog view=view/> })}
    }
}

/// The frame shows the name too.
fn refresh_name(action: ServerAction<ChangeName>) {
    let session = expect_context::<Session>();
    Effect::new(move |_| {
        if action.value().read().as_ref().is_some_and(Result::is_ok) {
            session.refresh();
        }
    });
}

/// What the browser made just now, until its page is left.
fn made(forms: Forms) -> Option<NewTokenView> {
    let made: Option<Result<Option<NewTokenView>, AppError>> = forms.create_token.value().get();
    made.and_then(Result::ok).flatten()
}

fn content(page: Account, done: Memo<String>, forms: Forms) -> AnyView {
    view! {
        <PageHead title="Account" lead=page.email.clone()/>
        <div class="grid narrow-page">
            {move || done_note(&done.get())}
            {name(page.name.clone(), forms.name)}
            {address(page.email.clone(), page.email_confirmed, forms.resend)}
            {password(page.email.clone(), forms.password)}
            {appearance()}
            {token_list(page)}
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
        "revoke" => {
            let row = page.tokens.into_iter().find(|row| row.id == token)?;
            Some(view! { <RevokeDialog row=row action=forms.revoke_token/> }.into_any())
        }
        _ => None,
    }
}
