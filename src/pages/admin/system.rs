use leptos::prelude::*;

use crate::{
    components::{Button, Choice, Note, NoteKind, PageHead, RadioGroup, SkeletonBlock, TextArea},
    domain::{accounts::SignUpPolicy, platform::PersonalModels},
    pages::{
        data::PageData,
        form::{Form, FormAction},
        query_param,
    },
    server_fns::platform::{GetPlatformSettings, SystemPage as System, UpdatePlatformSettings},
};

/// `/admin/system`: who may sign up, what personal spaces may call, and what is running.
#[component]
pub fn SystemPage() -> impl IntoView {
    let done = query_param("done");
    let sign_up = FormAction::to::<UpdatePlatformSettings>();
    let personal = FormAction::to::<UpdatePlatformSettings>();
    let settings = PageData::load_again(move || sign_up.version() + personal.version(), || GetPlatformSettings {});
    settings.page(|| view! { <SkeletonBlock height=560/> }.into_any(), move |page| content(page, done, sign_up, personal))
}

fn content(page: System, done: Memo<String>, sign_up: FormAction, personal: FormAction) -> AnyView {
    let said = move || {
        let title = match done.get().as_str() {
            "sign-up" => "Who may sign up is saved. It acts from now on.",
            "personal" => "The policy of personal spaces is saved. It acts with their next calls.",
            _ => return None,
        };
        Some(view! { <Note kind=NoteKind::Ok title=title/> })
    };
    let alarm = (!page.differences.is_empty()).then(|| {
        let text = page.differences.join(". ");
        view! { <Note kind=NoteKind::Danger title="The books do not balance." text=text/> }
    });
    view! {
        <PageHead title="System" context="Platform" lead="Settings of this installation."/>
        <div class="grid narrow-page">
            {said}
            {alarm}
            {sign_up_card(&page, sign_up)}
            {personal_card(&page, personal)}
            {facts_card(page)}
        </div>
    }
    .into_any()
}

fn sign_up_card(page: &System, action: FormAction) -> AnyView {
    let problems = action.problems();
    let choices = vec![
        Choice::new(SignUpPolicy::Invite.as_str(), "Invited people").hint("An account is made with the link of an invitation."),
        Choice::new(SignUpPolicy::Domain.as_str(), "People with an address of these domains")
            .hint("After confirming the address, and everybody who is invited."),
        Choice::new(SignUpPolicy::Open.as_str(), "Everybody")
            .hint("After confirming an address. Nothing is open to a new account yet."),
    ];
    let demo = page.demo.then(|| {
        view! { <Note kind=NoteKind::Info title="This is a demo." text="Everybody may sign up, whatever is set here."/> }
    });
    let typed = page.typed.clone().filter(|_| problems.any());
    let (selected, domains) = typed.unwrap_or_else(|| (page.sign_up, page.domains.clone()));
    let selected = selected.as_str();
    let configured = page.from_configuration.then(|| view! { <span>"From the configuration until it is saved here."</span> });
    view! {
        <section class="card" aria-labelledby="sign-up-h">
            <header><h2 id="sign-up-h">"Sign-up"</h2></header>
            <Form action=action>
                <div class="body form">
                    {demo}
                    {problems.note()}
                    <RadioGroup label="Who may make an account" name="sign_up" choices=choices selected=selected/>
                    <TextArea
                        label="Domains"
                        name="sign_up_domains"
                        value=domains
                        rows=3
                        code=true
                        optional=true
                        hint="One a line, such as company.example. They count only with the second choice."
                        error=problems.field("sign_up_domains")
                    />
                </div>
                <footer class="form-foot">
                    {configured}
                    <Button label="Save sign-up" class="primary" busy=action.pending()/>
                </footer>
            </Form>
        </section>
    }
    .into_any()
}

fn personal_card(page: &System, action: FormAction) -> AnyView {
    let problems = action.problems();
    let choices = vec![
        Choice::new(PersonalModels::None.as_str(), "No models").hint("Personal keys can be made, and call nothing."),
        Choice::new(PersonalModels::General.as_str(), "General models")
            .hint("Every model of the tier general that is enabled and priced."),
    ];
    let selected = page.personal_models.as_str();
    view! {
        <section class="card" aria-labelledby="personal-h">
            <header><h2 id="personal-h">"Personal spaces"</h2></header>
            <Form action=action>
                <div class="body form">
                    {problems.note()}
                    <RadioGroup
                        label="What everybody's personal space may call"
                        name="personal_models"
                        choices=choices
                        selected=selected
                    />
                </div>
                <footer class="form-foot">
                    <span>"Teams are not touched by this."</span>
                    <Button label="Save personal spaces" busy=action.pending()/>
                </footer>
            </Form>
        </section>
    }
    .into_any()
}

fn facts_card(page: System) -> AnyView {
    let mail = if page.mail_server { "Leave through a mail server" } else { "Are files: no mail server is configured" };
    let rows = page
        .facts
        .into_iter()
        .chain([("Mails".to_owned(), mail.to_owned())])
        .map(|(label, value)| view! { <dt>{label}</dt><dd>{value}</dd> })
        .collect_view();
    view! {
        <section class="card" aria-labelledby="facts-h">
            <header><h2 id="facts-h">"Installation"</h2><p>"Set in the configuration"</p></header>
            <dl class="body pairs">{rows}</dl>
        </section>
    }
    .into_any()
}
