use leptos::prelude::*;

use crate::{
    components::{Badge, Dialog, LinkButton, Quiet},
    pages::{
        confirm_dialog::{ConfirmDialog, fact},
        form::FormAction,
    },
    server_fns::catalog::PriceLine,
};

/// What a model cost, costs and will cost.
#[component]
pub(super) fn PricesDialog(model: String, edit: String, close: String, lines: Vec<PriceLine>) -> impl IntoView {
    let rows = lines.into_iter().map(row).collect_view();
    view! {
        <Dialog id="prices" title=format!("Prices of {model}") close=close.clone() width="w-600">
            <div class="dlg-body">
                <div class="tbl-wrap whole">
                    <table class="tbl stack" role="table">
                        <thead role="rowgroup">
                            <tr role="row">
                                <th role="columnheader" scope="col">"From (UTC)"</th>
                                <th role="columnheader" scope="col" class="n">"In / out per 1M tokens"</th>
                                <th role="columnheader" scope="col" class="n">"Cached"</th>
                                <th role="columnheader" scope="col">"Entered"</th>
                                <th role="columnheader" scope="col">"State"</th>
                            </tr>
                        </thead>
                        <tbody role="rowgroup">{rows}</tbody>
                    </table>
                </div>
                <p class="hint">"Entries are never changed: a new price follows the old one. Calls keep the price of their beginning."</p>
            </div>
            <footer>
                <LinkButton label="Close" href=close/>
                <LinkButton label="Enter new prices" href=edit class="primary"/>
            </footer>
        </Dialog>
    }
}

fn row(line: PriceLine) -> AnyView {
    let state = match line.state.as_str() {
        "Now" => view! { <Badge text="Now" tone="ok"/> }.into_any(),
        "Announced" => view! { <Badge text="Announced" tone="line" icon="clock"/> }.into_any(),
        _ => view! { <Quiet text="Past"/> }.into_any(),
    };
    view! {
        <tr role="row">
            <td role="cell" class="lead">{line.from}</td>
            <td role="cell" class="n">{line.prices}</td>
            <td role="cell" class="n sub">{line.cached}</td>
            <td role="cell" class="sub">{line.entered}</td>
            <td role="cell" class="meta">{state}</td>
        </tr>
    }
    .into_any()
}

/// "Remove model".
#[component]
pub(super) fn DeleteModelDialog(id: String, name: String, close: String, action: FormAction) -> impl IntoView {
    let facts = vec![
        fact("lock", "Calls with it are refused from the next one on, also by its other names."),
        fact("okc", "What was called stays in the history, and the name is free again."),
        fact("info", "To stop it for a while, disable it instead."),
    ];
    view! {
        <ConfirmDialog
            id="remove-model"
            title=format!("Remove {name}?")
            close=close
            action=action
            fields=vec![("id", id)]
            facts=facts
            label="Remove model"
            danger=true
        />
    }
}
