use leptos::prelude::*;

use super::Forms;
use crate::{
    components::{Button, Dialog, Icon, Note, NoteKind, TextArea, Who, noscroll},
    pages::{
        allowance::{budget_fields, folded, window_fields},
        failure::encode,
        form::{Form, FormAction},
    },
    server_fns::team_models::{DialogView, LinkLine, PickLine, list_address},
};

/// What the address asks for: effects and a button, or something to choose from.
#[component]
pub(super) fn AskedDialog(team: String, view: DialogView, forms: Forms) -> impl IntoView {
    let close = list_address(&team);
    let lead = view.lead.clone();
    let title = view.title.clone();
    let body = if !view.refused.is_empty() {
        refused(&view, &close)
    } else if view.verb.is_empty() {
        choosing(&view, &close)
    } else {
        confirming(&team, &view, forms, &close)
    };
    view! {
        <Dialog
            id="access"
            title=title
            lead=move || (!lead.is_empty()).then(|| view! { <p>{lead.clone()}</p> })
            close=close.clone()
        >
            {body}
        </Dialog>
    }
}

fn refused(view: &DialogView, close: &str) -> AnyView {
    view! {
        <div class="dlg-body"><Note kind=NoteKind::Info title=view.refused.clone()/></div>
        <footer><a href=close.to_owned() class="btn" {..noscroll()}>"Close"</a></footer>
    }
    .into_any()
}

/// The effects, and the form that makes them happen.
fn confirming(team: &str, view: &DialogView, forms: Forms, close: &str) -> AnyView {
    let asked = &view.asked;
    let (action, hidden): (FormAction, Vec<(String, String)>) = match asked.dialog.as_str() {
        "limit" => {
            let models = asked.chosen.iter().enumerate().map(|(at, model)| (format!("models[{at}]"), model.clone()));
            let lift = (asked.step == "lift").then(|| ("lift".to_owned(), "true".to_owned()));
            (forms.limit, std::iter::once(("user".to_owned(), asked.user.clone())).chain(lift).chain(models).collect())
        }
        "apply" => {
            let teams = asked.chosen.iter().enumerate().map(|(at, team)| (format!("teams[{at}]"), team.clone()));
            (forms.apply, teams.collect())
        }
        _ => {
            let fields = [("what", &asked.what), ("name", &asked.name), ("to", &asked.to)];
            (forms.change, fields.map(|(name, value)| (name.to_owned(), value.clone())).to_vec())
        }
    };
    let hidden = hidden.into_iter().map(|(name, value)| view! { <input type="hidden" name=name value=value/> }).collect_view();
    let effects = view.effects.iter().map(|effect| {
        let icon = match effect.icon.as_str() {
            "lock" => "lock",
            "ask" => "ask",
            "okc" => "okc",
            "users" => "users",
            "alert" => "alert",
            "cube" => "cube",
            _ => "info",
        };
        view! { <li><Icon name=icon/><span>{effect.text.clone()}</span></li> }
    });
    let effects = (!view.effects.is_empty()).then(|| view! { <ul class="facts">{effects.collect_view()}</ul> });
    let ways = (!view.ways.is_empty()).then(|| {
        let ways = view.ways.iter().map(|way| radio("way", way)).collect_view();
        view! { <fieldset class="field"><legend>"Start from"</legend>{ways}</fieldset> }
    });
    let confirm = (!view.confirm.is_empty()).then(|| {
        view! {
            <label class="chk panel">
                <input type="checkbox" name="confirm" value="true" required=true/>
                <span>{view.confirm.clone()}</span>
            </label>
        }
    });
    let problems = action.problems();
    let limits = view.form.as_ref().map(|form| {
        let fields = view! {
            <input type="hidden" name="version" value=form.version.to_string()/>
            {budget_fields(form, true, problems)}
            {window_fields(form, problems)}
        };
        let alone = asked.dialog == "limits";
        if alone { fields.into_any() } else { folded("Limits and budget", form, true, problems, fields.into_any()) }
    });
    let class = if view.danger { "danger" } else { "primary" };
    let (team, close, verb) = (team.to_owned(), close.to_owned(), view.verb.clone());
    view! {
        <Form action=action>
            <div class="dlg-body">
                {problems.note()}
                <input type="hidden" name="team" value=team/>
                {hidden}
                {effects}
                {ways}
                {limits}
                {confirm}
            </div>
            <footer>
                <a href=close class="btn" {..noscroll()}>"Cancel"</a>
                <Button label=verb class=class busy=action.pending()/>
            </footer>
        </Form>
    }
    .into_any()
}

fn radio(name: &'static str, line: &PickLine) -> AnyView {
    view! {
        <label class="chk">
            <input type="radio" name=name value=line.value.clone() checked=line.picked/>
            <span>{line.label.clone()}<small>{line.hint.clone()}</small></span>
        </label>
    }
    .into_any()
}

/// A form that asks by its address for the effects of what is chosen, or links that lead on.
fn choosing(view: &DialogView, close: &str) -> AnyView {
    if !view.links.is_empty() || view.asked.dialog == "groups" {
        let links = view.links.iter().map(link).collect_view();
        return view! {
            <div class="dlg-body"><ul class="grps picks">{links}</ul></div>
            <footer><a href=close.to_owned() class="btn" {..noscroll()}>"Close"</a></footer>
        }
        .into_any();
    }
    let asked = &view.asked;
    let picks = match &view.typed {
        Some(typed) => {
            view! {
                <TextArea label="Models" name="pick" value=typed.clone() rows=10 code=true hint="Names, one per line. None: no model at all."/>
            }
            .into_any()
        }
        None => {
            let rows = view.picks.iter().map(|pick| {
                view! {
                    <label class="chk">
                        <input type="checkbox" name="pick" value=pick.value.clone() checked=pick.picked/>
                        <span>{pick.label.clone()}</span>
                    </label>
                }
            });
            let legend = if asked.dialog == "apply" { "Teams" } else { "Models" };
            view! { <fieldset class="field ticks"><legend>{legend}</legend>{rows.collect_view()}</fieldset> }.into_any()
        }
    };
    let user = (!asked.user.is_empty()).then(|| view! { <input type="hidden" name="user" value=asked.user.clone()/> });
    let lift = view.lifts.then(|| {
        let href = format!("{close}?dialog=limit&user={}&step=lift", encode(&asked.user));
        view! { <a href=href class="btn ghost" {..noscroll()}>"End limit"</a> }
    });
    view! {
        <form method="get" action=close.to_owned()>
            <div class="dlg-body">
                <input type="hidden" name="dialog" value=asked.dialog.clone()/>
                <input type="hidden" name="step" value="show"/>
                {user}
                {picks}
            </div>
            <footer>
                {lift}
                <a href=close.to_owned() class="btn" {..noscroll()}>"Cancel"</a>
                <Button label="Show effects" class="primary"/>
            </footer>
        </form>
    }
    .into_any()
}

fn link(line: &LinkLine) -> AnyView {
    let about = if line.user.is_empty() {
        let more = (!line.more.is_empty()).then(|| view! { <small>{line.more.clone()}</small> });
        view! {
            <span class="gl"><Icon name="layers"/></span>
            <span class="grow"><b>{line.name.clone()}</b><small>{line.detail.clone()}</small>{more}</span>
        }
        .into_any()
    } else {
        view! { <Who name=line.name.clone() id=line.user.clone() detail=line.detail.clone()/> }.into_any()
    };
    let (href, title) = (line.href.clone(), line.title.clone());
    let rel = line.whole.then_some("external");
    view! {
        <li>
            {about}
            <a class="btn sm end" href=href rel=rel aria-label=title.clone() {..noscroll()}>{line.label.clone()}</a>
        </li>
    }
    .into_any()
}
