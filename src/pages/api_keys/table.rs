use leptos::prelude::*;

use super::Query;
use crate::{
    components::{Badge, Icon, Menu, Opt, Pager, PickBox, Quiet, Search, StackTable, Who, actions_head, head, noscroll},
    domain::api_keys::{KeyKind, KeyState, KeyStatus},
    pages::failure::encode,
    server_fns::api_keys::{KeyRow, KeysPage as Keys, list_address},
};

/// Search, owner and status, as a form whose answer is the list.
pub(super) fn filters(query: &Query, everyones: bool) -> AnyView {
    let owner = everyones.then(|| {
        let choices = vec![Opt::new("", "Anyone"), Opt::new("1", "You")];
        view! { <PickBox label="Owner" name="mine" choices=choices selected=if query.mine { "1" } else { "" }/> }
    });
    let statuses = KeyStatus::ALL.into_iter().map(|status| Opt::new(status.as_str(), status.label()));
    let statuses = std::iter::once(Opt::new("", "Any")).chain(statuses).collect();
    let (address, text, status) = (list_address(&query.team), query.text.clone(), query.status.clone());
    view! {
        <Search
            address=address
            label="Find keys"
            input="Find a key"
            placeholder="Name, prefix or owner"
            text=text
            filtered=query.narrows()
        >
            {owner}
            <PickBox label="Status" name="status" choices=statuses selected=status/>
        </Search>
    }
    .into_any()
}

pub(super) fn list(page: Keys, query: &Query) -> AnyView {
    let shown = page.rows.len();
    let summary = match (shown, page.older.is_some() || !query.cursor.is_empty()) {
        (0, _) => "No key matches.".to_owned(),
        (1, false) => "1 key".to_owned(),
        (n, false) => format!("{n} keys"),
        (n, true) => format!("{n} keys on this page"),
    };
    let mine = if query.mine { "1" } else { "" };
    let keep = format!("q={}&mine={mine}&status={}", encode(&query.text), encode(&query.status));
    let base = list_address(&query.team);
    let older = page.older.clone().map(|cursor| format!("{base}?{keep}&cursor={}", encode(&cursor)));
    let newer = (!query.cursor.is_empty()).then(|| format!("{base}?{keep}"));
    let owners = page.everyones;
    let rows = page.rows.into_iter().map(|key| row(key, owners, &base)).collect_view().into_any();
    let mut heads = vec![
        head("Key", ""),
        head("Spend this month", "n"),
        head("Last used", ""),
        head("Expires", ""),
        head("Status", ""),
        actions_head(),
    ];
    if owners {
        heads.insert(1, head("Owner", ""));
    }
    view! {
        <section class="card" aria-label="Keys">
            <StackTable heads=heads rows=rows class="keys-tbl"/>
            <Pager summary=summary newer=newer older=older/>
        </section>
    }
    .into_any()
}

fn row(key: KeyRow, owners: bool, base: &str) -> AnyView {
    let owner = match (owners, key.kind) {
        (false, _) => None,
        (true, KeyKind::Application) => Some(view! { <td role="cell" class="drop sub">"The team"</td> }.into_any()),
        (true, _) => {
            Some(view! { <td role="cell" class="drop"><Who name=key.user_name.clone() id=key.user.clone()/></td> }.into_any())
        }
    };
    let kind = match key.kind {
        KeyKind::Person => None,
        KeyKind::Application => Some(view! { <Badge text="Application" tone="line"/> }),
        KeyKind::Test => Some(view! { <Badge text="Test" tone="line"/> }),
    };
    let used = if key.last_used == "In use now" { "okc" } else { "sub" };
    let dim = matches!(key.state, KeyState::Revoked | KeyState::Expired);
    view! {
        <tr role="row" class=if dim { "dim" } else { "" }>
            <td role="cell" class="lead">
                <span class="name">{key.name.clone()}" "{kind}</span>
                <small class="mono">{key.masked.clone()}</small>
            </td>
            {owner}
            <td role="cell" class="n drop">{key.spent.clone()}</td>
            <td role="cell" class=format!("drop {used}") title=key.last_used_title.clone()>{key.last_used.clone()}</td>
            <td role="cell" class="drop sub" title=key.expires_title.clone()>{key.expires.clone()}</td>
            <td role="cell" class="meta">
                {state(&key)}
                <span class="only-m">" · "{key.spent.clone()}{key.spent_in.clone()}" · "{key.last_used.clone()}</span>
            </td>
            <td role="cell" class="act">{menu(&key, base)}</td>
        </tr>
    }
    .into_any()
}

fn state(key: &KeyRow) -> AnyView {
    match key.state {
        KeyState::Active if !key.overlap.is_empty() => {
            view! { <span title=key.overlap.clone()><Badge text="Rotating" tone="acc" icon="refresh"/></span> }.into_any()
        }
        KeyState::Active => view! { <Quiet text="Active"/> }.into_any(),
        KeyState::ExpiresSoon => view! { <Badge text="Expires soon" tone="warn" icon="clock"/> }.into_any(),
        KeyState::Expired => view! { <Badge text="Expired" icon="clock"/> }.into_any(),
        KeyState::Revoked => view! { <Badge text="Revoked" icon="lock"/> }.into_any(),
    }
}

fn menu(key: &KeyRow, base: &str) -> AnyView {
    let explain = format!("{}/models/explain?who=key/{}", base.trim_end_matches("/keys"), key.id);
    let href = |dialog: &str| format!("{base}?dialog={dialog}&key={}", key.id);
    let manage = key.may_manage.then(|| {
        view! {
            <a href=href("edit") {..noscroll()}><Icon name="edit"/>"Edit"</a>
            <a href=href("rotate") {..noscroll()}><Icon name="refresh"/>"Rotate"</a>
        }
    });
    let revoke = key.may_revoke.then(|| {
        view! {
            <hr/>
            <a class="danger" href=href("revoke") {..noscroll()}><Icon name="lock"/>"Revoke"</a>
        }
    });
    view! {
        <Menu id=format!("key-{}", key.id) label=format!("Actions for {}", key.name) class="end" button=|| view! { <Icon name="dots"/> }>
            {manage}
            <a href=explain><Icon name="info"/>"Explain access"</a>
            {revoke}
        </Menu>
    }
    .into_any()
}
