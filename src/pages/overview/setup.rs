use leptos::prelude::*;

use crate::{components::LinkButton, domain::teams::TeamSetup, pages::context_address};

/// One step of a new team.
struct Step {
    done: bool,
    title: &'static str,
    text: &'static str,
    /// What to do about it: label and address; none for who can not, or where others have to.
    action: Option<(&'static str, String)>,
}

/// What a new team's owner and admins are led through, each step checked: create, roles and invitations, keys, models and limits, a
/// second admin.
pub(super) fn setup_steps(setup: TeamSetup, team: &str, may_create_key: bool) -> AnyView {
    let members = context_address(team, "members");
    let steps = [
        Step { done: true, title: "Create the team", text: "Done. Its name can be changed in its settings.", action: None },
        Step {
            done: setup.invited,
            title: "Invite people in their roles",
            text: "Admins run the team, members make keys and calls, viewers look on.",
            action: Some(("Invite members", format!("{members}?dialog=invite"))),
        },
        Step {
            done: setup.has_key,
            title: "Create a key",
            text: "Each person makes their own; application keys belong to the team.",
            action: may_create_key.then(|| ("Create API key", format!("{}?dialog=create", context_address(team, "keys")))),
        },
        Step {
            done: setup.has_model,
            title: "Models and limits",
            text: if setup.has_model {
                "Models are open to this team, within the limits of its organization."
            } else {
                "No model is open to this team yet. See what its organization has, and ask for what is missing."
            },
            action: Some(("Open models", context_address(team, "models"))),
        },
        Step {
            done: setup.second_admin,
            title: "Choose a second admin",
            text: "Somebody who runs the team while the owner is away, and can take it over.",
            action: Some(("Open members", members.clone())),
        },
    ];
    let next = steps.iter().position(|step| !step.done);
    let done = steps.iter().filter(|step| step.done).count();
    let count = format!("{done} of {} done", steps.len());
    let items = steps.into_iter().enumerate().map(|(at, step)| item(step, next == Some(at))).collect_view();
    view! {
        <section class="card mb" aria-labelledby="setup-h">
            <header>
                <h2 id="setup-h">"Set up the team"</h2>
                <span class="end sub">{count}</span>
            </header>
            <ol class="steps short">{items}</ol>
        </section>
    }
    .into_any()
}

fn item(step: Step, next: bool) -> AnyView {
    let state = match (step.done, next) {
        (true, _) => "done",
        (false, true) => "now",
        (false, false) => "",
    };
    let action = step.action.filter(|_| !step.done).map(|(label, href)| {
        view! { <LinkButton label=label href=href class=if next { "primary sm" } else { "sm" }/> }
    });
    let said = step.done.then(|| view! { <span class="vh">", done"</span> });
    view! {
        <li class=state>
            <div>
                <h3>{step.title}{said}</h3>
                <p>{step.text}</p>
            </div>
            {action}
        </li>
    }
    .into_any()
}
