use leptos::prelude::*;

use super::org_param;
use crate::{
    app::Session,
    components::{Button, Checkbox, Field, Note, NoteKind, PageHead, SkeletonBlock},
    pages::{
        data::PageData,
        form::{Form, FormAction},
        query_param,
    },
    server_fns::organizations::{GetOrganizationSettings, OrganizationSettingsPage as Settings, UpdateOrganization},
};

#[component]
pub fn OrganizationSettingsPage() -> impl IntoView {
    let org = org_param();
    let done = query_param("done");
    let action = FormAction::to::<UpdateOrganization>();
    let session = expect_context::<Session>();
    // The frame shows the name, and offers what members may do.
    Effect::new(move |_| {
        if action.worked() {
            session.refresh();
        }
    });
    PageData::load_again(move || action.version(), move || GetOrganizationSettings { org: org.get() })
        .page(|| view! { <SkeletonBlock height=420/> }.into_any(), move |page| content(page, done, action))
}

fn content(page: Settings, done: Memo<String>, action: FormAction) -> AnyView {
    let problems = action.problems();
    let organization = page.organization;
    let allow = organization.allow_unbilled;
    let days = match organization.call_log_days {
        0 => String::new(),
        days => days.to_string(),
    };
    let unbilled = organization.may_set_unbilled.then(|| {
        view! {
            <input type="hidden" name="sets_unbilled" value="true"/>
            <Checkbox
                label="Teams may call without a plan or a spending limit"
                name="allow_unbilled"
                checked=allow
                hint="Otherwise such a team's calls are refused until it has one of the two. Only platform admins see this."
            />
        }
    });
    let typed = if problems.any() && !page.typed_name.is_empty() { page.typed_name } else { organization.name.clone() };
    let saved = move || {
        (done.get() == "saved").then(|| view! { <Note kind=NoteKind::Ok title="Settings saved. They act from now on."/> })
    };
    view! {
        <PageHead title="Settings" context=organization.name lead=format!("Made on {}. Its address is /o/{}.", page.made, organization.slug)/>
        <div class="grid narrow-page">
            {saved}
            <section class="card" aria-label="Settings">
                <Form action=action>
                    <div class="body form">
                        {problems.note()}
                        <input type="hidden" name="org" value=organization.slug/>
                        <Field
                            label="Name"
                            name="name"
                            value=typed
                            required=true
                            maxlength=80
                            autocomplete="off"
                            error=problems.field("name")
                        />
                        <Checkbox
                            label="Members may create teams"
                            name="members_create_teams"
                            checked=organization.members_create_teams
                            hint="Otherwise its admins create them. Whoever creates a team owns it."
                        />
                        <Checkbox
                            label="Open unrestricted models automatically"
                            name="open_unrestricted_models"
                            checked=organization.open_unrestricted_models
                            hint="Models that come into the catalog are open to its teams at once. Restricted ones always need approval."
                        />
                        <Field
                            label="Keep single calls for (days)"
                            name="call_log_days"
                            value=days
                            inputmode="numeric"
                            optional=true
                            autocomplete="off"
                            hint="30 to 3,650, or empty for ever. Older calls leave the call logs for good; statistics, statements and the ledger stay."
                            error=problems.field("call_log_days")
                        />
                        {unbilled}
                    </div>
                    <footer class="form-foot"><Button label="Save settings" class="primary" busy=action.pending()/></footer>
                </Form>
            </section>
        </div>
    }
    .into_any()
}
