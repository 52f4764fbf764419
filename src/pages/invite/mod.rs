//! `/invite`: where the link of an invitation leads, its token in a cookie. Looking changes nothing; each answer is a form.

use leptos::prelude::*;

use super::{
    credentials::{self, FORGOT},
    data::{PageData, nothing},
    failure::page_failure,
    form::{Form, FormAction},
    query_param,
};
use crate::{
    components::{AuthPage, Button, LinkButton, Note, NoteKind, Tile},
    domain::invitations::LinkState,
    error::AppError,
    server_fns::invitations::{
        AcceptInvitation, AskAboutInvitation, DeclineInvitation, GetInvitation, InvitePage as Invitation, SignInAndJoin,
        SignUpAndJoin, SwitchAccount,
    },
};

/// The forms of the page.
#[derive(Clone, Copy)]
struct Forms {
    accept: FormAction,
    sign_in: FormAction,
    sign_up: FormAction,
    switch: FormAction,
    decline: FormAction,
    ask: FormAction,
}

/// Joining a team.
#[component]
pub fn InvitePage() -> impl IntoView {
    let forms = Forms {
        accept: FormAction::to::<AcceptInvitation>(),
        sign_in: FormAction::to::<SignInAndJoin>(),
        sign_up: FormAction::to::<SignUpAndJoin>(),
        switch: FormAction::to::<SwitchAccount>(),
        decline: FormAction::to::<DeclineInvitation>(),
        ask: FormAction::to::<AskAboutInvitation>(),
    };
    let declined = query_param("declined");
    // What changes the page and stays on it. Whoever signed in here may have something else in the way.
    let entered = query_param("entered");
    let changes = move || forms.switch.version() + forms.ask.version() + u32::from(entered.with(|entered| entered == "1"));
    let invitation = PageData::load_again(changes, || GetInvitation {});
    let is_declined = move || declined.get() == "1";
    // A declined invitation is gone: its page has nothing to load any more.
    let failed = move |error: &AppError| if is_declined() { you_declined() } else { unknown(error) };
    invitation.part(nothing, failed, move |invitation| {
        (move || if is_declined() { you_declined() } else { content(invitation.clone(), forms) }).into_any()
    })
}

fn you_declined() -> AnyView {
    card("You declined", "The sender sees it in the team's list.", false)
}

fn unknown(error: &AppError) -> AnyView {
    view! { <main class="page" id="main">{page_failure(error)}</main> }.into_any()
}

/// A page that only says something. `signed_out` offers to sign in.
fn card(title: &'static str, text: &'static str, signed_out: bool) -> AnyView {
    let (href, label) = if signed_out { ("/login", "Sign in") } else { ("/teams", "Go to my teams") };
    view! {
        <AuthPage title=title>
            <Note kind=NoteKind::Info title=text/>
            <p class="auth-else"><a class="link" href=href>{label}</a></p>
        </AuthPage>
    }
    .into_any()
}

fn content(invitation: Invitation, forms: Forms) -> AnyView {
    let signed_out = invitation.viewer_email.is_empty();
    match invitation.state {
        LinkState::Revoked => {
            card("Invitation withdrawn", "This invitation was withdrawn. Ask the person who sent it.", signed_out)
        }
        LinkState::Declined => card("Invitation declined", "This invitation was declined. Ask for a new one.", signed_out),
        LinkState::Used => card("Invitation used", "This invitation was used already; it works once.", signed_out),
        LinkState::AlreadyMember => member(&invitation),
        LinkState::Expired => expired(&invitation, forms.ask),
        LinkState::NoSeat => no_seat(&invitation, forms.ask),
        LinkState::OtherAccount => other_account(&invitation, forms.switch),
        LinkState::ConfirmFirst => confirm_first(&invitation),
        LinkState::Ready => ready(&invitation, forms),
        LinkState::SignIn => sign_in(&invitation, forms),
        LinkState::SignUp => sign_up(&invitation, forms),
    }
}

/// Who invites to what, as what, and until when.
fn facts(invitation: &Invitation) -> AnyView {
    let role = format!("{}: {}.", invitation.role.label(), invitation.role.allows());
    view! {
        <div class="panel">
            <span class="who">
                <Tile name=invitation.team.clone() id=invitation.slug.clone()/>
                <span><b>{invitation.team.clone()}</b><small>{invitation.organization.clone()}</small></span>
            </span>
            <p class="sub">{format!("Invited by {}. ", invitation.inviter)}{role}</p>
            <p class="hint">{format!("Good until {}.", invitation.expires)}</p>
        </div>
    }
    .into_any()
}

fn title(invitation: &Invitation) -> String {
    format!("Join {} as {}", invitation.team, invitation.role.as_str())
}

fn decline(action: FormAction) -> AnyView {
    view! {
        <Form action=action>
            {action.problems().note()}
            <Button label="Decline" class="ghost wide" busy=action.pending()/>
        </Form>
    }
    .into_any()
}

fn ready(invitation: &Invitation, forms: Forms) -> AnyView {
    let (facts, lead) = (facts(invitation), format!("Signed in as {}.", invitation.viewer_email));
    view! {
        <AuthPage title=title(invitation) lead=lead>
            {facts}
            <Form action=forms.accept class="auth-fields">
                {forms.accept.problems().note()}
                <Button label="Join team" class="primary lg wide" busy=forms.accept.pending()/>
            </Form>
            {decline(forms.decline)}
        </AuthPage>
    }
    .into_any()
}

fn sign_in(invitation: &Invitation, forms: Forms) -> AnyView {
    let problems = forms.sign_in.problems();
    let (facts, email) = (facts(invitation), credentials::known_email(invitation.email.clone()));
    view! {
        <AuthPage title=title(invitation) lead="Sign in to join.">
            {facts}
            <Form action=forms.sign_in class="auth-fields">
                {problems.note()}
                {email}
                {credentials::password(true, FORGOT, problems)}
                <Button label="Sign in and join" class="primary lg wide" busy=forms.sign_in.pending()/>
            </Form>
            {decline(forms.decline)}
        </AuthPage>
    }
    .into_any()
}

fn sign_up(invitation: &Invitation, forms: Forms) -> AnyView {
    let problems = forms.sign_up.problems();
    let typed = if problems.any() { invitation.typed_name.clone() } else { String::new() };
    let (facts, email) = (facts(invitation), credentials::known_email(invitation.email.clone()));
    view! {
        <AuthPage title=title(invitation) lead="Create an account to join.">
            {facts}
            <Form action=forms.sign_up class="auth-fields">
                {problems.note()}
                {email}
                {credentials::name(typed, problems)}
                {credentials::new_password("Password", false, problems)}
                <Button label="Create account and join" class="primary lg wide" busy=forms.sign_up.pending()/>
            </Form>
            {decline(forms.decline)}
        </AuthPage>
    }
    .into_any()
}

fn other_account(invitation: &Invitation, switch: FormAction) -> AnyView {
    let text = format!("This invitation is for {}. You are signed in as {}.", invitation.email, invitation.viewer_email);
    let facts = facts(invitation);
    view! {
        <AuthPage title=format!("Join {}", invitation.team)>
            {facts}
            <Note kind=NoteKind::Warn title=text/>
            <Form action=switch class="auth-fields">
                {switch.problems().note()}
                <Button label="Switch account" class="primary lg wide" busy=switch.pending()/>
            </Form>
            <p class="auth-else"><a class="link" href="/teams">"Stay with this account"</a></p>
        </AuthPage>
    }
    .into_any()
}

fn confirm_first(invitation: &Invitation) -> AnyView {
    let facts = facts(invitation);
    view! {
        <AuthPage title=title(invitation)>
            {facts}
            <Note
                kind=NoteKind::Accent
                title="Confirm your address first."
                text="Open the link in the mail that you got when you signed up, then this page again. The invitation waits."
            />
            <p class="auth-else"><a class="link" href="/account">"Get a new mail"</a></p>
        </AuthPage>
    }
    .into_any()
}

fn member(invitation: &Invitation) -> AnyView {
    let (team, href) = (invitation.team.clone(), format!("/t/{}", invitation.slug));
    let label = format!("Open {team}");
    view! {
        <AuthPage title=format!("You are in {team}") lead=format!("Your role is {}.", invitation.role.as_str())>
            <LinkButton label=label href=href class="primary lg wide"/>
        </AuthPage>
    }
    .into_any()
}

fn expired(invitation: &Invitation, ask: FormAction) -> AnyView {
    let text = format!("{} sent it; it ended on {}.", invitation.inviter, invitation.expires);
    let title = format!("The invitation to {} is over.", invitation.team);
    let asking = asking(invitation.may_ask, format!("Ask {} for a new link", invitation.inviter), ask);
    view! {
        <AuthPage title="Invitation expired">
            <Note kind=NoteKind::Warn title=title text=text/>
            {asking}
        </AuthPage>
    }
    .into_any()
}

fn no_seat(invitation: &Invitation, ask: FormAction) -> AnyView {
    let (team, seats) = (&invitation.team, invitation.seats);
    let text = format!("The owner can add one; this link stays valid until {}.", invitation.expires);
    let (facts, taken) = (facts(invitation), format!("{team} uses {seats} of {seats} seats."));
    let asking = asking(invitation.may_ask, format!("Notify {} (owner)", invitation.owner), ask);
    view! {
        <AuthPage title=title(invitation)>
            {facts}
            <Note kind=NoteKind::Warn title=taken text=text/>
            {asking}
        </AuthPage>
    }
    .into_any()
}

/// A form that sends a mail, once a day.
fn asking(may_ask: bool, label: String, ask: FormAction) -> AnyView {
    if !may_ask {
        return view! { <Note kind=NoteKind::Ok title="A mail is on its way." text="Another can be sent tomorrow."/> }.into_any();
    }
    view! {
        <Form action=ask class="auth-fields">
            {ask.problems().note()}
            <Button label=label class="primary lg wide" busy=ask.pending()/>
        </Form>
    }
    .into_any()
}
