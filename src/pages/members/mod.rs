//! `/t/{team}/members`: who is in, who is coming.

mod dialogs;
mod invitations;
mod table;

use leptos::prelude::*;
use leptos_router::{NavigateOptions, hooks::use_navigate};

use self::{
    dialogs::{InviteDialog, InvitedDialog, LinkDialog, PromoteDialog, RemoveDialog},
    table::list,
};
use crate::{
    app::Session,
    components::{Icon, PageHead, SkeletonTable, noscroll, use_toaster},
    pages::{
        context_param,
        data::{PageData, nothing},
        form::FormAction,
        query_param,
    },
    server_fns::{
        invitations::{CopyInvitationLink, InviteLine, InviteMembers, ResendInvitation, RevokeInvitation},
        members::{
            LeaveTeam, ListMembers, MembersPage as Members, PreviewRemoval, RemovalView, RemoveMember, SetMemberRole,
            list_address,
        },
        team_settings::settings_address,
    },
};

/// The forms of the page.
#[derive(Clone, Copy)]
struct Forms {
    invite: FormAction,
    link: FormAction,
    resend: FormAction,
    revoke: FormAction,
    role: FormAction,
    remove: FormAction,
    leave: FormAction,
}

/// What the address asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Query {
    team: String,
    text: String,
    sort: String,
    cursor: String,
}

#[component]
pub fn MembersPage() -> impl IntoView {
    let team = context_param();
    let (text, sort, cursor) = (query_param("q"), query_param("sort"), query_param("cursor"));
    let (dialog, user) = (query_param("dialog"), query_param("user"));
    let forms = Forms {
        invite: FormAction::to::<InviteMembers>(),
        link: FormAction::to::<CopyInvitationLink>(),
        resend: FormAction::to::<ResendInvitation>(),
        revoke: FormAction::to::<RevokeInvitation>(),
        role: FormAction::to::<SetMemberRole>(),
        remove: FormAction::to::<RemoveMember>(),
        leave: FormAction::to::<LeaveTeam>(),
    };
    let query = Memo::new(move |_| Query { team: team.get(), text: text.get(), sort: sort.get(), cursor: cursor.get() });
    let changes = move || {
        let Forms { invite, resend, revoke, role, remove, .. } = forms;
        [invite, resend, revoke, role, remove].into_iter().map(FormAction::version).sum()
    };
    let members = PageData::load_again(changes, move || {
        let Query { team, text, sort, cursor } = query.get();
        ListMembers { team, text, sort, cursor }
    });
    let leaver = Memo::new(move |_| match dialog.get().as_str() {
        "remove" => user.get(),
        "leave" => "me".to_owned(),
        _ => String::new(),
    });
    let removal = PageData::load(move || PreviewRemoval { team: team.get(), user: leaver.get() });
    announce(forms);
    close_when_made(forms, team);
    view! {
        {forms.role.problems().note()}
        {forms.resend.problems().note()}
        {forms.revoke.problems().note()}
        {forms.link.problems().note()}
        {members.page(skeleton, move |page| content(page, query.get_untracked(), forms))}
        {members.dialog(
            move || {
                dialog.track();
                user.track();
            },
            move |page| opened(page, &dialog.get_untracked(), &user.get_untracked(), forms, team.get_untracked()),
        )}
        {removal.part(nothing, |_| nothing(), move |view| leaving(view, leaver, team, forms))}
        {move || invited(forms).map(|lines| view! { <InvitedDialog lines=lines list=list_address(&team.get_untracked())/> })}
        {move || link(forms).map(|link| view! { <LinkDialog link=link list=list_address(&team.get_untracked())/> })}
    }
}

fn skeleton() -> AnyView {
    view! { <div class="card"><SkeletonTable rows=8/></div> }.into_any()
}

/// What became of the addresses, until the page is left.
fn invited(forms: Forms) -> Option<Vec<InviteLine>> {
    forms.invite.value::<Vec<InviteLine>>().and_then(Result::ok)
}

/// The link that was asked for, until the page is left.
fn link(forms: Forms) -> Option<String> {
    forms.link.value::<String>().and_then(Result::ok)
}

/// The dialog that invited gives way to the one that says what became of it.
fn close_when_made(forms: Forms, team: Memo<String>) {
    let navigate = use_navigate();
    Effect::new(move |_| {
        if forms.invite.worked() {
            navigate(&list_address(&team.get_untracked()), NavigateOptions { scroll: false, ..Default::default() });
        }
    });
}

/// Says that a change worked, where the page stays.
fn announce(forms: Forms) {
    let toaster = use_toaster();
    let session = expect_context::<Session>();
    let says = [
        (forms.role, "Role changed. It counts from the next action on."),
        (forms.resend, "Invitation sent anew. Its old links do not work any more."),
        (forms.revoke, "Invitation revoked. Its seat is free."),
        (forms.remove, "Member removed. Their keys stop with the next call."),
        (forms.leave, "You left the team."),
    ];
    for (form, words) in says {
        Effect::new(move |_| {
            if form.worked() {
                toaster.show(words);
            }
        });
    }
    // The frame shows the own teams and the own role.
    Effect::new(move |_| {
        if forms.leave.worked() || forms.role.worked() {
            session.refresh();
        }
    });
}

fn content(page: Members, query: Query, forms: Forms) -> AnyView {
    let address = list_address(&query.team);
    let invite = (!page.grantable.is_empty()).then(|| {
        let href = format!("{address}?dialog=invite");
        view! { <a href=href class="btn primary" {..noscroll()}><Icon name="plus"/>"Invite members"</a> }
    });
    let transfer = page.may_transfer.then(|| {
        let href = format!("{}?dialog=transfer", settings_address(&query.team));
        view! { <a href=href class="btn"><Icon name="swap"/>"Transfer ownership"</a> }
    });
    let waiting = invitations::list(&page, &query, forms);
    view! {
        <PageHead title="Members" context=page.team.clone() lead=page.seats.clone()>
            {transfer}
            {invite}
        </PageHead>
        {waiting}
        {list(page, &query, forms)}
    }
    .into_any()
}

/// The dialog that the address opens.
fn opened(page: Members, dialog: &str, user: &str, forms: Forms, team: String) -> Option<AnyView> {
    let list = list_address(&team);
    match dialog {
        "invite" if !page.grantable.is_empty() && !forms.invite.worked() => {
            Some(view! { <InviteDialog team=team page=page action=forms.invite/> }.into_any())
        }
        "invited" if !page.invited.is_empty() => Some(view! { <InvitedDialog lines=page.invited list=list/> }.into_any()),
        "link" if !page.link.is_empty() => Some(view! { <LinkDialog link=page.link list=list/> }.into_any()),
        "promote" => {
            let row = page.rows.into_iter().find(|row| row.user == user && !row.roles.is_empty())?;
            Some(view! { <PromoteDialog team=team row=row action=forms.role/> }.into_any())
        }
        _ => None,
    }
}

/// The dialog about a removal, for as long as the address asks for it.
fn leaving(view: Option<RemovalView>, leaver: Memo<String>, team: Memo<String>, forms: Forms) -> AnyView {
    let Some(view) = view else { return nothing() };
    (move || {
        let asked = leaver.get();
        let here = asked == view.user || (asked == "me" && view.is_self);
        let action = if view.is_self { forms.leave } else { forms.remove };
        here.then(|| view! { <RemoveDialog team=team.get_untracked() view=view.clone() action=action/> })
    })
    .into_any()
}
