use leptos::prelude::*;

use crate::{
    components::{Button, Choice, Dialog, Field, Icon, Opt, Secret, Segmented, Select, StackTable, actions_head, head, noscroll},
    pages::{
        confirm_dialog::{ConfirmDialog, fact},
        form::{Form, FormAction},
    },
    server_fns::account::{AccountPage as Account, NewTokenView, TokenRow},
};

const ADDRESS: &str = "/account";

/// The person's management tokens.
pub(super) fn token_list(page: Account) -> AnyView {
    let table = if page.tokens.is_empty() {
        let text = "None yet. A token lets a script use the management API in your name.";
        view! { <div class="body"><p class="sub">{text}</p></div> }.into_any()
    } else {
        let rows = page.tokens.into_iter().map(row).collect_view().into_any();
        let heads = vec![head("Token", ""), head("Scope", ""), head("Last used", ""), head("Expires", ""), actions_head()];
        view! {
            <StackTable heads=heads rows=rows named_by="tokens"/>
        }
        .into_any()
    };
    view! {
        <section class="card" aria-labelledby="tokens">
            <header>
                <h2 id="tokens">"Management tokens"</h2>
                <p>{page.api_url}</p>
                <span class="end">
                    <a class="btn sm" href="/account?dialog=token" {..noscroll()}><Icon name="plus" class="i-14"/>"Create token"</a>
                </span>
            </header>
            {table}
        </section>
    }
    .into_any()
}

fn row(token: TokenRow) -> AnyView {
    let expires = if token.expired { format!("Expired {}", token.expires) } else { token.expires };
    let revoke = format!("{ADDRESS}?dialog=revoke&token={}", token.id);
    view! {
        <tr role="row" class=if token.expired { "dim" } else { "" }>
            <td role="cell" class="lead">
                <span class="name">{token.name.clone()}</span>
                <small class="mono">{token.masked}</small>
            </td>
            <td role="cell" class="drop sub">{token.scope}</td>
            <td role="cell" class="drop sub">{token.last_used}</td>
            <td role="cell" class="meta sub">{expires}</td>
            <td role="cell" class="act">
                <a class="btn sm" href=revoke aria-label=format!("Revoke {}", token.name) {..noscroll()}>"Revoke"</a>
            </td>
        </tr>
    }
    .into_any()
}

/// Name, scope and life of a new token.
#[component]
pub(super) fn TokenDialog(action: FormAction) -> impl IntoView {
    let problems = action.problems();
    let lives = [("30", "In 30 days"), ("90", "In 90 days"), ("365", "In a year"), ("never", "Never")];
    let lives = lives.into_iter().map(|(value, label)| Opt::new(value, label)).collect();
    let scopes = vec![Choice::new("read", "Read"), Choice::new("write", "Read and write")];
    view! {
        <Dialog id="create-token" title="Create management token" close=ADDRESS width="w-480">
            <Form action=action>
                <div class="dlg-body">
                    {problems.note()}
                    <Field
                        label="Name"
                        name="name"
                        id="token-name"
                        hint="Say what uses it."
                        error=problems.field("name")
                        required=true
                        autofocus=true
                        maxlength=80
                        autocomplete="off"
                    />
                    <Segmented
                        label="Scope"
                        name="scope"
                        choices=scopes
                        selected="read"
                        hint="It acts as you: what you may not do, it may not do either."
                    />
                    <Select label="Expires" name="days" id="token-days" choices=lives selected="90" error=problems.field("days")/>
                </div>
                <footer>
                    <a href=ADDRESS class="btn" {..noscroll()}>"Cancel"</a>
                    <Button label="Create token" class="primary" busy=action.pending()/>
                </footer>
            </Form>
        </Dialog>
    }
}

/// The secret, this once.
#[component]
pub(super) fn NewTokenDialog(view: NewTokenView) -> impl IntoView {
    let name = view.name;
    let lead = move || view! { <p><b>{name.clone()}</b>" is ready. Only a hash is stored, so it cannot be shown again."</p> };
    view! {
        <Dialog id="new-token" title="Copy your token now" lead=lead close=ADDRESS closable=false>
            <form method="get" action=ADDRESS>
                <div class="dlg-body">
                    <Secret
                        label="Management token"
                        id="token-secret"
                        value=view.secret
                        copy="Copy token"
                        hint="Send it as “Authorization: Bearer …”. If it leaks, revoke it here; the effect is immediate."
                    />
                </div>
                <footer>
                    <label class="chk">
                        <input type="checkbox" required=true/>
                        <span>"I stored the token somewhere safe"</span>
                    </label>
                    <Button label="Done" class="primary"/>
                </footer>
            </form>
        </Dialog>
    }
}

/// Asks once before a token ends.
#[component]
pub(super) fn RevokeDialog(row: TokenRow, action: FormAction) -> impl IntoView {
    let facts = vec![
        fact("lock", view! { "The next request with "<b class="mono">{row.masked}</b>" is refused." }),
        fact("clock", view! { "Last used: "<b>{row.last_used}</b>". This can not be undone." }),
    ];
    view! {
        <ConfirmDialog
            id="revoke-token"
            title=format!("Revoke {}?", row.name)
            close=ADDRESS
            action=action
            fields=vec![("id", row.id)]
            facts=facts
            label="Revoke token"
            danger=true
        />
    }
}
