use leptos::prelude::*;

use super::Query;
use crate::{
    components::{Button, Dialog, Icon, Note, NoteKind, noscroll},
    pages::form::{Form, FormAction},
    server_fns::organization_models::StatesView,
};

/// What a state would do, before it is set.
#[component]
pub(super) fn ChangeDialog(
    query: Query,
    /// One model; empty for all that the list shows.
    model: String,
    to: String,
    /// Restricted ones open, too.
    too: bool,
    view: StatesView,
    action: FormAction,
) -> impl IntoView {
    let problems = action.problems();
    let close = query.address(&query.asked.cursor);
    if view.nothing {
        return view! {
            <Dialog id="set-state" title=view.title close=close.clone() width="w-480">
                <div class="dlg-body"><Note kind=NoteKind::Info title="They are in this state already."/></div>
                <footer><a href=close class="btn" {..noscroll()}>"Close"</a></footer>
            </Dialog>
        }
        .into_any();
    }
    let changes =
        view.changes.iter().map(|text| view! { <li><Icon name="cube"/><span>{text.clone()}</span></li> }).collect_view();
    let gains = (!view.gains.is_empty()).then(|| view! { <li><Icon name="okc"/><span>{view.gains.clone()}</span></li> });
    let cut = (!view.cut.is_empty()).then(|| {
        let teams = view
            .cut
            .iter()
            .map(|team| view! { <li><Icon name="users"/><span><b>{team.name.clone()}</b>" "{team.says.clone()}</span></li> })
            .collect_view();
        view! {
            <Note kind=NoteKind::Warn title=view.warning.clone() text="Their calls get 403 or 404. Keys and past usage stay."/>
            <ul class="facts cut" aria-label="Teams that are cut off">{teams}</ul>
        }
    });
    let restricted = view.asks_for_restricted.then(|| {
        let base = query.change("", &to);
        let (words, href) = if too {
            ("Leave restricted models by approval", base)
        } else {
            ("Open restricted models, too", format!("{base}&too=1"))
        };
        view! { <p class="small"><a class="link" href=href.clone() {..noscroll()}>{words}</a></p> }
    });
    let class = if view.lowers { "danger" } else { "primary" };
    let asked = &query.asked;
    let fields = [
        ("asked[text]", asked.text.clone()),
        ("asked[tier]", asked.tier.clone()),
        ("asked[modality]", asked.modality.clone()),
        ("asked[group]", asked.group.clone()),
        ("asked[state]", asked.state.clone()),
        ("org", query.org.clone()),
        ("model", model),
        ("to", to.clone()),
        ("open_restricted", too.to_string()),
        ("back", close.clone()),
    ];
    let fields = fields.into_iter().map(|(name, value)| view! { <input type="hidden" name=name value=value/> }).collect_view();
    view! {
        <Dialog id="set-state" title=view.title.clone() close=close.clone()>
            <Form action=action>
                <div class="dlg-body">
                    {problems.note()}
                    {fields}
                    <ul class="facts">{changes}{gains}</ul>
                    {cut}
                    {restricted}
                </div>
                <footer>
                    <a href=close class="btn" {..noscroll()}>"Cancel"</a>
                    <Button label=view.button.clone() class=class busy=action.pending()/>
                </footer>
            </Form>
        </Dialog>
    }
    .into_any()
}
