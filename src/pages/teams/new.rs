use leptos::prelude::*;

use crate::{
    app::Session,
    components::{Button, Checkbox, Choice, Field, Note, NoteKind, Opt, PageHead, RadioGroup, Select, SkeletonBlock},
    pages::{
        data::PageData,
        form::{Form, FormAction, Problems},
    },
    server_fns::teams::{CreateTeam, GetNewTeam, NewTeamPage as Options},
};

#[component]
pub fn NewTeamPage() -> impl IntoView {
    let action = FormAction::to::<CreateTeam>();
    let session = expect_context::<Session>();
    // The switcher lists the new team too.
    Effect::new(move |_| {
        if action.worked() {
            session.refresh();
        }
    });
    PageData::load(|| GetNewTeam {})
        .page(|| view! { <SkeletonBlock height=420/> }.into_any(), move |options| form(options, action))
}

fn form(options: Options, action: FormAction) -> AnyView {
    if options.organizations.is_empty() && !options.may_create_organization {
        return view! {
            <PageHead title="Create team"/>
            <Note
                kind=NoteKind::Info
                title="Your organizations do not let members create teams."
                text="Ask an organization admin for a team."
            />
        }
        .into_any();
    }
    let problems = action.problems();
    let typed = if problems.any() { options.typed.clone() } else { Default::default() };
    let mode = if typed.mode.is_empty() { "inherit".to_owned() } else { typed.mode.clone() };
    view! {
        <PageHead title="Create team" lead="You become its owner. Members, keys and limits follow on the next pages."/>
        <section class="card narrow-page" aria-label="New team">
            <Form action=action>
                <div class="body form">
                    {problems.note()}
                    <Field
                        label="Team name"
                        name="form[name]"
                        id="name"
                        value=typed.name.clone()
                        error=problems.field("name")
                        required=true
                        autofocus=true
                        maxlength=80
                        autocomplete="off"
                    />
                    <Field
                        label="Address"
                        name="form[slug]"
                        id="slug"
                        value=typed.slug.clone()
                        error=problems.field("slug")
                        hint="Small letters, digits and hyphens. Made from the name if left empty; fixed afterwards."
                        optional=true
                        maxlength=40
                        prefix="/t/"
                        autocomplete="off"
                    />
                    {organization(options, problems)}
                    <RadioGroup
                        label="Models"
                        name="form[mode]"
                        selected=mode
                        choices=vec![
                            Choice::new("inherit", "Inherit").hint("Everything that the organization opens to its teams."),
                            Choice::new("restrict", "Restrict").hint("Nothing until it is opened for this team."),
                        ]
                    />
                    <Checkbox
                        label="Members may create their own keys"
                        name="form[self_service]"
                        checked=true
                        hint="Owners and admins always may."
                    />
                </div>
                <footer class="form-foot">
                    <a class="btn" href="/teams">"Cancel"</a>
                    <Button label="Create team" class="primary" busy=action.pending()/>
                </footer>
            </Form>
        </section>
    }
    .into_any()
}

/// An organization to choose, or the name of a new one.
fn organization(options: Options, problems: Problems) -> AnyView {
    let first = options.organizations.is_empty();
    let mut choices: Vec<Opt> = options.organizations.into_iter().map(|(slug, name)| Opt::new(slug, name)).collect();
    let selected = match options.typed.organization.as_str() {
        "" => choices.first().map(|choice| choice.value.clone()).unwrap_or_default(),
        typed => typed.to_owned(),
    };
    if options.may_create_organization {
        choices.push(Opt::new("", "New organization"));
    }
    let typed = options.typed.organization_name;
    let name = options.may_create_organization.then(|| {
        let hint = if first {
            "The parent of your teams. It holds the models that they may call."
        } else {
            "Only for a new organization."
        };
        view! {
            <Field
                label=if first { "Organization" } else { "Name of the new organization" }
                name="form[organization_name]"
                id="organization_name"
                value=typed
                error=problems.field("organization_name")
                hint=hint
                required=first
                maxlength=80
                autocomplete="organization"
            />
        }
    });
    let select = (!first).then(|| {
        view! {
            <Select
                label="Organization"
                name="form[organization]"
                id="organization"
                choices=choices
                selected=selected
                error=problems.field("organization")
            />
        }
    });
    view! {
        {select}
        {name}
    }
    .into_any()
}
