use leptos::prelude::*;
use leptos_router::hooks::use_location;

use crate::{
    components::{Button, Checkbox, Dialog, Field, Icon, Note, NoteKind, Opt, Select, TextArea, noscroll, use_toaster},
    pages::{
        data::{PageData, nothing},
        form::{Form, FormAction},
        query_param,
    },
    server_fns::access_requests::{AskView, GetAskForm},
};

/// "Request access", for as long as the address of its page says `?dialog=request`; with `&model=` it asks for that one. Mounted once on
/// a page of a team. `action` is a [`FormAction`] to the server function `RequestAccess`: what the page shows of requests loads anew with
/// its version. It closes by leading back to the page.
#[component]
pub fn RequestAccess(
    /// The team's slug.
    #[prop(into)]
    team: Signal<String>,
    action: FormAction,
) -> impl IntoView {
    let (dialog, model) = (query_param("dialog"), query_param("model"));
    let back = use_location().pathname;
    let open = Memo::new(move |_| dialog.get() == "request" && !team.get().is_empty());
    let asked = Memo::new(move |_| if open.get() { model.get() } else { String::new() });
    let form = PageData::load(move || GetAskForm { team: team.get(), model: asked.get(), open: open.get() });
    let toaster = use_toaster();
    Effect::new(move |_| {
        if let Some(Ok(words)) = action.value::<String>() {
            toaster.show(words);
        }
    });
    form.part(
        nothing,
        |_| nothing(),
        move |view| {
            let Some(view) = view else { return nothing() };
            (move || {
                open.get().then(|| {
                    view! { <AskDialog view=view.clone() team=team.get_untracked() back=back.get_untracked() action=action/> }
                })
            })
            .into_any()
        },
    )
}

#[component]
fn AskDialog(view: AskView, team: String, back: String, action: FormAction) -> impl IntoView {
    let problems = action.problems();
    let close = back.clone();
    let lead_team = view.team.clone();
    let lead = move || view! { <p>"In "<b>{lead_team.clone()}</b>". Whoever decides gets a mail with your reason."</p> };
    if !view.refused.is_empty() {
        return view! {
            <Dialog id="request-access" title="Request access" lead=lead close=close.clone() width="w-480">
                <div class="dlg-body"><Note kind=NoteKind::Info title=view.refused/></div>
                <footer><a href=close class="btn" {..noscroll()}>"Close"</a></footer>
            </Dialog>
        }
        .into_any();
    }
    let (reason, until) = if problems.any() { (view.typed_reason.clone(), view.typed_until.clone()) } else { Default::default() };
    let may_be_team = view.may_ask_for_team && (view.choices.is_empty() || view.choices.iter().any(|choice| choice.to_team));
    let for_team = may_be_team.then(|| {
        view! {
            <Checkbox
                label="For the whole team"
                name="for_team"
                hint="Where the organization has to approve the model, its admins can give it to everybody in the team at once."
            />
        }
    });
    let picker = model_picker(&view, action);
    view! {
        <Dialog id="request-access" title="Request access" lead=lead close=close.clone()>
            <Form action=action>
                <div class="dlg-body">
                    {problems.note()}
                    <input type="hidden" name="team" value=team/>
                    <input type="hidden" name="back" value=back/>
                    {picker}
                    <TextArea
                        label="Reason"
                        name="reason"
                        id="request-reason"
                        value=reason
                        rows=3
                        maxlength=1000
                        required=true
                        hint="What it is for, and about how many calls."
                        error=problems.field("reason")
                    />
                    <Field
                        label="Until"
                        name="until"
                        id="request-until"
                        kind="date"
                        value=until
                        min=view.first_day
                        optional=true
                        hint="The last day, in UTC. Empty: no end date."
                        error=problems.field("until")
                    />
                    {for_team}
                </div>
                <footer>
                    <a href=close class="btn" {..noscroll()}>"Cancel"</a>
                    <Button label="Send request" class="primary" busy=action.pending()/>
                </footer>
            </Form>
        </Dialog>
    }
    .into_any()
}

/// The model that the address names, else one to choose, else one to type where they are too many.
fn model_picker(view: &AskView, action: FormAction) -> AnyView {
    let error = action.problems().field("model");
    let problem = move || error.get().map(|text| view! { <p class="err"><Icon name="alert"/><span>{text}</span></p> });
    if !view.model.is_empty() {
        let model = view.model.clone();
        let choice = view.choices.first();
        let decides = choice.map(|choice| choice.decides.clone());
        let waits = choice.is_some_and(|choice| choice.waits).then_some("Your own request for it is waiting. ");
        return view! {
            <div>
                <input type="hidden" name="model" value=model.clone()/>
                <p class="panel with-icon"><Icon name="cube"/><span><b>{model}</b><br/><span class="sub">{waits}{decides}</span></span></p>
                {problem}
            </div>
        }
        .into_any();
    }
    let typed = if action.problems().any() { view.typed_model.clone() } else { String::new() };
    if view.choices.is_empty() {
        let hint =
            if view.too_many { "Its exact name. Models that need approval stand on the page Models." } else { "Its exact name." };
        return view! {
            <Field label="Model" name="model" id="request-model" value=typed hint=hint required=true maxlength=100 error=error/>
        }
        .into_any();
    }
    let mut choices = vec![Opt::new("", "Choose one")];
    choices.extend(view.choices.iter().map(|choice| {
        let label = if choice.waits { format!("{} (your request is waiting)", choice.name) } else { choice.name.clone() };
        Opt::new(choice.name.clone(), label)
    }));
    view! {
        <Select
            label="Model"
            name="model"
            id="request-model"
            choices=choices
            selected=typed
            required=true
            hint="Models that need an approval before you can call them."
            error=error
        />
    }
    .into_any()
}
