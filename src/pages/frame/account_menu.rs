use leptos::prelude::*;

use crate::{
    components::{Avatar, Icon},
    domain::{
        accounts::Me,
        places::{Place, Scope},
    },
    pages::form::{Form, FormAction},
    server_fns::accounts::LogOut,
};

/// The popover with what concerns the person, not the context.
pub(super) const ID: &str = "account-menu";

/// Who is signed in, and the menu that this opens: account, sign out.
#[component]
pub(super) fn AccountMenu(me: Me, place: Memo<Place>) -> impl IntoView {
    let (name, id, email) = (me.name.clone(), me.id.to_string(), me.email.clone());
    let detail = move || standing(&me, &place.get());
    view! {
        <button class="me" type="button" popovertarget=ID>
            <span class="vh">"Account menu of "</span>
            <Avatar name=name.clone() id=id/>
            <span class="grow">
                <b class="trunc">{name}</b>
                <small class="trunc">{detail}</small>
            </span>
            <Icon name="dots"/>
        </button>
        <div class="menu above" id=ID popover="auto">
            <h3>{email}</h3>
            <a href="/account"><Icon name="user"/>"Account"</a>
            <hr/>
            <SignOut/>
        </div>
    }
}

/// What the person is here, in words.
fn standing(me: &Me, place: &Place) -> String {
    match &place.scope {
        Scope::Team(slug) => match me.teams.iter().find(|team| team.slug == *slug || team.id.to_string() == *slug) {
            Some(team) => format!("{} of this team", team.role.label()),
            None => "Not a member".to_owned(),
        },
        Scope::Organization(slug) => match me.organizations.iter().find(|org| org.slug == *slug) {
            Some(_) => "Organization admin".to_owned(),
            None => "Platform admin".to_owned(),
        },
        Scope::Platform => "Platform admin".to_owned(),
        Scope::Personal | Scope::Account => me.email.clone(),
    }
}

#[component]
fn SignOut() -> impl IntoView {
    let action = FormAction::to::<LogOut>();
    view! {
        <Form action=action>
            <button type="submit"><Icon name="out"/>"Sign out"</button>
        </Form>
    }
}
