use leptos::prelude::*;

use crate::{
    components::{Button, Quiet, StackTable, actions_head, head},
    pages::form::{Form, FormAction},
    server_fns::account::BrowserRow,
};

/// The browsers that are signed in.
pub(super) fn browser_list(browsers: Vec<BrowserRow>, end: FormAction, end_others: FormAction) -> AnyView {
    let (problems, others) = (end.problems(), end_others.problems());
    let all = (browsers.len() > 1).then(|| {
        view! {
            <span class="end">
                <Form action=end_others>
                    <Button label="Sign out everywhere else" class="sm" busy=end_others.pending()/>
                </Form>
            </span>
        }
    });
    let rows = browsers.into_iter().map(|browser| row(browser, end)).collect_view().into_any();
    let heads = vec![head("Browser", ""), head("Signed in", ""), head("Last seen", ""), actions_head()];
    view! {
        <section class="card" aria-labelledby="browsers">
            <header><h2 id="browsers">"Signed-in browsers"</h2>{all}</header>
            {problems.note()}
            {others.note()}
            <StackTable heads=heads rows=rows named_by="browsers"/>
        </section>
    }
    .into_any()
}

fn row(browser: BrowserRow, end: FormAction) -> AnyView {
    let action = if browser.this {
        view! { <Quiet text="This browser"/> }.into_any()
    } else {
        view! {
            <Form action=end>
                <input type="hidden" name="id" value=browser.id/>
                <Button label="Sign out" class="sm" busy=end.pending()/>
            </Form>
        }
        .into_any()
    };
    view! {
        <tr role="row">
            <td role="cell" class="lead">
                <span class="name">{browser.device}</span>
                <small>{browser.address}</small>
            </td>
            <td role="cell" class="drop sub">{browser.signed_in}</td>
            <td role="cell" class="meta sub cap">{browser.last_seen}</td>
            <td role="cell" class="act">{action}</td>
        </tr>
    }
    .into_any()
}
