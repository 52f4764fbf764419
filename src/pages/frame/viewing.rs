//! Seeing a team as one of its members does (`?as=` on its pages): the banner that says so, and links that keep it.

use leptos::prelude::*;
use leptos_router::hooks::use_location;

use crate::{
    app::{self, Session},
    components::{Icon, links},
    pages::data::nothing,
    server_fns::accounts::{Viewed, Visitor},
};

/// Whom the pages are seen as, and the way out.
#[component]
pub(super) fn Banner() -> impl IntoView {
    let session = expect_context::<Session>();
    session.part(nothing, |Visitor { viewing, .. }| {
        let banner = viewing.map(|viewed| {
            // Says that nobody is meant: else a link from a page seen as somebody keeps them.
            let stop = format!("/t/{}/members?as=", viewed.team);
            view! {
                <div class="viewing" role="status">
                    <Icon name="eye"/>
                    <p class="grow">"You see this as "<b>{viewed.name}</b>" ("{viewed.role.label()}"). Nothing can be changed."</p>
                    <a class="btn sm" href=stop rel="external">"Stop"</a>
                </div>
            }
        });
        banner.into_any()
    })
}

/// An address of the team with whom it is seen as.
pub(super) fn kept(address: String, viewing: Option<&Viewed>) -> String {
    match viewing {
        Some(viewed) if of_team(&address, &viewed.team) => with_member(&address, &viewed.user),
        _ => address,
    }
}

/// Links of the pages themselves know nothing of it. Where one leads to another page of the team, it is kept; where it leads elsewhere, that
/// is loaded as a whole, as oneself.
pub(super) fn stay() {
    let location = use_location();
    let shown = Memo::new(move |_| app::viewing(&location.pathname.read(), &location.query.read().get("as").unwrap_or_default()));
    Effect::new(move |before: Option<String>| {
        let now = shown.get();
        match before {
            None => links::on_press(|address| turned(&links::here(), address)),
            // The page went on by itself, as after a form: what it shows is asked for anew, as that member.
            Some(before) if now.is_empty() => {
                let here = links::here();
                if let Some((team, member)) = before.split_once('/').filter(|(team, _)| of_team(&here, team)) {
                    links::load(&with_member(&here, member));
                    return format!("{team}/{member}");
                }
            }
            Some(_) => {}
        }
        now
    });
}

/// Where a link on a page that is seen as somebody leads, if not where it says; and whether that is loaded as a whole.
fn turned(here: &str, address: &str) -> Option<(String, bool)> {
    let (path, query) = here.split_once('?')?;
    let member = query.split('&').find_map(|pair| pair.strip_prefix("as=")).filter(|member| !member.is_empty())?;
    let viewing = app::viewing(path, member);
    let (team, _) = viewing.split_once('/')?;
    if address.contains("?as=") || address.contains("&as=") {
        return None;
    }
    if of_team(address, team) { Some((with_member(address, member), false)) } else { Some((address.to_owned(), true)) }
}

fn with_member(address: &str, member: &str) -> String {
    let (address, mark) =
        address.split_once('#').map_or((address, String::new()), |(address, mark)| (address, format!("#{mark}")));
    let sign = if address.contains('?') { '&' } else { '?' };
    format!("{address}{sign}as={member}{mark}")
}

fn of_team(address: &str, team: &str) -> bool {
    let rest = address.strip_prefix("/t/").and_then(|rest| rest.strip_prefix(team));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?', '#']))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::roles::Role;

    #[test]
    fn links_of_the_team_keep_whom_it_is_seen_as() {
        let viewed = Viewed { team: "atlas".into(), user: "u1".into(), name: "Noor".into(), role: Role::Member };
        let of = |address: &str| kept(address.into(), Some(&viewed));
        assert_eq!(of("/t/atlas"), "/t/atlas?as=u1");
        assert_eq!(of("/t/atlas/keys?q=x"), "/t/atlas/keys?q=x&as=u1");
        for elsewhere in ["/t/atlas-2/keys", "/me", "/teams", "/o/atlas"] {
            assert_eq!(of(elsewhere), elsewhere);
        }
        assert_eq!(kept("/t/atlas".into(), None), "/t/atlas");
        let turn = |address: &str| turned("/t/atlas/members?q=x&as=u1", address);
        assert_eq!(turn("/t/atlas/keys?sort=name#x"), Some(("/t/atlas/keys?sort=name&as=u1#x".into(), false)));
        assert_eq!(turn("/t/atlas/members?as="), None, "that is the way out");
        assert_eq!(turn("/me/keys"), Some(("/me/keys".into(), true)));
        for oneself in ["/t/atlas/members", "/t/atlas?as=", "/o/atlas?as=u1"] {
            assert_eq!(turned(oneself, "/t/atlas/keys"), None);
        }
        assert_eq!(app::viewing("/t/atlas/keys", "u1"), "atlas/u1");
        assert_eq!((app::viewing("/me", "u1"), app::viewing("/t/atlas", "")), (String::new(), String::new()));
    }
}
