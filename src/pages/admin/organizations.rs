use leptos::prelude::*;

use crate::{
    app::Session,
    components::{Button, Dialog, Empty, Field, Icon, PageHead, SkeletonTable, StackTable, Tile, head, noscroll},
    pages::{
        data::PageData,
        form::{Form, FormAction},
        query_param,
    },
    server_fns::organizations::{
        CreateOrganization, ListOrganizationRows, ORGANIZATIONS, OrganizationLine, OrganizationsPage as Organizations,
        organization_address,
    },
};

const CREATE: &str = "/admin/orgs?dialog=create";

/// `/admin/orgs`: the organizations.
#[component]
pub fn OrganizationsPage() -> impl IntoView {
    let dialog = query_param("dialog");
    let create = FormAction::to::<CreateOrganization>();
    let session = expect_context::<Session>();
    // The frame leads to the organizations that one administrates.
    Effect::new(move |_| {
        if create.worked() {
            session.refresh();
        }
    });
    let organizations = PageData::load(|| ListOrganizationRows {});
    view! {
        {organizations.page(|| view! { <div class="card"><SkeletonTable/></div> }.into_any(), list)}
        {organizations.dialog(
            move || dialog.track(),
            move |page| (dialog.get_untracked() == "create").then(|| view! { <CreateDialog page=page action=create/> }.into_any()),
        )}
    }
}

fn list(page: Organizations) -> AnyView {
    let create = || view! { <a href=CREATE class="btn primary" {..noscroll()}><Icon name="plus"/>"Create organization"</a> };
    if page.rows.is_empty() {
        return view! {
            <PageHead title="Organizations" context="Platform"/>
            <section class="card" aria-label="Organizations">
                <Empty title="No organizations yet" text="An organization is the parent of teams. It holds the models that they may call.">
                    {create()}
                </Empty>
            </section>
        }
        .into_any();
    }
    let rows = page.rows.into_iter().map(row).collect_view().into_any();
    let heads = vec![
        head("Organization", ""),
        head("Members", ""),
        head("Teams", "n"),
        head("Spend this month", "n"),
        head("Created", ""),
    ];
    view! {
        <PageHead title="Organizations" context="Platform" lead=page.sum>{create()}</PageHead>
        <section class="card" aria-label="Organizations">
            <StackTable heads=heads rows=rows/>
        </section>
    }
    .into_any()
}

fn row(line: OrganizationLine) -> AnyView {
    let teams = if line.teams == 1 { "1 team".to_owned() } else { format!("{} teams", line.teams) };
    view! {
        <tr role="row">
            <td role="cell" class="lead">
                <span class="who">
                    <Tile name=line.name.clone() id=line.id/>
                    <span>
                        <a class="name" href=organization_address(&line.slug)>{line.name}</a>
                        <small>{format!("/o/{}", line.slug)}</small>
                    </span>
                </span>
            </td>
            <td role="cell" class="drop sub">{line.members.clone()}</td>
            <td role="cell" class="n drop">{line.teams}</td>
            <td role="cell" class="n">{line.spent}</td>
            <td role="cell" class="drop sub" title=line.made_title>{line.made}</td>
            <td role="cell" class="meta only-m">{format!("{teams}, members: {}", line.members)}</td>
        </tr>
    }
    .into_any()
}

#[component]
fn CreateDialog(page: Organizations, action: FormAction) -> impl IntoView {
    let problems = action.problems();
    let (name, slug) = if problems.any() { (page.typed_name, page.typed_slug) } else { Default::default() };
    view! {
        <Dialog id="create-organization" title="Create organization" close=ORGANIZATIONS width="w-480">
            <Form action=action>
                <div class="dlg-body">
                    {problems.note()}
                    <Field
                        label="Name"
                        name="name"
                        id="organization-name"
                        value=name
                        required=true
                        autofocus=true
                        maxlength=80
                        autocomplete="off"
                        error=problems.field("name")
                    />
                    <Field
                        label="Address"
                        name="slug"
                        id="organization-slug"
                        value=slug
                        prefix="/o/"
                        hint="Small letters, digits and hyphens. Made from the name if left empty; fixed afterwards."
                        optional=true
                        maxlength=40
                        autocomplete="off"
                        error=problems.field("slug")
                    />
                    <ul class="facts">
                        <li><Icon name="shield"/><span>"You become its first admin, and add others on its page."</span></li>
                        <li><Icon name="cube"/><span>"It takes in today's models: restricted ones only with approval."</span></li>
                    </ul>
                </div>
                <footer>
                    <a href=ORGANIZATIONS class="btn" {..noscroll()}>"Cancel"</a>
                    <Button label="Create organization" class="primary" busy=action.pending()/>
                </footer>
            </Form>
        </Dialog>
    }
}
