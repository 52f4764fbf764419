use leptos::prelude::*;

use crate::{
    components::{Button, Dialog, Field, Icon, TextArea, noscroll},
    domain::catalog::Tier,
    pages::form::{Form, FormAction},
    server_fns::access_groups::{GroupFormView, GroupRemovalView, groups_address},
};

/// "Create group", or "Edit group" of the one that is given.
#[component]
pub(super) fn GroupDialog(place: String, view: GroupFormView, action: FormAction) -> impl IntoView {
    let close = groups_address(&place);
    let problems = action.problems();
    let (title, verb) = if view.id.is_empty() { ("Create group", "Create group") } else { ("Edit group", "Save group") };
    let GroupFormView { id, form, catalog, in_use } = view;
    let tiers = Tier::ALL
        .into_iter()
        .map(|tier| {
            let checked = form.tiers.iter().any(|word| word == tier.as_str());
            let label = format!("All of {}", tier.label());
            view! {
                <label class="chk">
                    <input type="checkbox" name="form[tiers][]" value=tier.as_str() checked=checked/>
                    <span>{label}</span>
                </label>
            }
        })
        .collect_view();
    let models = if catalog.is_empty() {
        view! {
            <TextArea
                label="Models"
                name="form[names]"
                id="group-models"
                value=form.names.clone()
                rows=8
                code=true
                optional=true
                hint="Exact names, one on each line. Whole tiers below take in models that come later."
                error=problems.field("models")
            />
        }
        .into_any()
    } else {
        let boxes = catalog
            .into_iter()
            .map(|name| {
                let checked = form.models.contains(&name);
                let value = name.clone();
                view! {
                    <label class="chk">
                        <input type="checkbox" name="form[models][]" value=value checked=checked/>
                        <span>{name}</span>
                    </label>
                }
            })
            .collect_view();
        let problem = problems.field("models");
        view! {
            <fieldset class="field">
                <legend>"Models"</legend>
                <div class="ticked">{boxes}</div>
                {move || problem.get().map(|text| view! { <p class="err"><Icon name="alert"/><span>{text}</span></p> })}
            </fieldset>
        }
        .into_any()
    };
    let confirm = in_use.then(|| {
        let effect = problems.field("confirmed");
        view! {
            <div class="field">
                <label class="chk">
                    <input type="checkbox" name="confirmed" value="true"/>
                    <span>"Change it for the teams that use it"<small>"Without the tick, saving says first which team loses or gains what."</small></span>
                </label>
                {move || effect.get().map(|text| view! { <p class="err" role="alert"><Icon name="users"/><span>{text}</span></p> })}
            </div>
        }
    });
    view! {
        <Dialog id="group" title=title close=close.clone()>
            <Form action=action>
                <div class="dlg-body">
                    {problems.note()}
                    <input type="hidden" name="place" value=place/>
                    <input type="hidden" name="id" value=id/>
                    <Field
                        label="Name"
                        name="form[name]"
                        id="group-name"
                        value=form.name.clone()
                        required=true
                        autofocus=true
                        maxlength=80
                        autocomplete="off"
                        error=problems.field("name")
                    />
                    <TextArea
                        label="Purpose"
                        name="form[purpose]"
                        id="group-purpose"
                        value=form.purpose.clone()
                        rows=2
                        maxlength=1000
                        optional=true
                        hint="What may be done with its models."
                        error=problems.field("description")
                    />
                    {models}
                    <fieldset class="field">
                        <legend>"Whole tiers"</legend>
                        {tiers}
                    </fieldset>
                    {confirm}
                </div>
                <footer>
                    <a href=close class="btn" {..noscroll()}>"Cancel"</a>
                    <Button label=verb class="primary" busy=action.pending()/>
                </footer>
            </Form>
        </Dialog>
    }
}

/// What removing a group does.
#[component]
pub(super) fn DeleteDialog(place: String, view: GroupRemovalView, action: FormAction) -> impl IntoView {
    let close = groups_address(&place);
    let problems = action.problems();
    let effects = view.effects.into_iter().map(|text| view! { <li><Icon name="info"/><span>{text}</span></li> }).collect_view();
    view! {
        <Dialog id="delete-group" title=format!("Delete {}?", view.name) close=close.clone() width="w-480">
            <Form action=action>
                <div class="dlg-body">
                    {problems.note()}
                    <input type="hidden" name="place" value=place/>
                    <input type="hidden" name="id" value=view.id/>
                    <ul class="facts">{effects}</ul>
                </div>
                <footer>
                    <a href=close class="btn" {..noscroll()}>"Cancel"</a>
                    <Button label="Delete group" class="danger" busy=action.pending()/>
                </footer>
            </Form>
        </Dialog>
    }
}
