//! What an organization takes in of the catalog, its reviews and its access groups, as its admins use them on the pages.

use std::time::Instant;

use super::{
    member_pages::{browser, place_with_models},
    support::{TestApp, app::Client, on_each_database, people},
};
use crate::{
    domain::{
        asset_sets::{ModelChoice, OrganizationModelQuery},
        authorization::TeamState,
        catalog::{ModelState, Tier},
        model_access::AccessDraft,
        teams::AccessMode,
    },
    service::{
        Caller, Services,
        model_access::{BulkStates, GroupInput},
    },
};

const MODELS: &str = "/o/northwind-labs/models";
const GROUPS: &str = "/o/northwind-labs/groups";

/// Maya runs the platform; Olga the organization, with the teams Atlas Search, which takes everything, and Helios, which has `one` alone.
struct Scene {
    app: TestApp,
    people: Vec<Caller>,
    olga: Caller,
}

impl Scene {
    async fn new(services: &Services) -> Self {
        let mut costly = people::model("costly", "sim");
        costly.tier = Tier::HighPerformance;
        let models = [people::model("one", "sim"), people::model("two", "sim"), costly];
        let (app, people, olga) = place_with_models(services, &models, "helios", &[("one", TeamState::Direct)]).await;
        Self { app, people, olga }
    }

    async fn olga(&self) -> Client {
        browser(&self.app, &self.olga).await
    }

    async fn state(&self, services: &Services, model: &str) -> ModelState {
        let all = services.list_organization_models(&self.olga, "northwind-labs").await.unwrap();
        all.into_iter().find(|row| row.name == model).expect("a model").state
    }
}

#[tokio::test]
async fn lowering_a_ceiling_lists_every_team_that_is_cut_before_it_is_saved() {
    on_each_database(|services| async move {
        let scene = Scene::new(&services).await;
        let olga = scene.olga().await;
        let list = olga.page(MODELS).await.text();
        assert!(list.contains("2 open, 1 by approval, 0 closed"), "{list}");
        assert!(list.contains("Models, Northwind Labs · Tallygate") && list.contains("2 of 2") && list.contains("1 of 2"));
        for (who, status) in [(1, 403), (2, 403)] {
            assert_eq!(browser(&scene.app, &scene.people[who]).await.page(MODELS).await.status.as_u16(), status);
        }
        let stranger = browser(&scene.app, &people::db_person(&services, "Sam", false).await).await;
        assert_eq!(stranger.page(MODELS).await.status, 404);

        let asked = olga.page(&format!("{MODELS}?dialog=set&to=closed&model=one")).await.text();
        assert!(asked.contains("Close one?") && asked.contains("one becomes closed, from open."), "{asked}");
        assert!(asked.contains("2 teams with 5 members and 0 keys are cut off from the next call on."), "{asked}");
        assert!(
            asked.contains("<b>Atlas Search") && asked.contains("loses one (no calls in 7 days)") && asked.contains("<b>Helios")
        );
        assert_eq!(scene.state(&services, "one").await, ModelState::Open, "looking changes nothing");
        let two = olga.page(&format!("{MODELS}?dialog=set&to=approval&model=two")).await.text();
        assert!(two.contains("needs an approval for two") && !two.contains("<b>Helios"), "Helios has it not: {two}");
        let wrong = [("org", "northwind-labs"), ("model", "one"), ("to", "nonsense")];
        assert_eq!(olga.form("/fn/set_model_states", &wrong, false).await.status, 422);
        for (plain, to, state) in [(true, "closed", ModelState::Closed), (false, "open", ModelState::Open)] {
            let fields = [("org", "northwind-labs"), ("model", "one"), ("to", to), ("back", "/o/northwind-labs/models?q=o")];
            let set = olga.form("/fn/set_model_states", &fields, plain).await;
            assert_eq!(
                (set.status.as_u16(), set.header("location")),
                (if plain { 302 } else { 200 }, fields[3].1),
                "{}",
                set.text()
            );
            assert_eq!(scene.state(&services, "one").await, state);
        }
        let raised = olga.page(&format!("{MODELS}?dialog=set&to=open&model=costly")).await.text();
        assert!(raised.contains("Atlas Search gains it.") && !raised.contains("cut off from"), "{raised}");
        let same = olga.page(&format!("{MODELS}?dialog=set&to=open&model=one")).await.text();
        assert!(same.contains("one: nothing changes"), "{same}");
    })
    .await;
}

#[tokio::test]
async fn what_the_filters_find_is_set_at_once() {
    on_each_database(|services| async move {
        let scene = Scene::new(&services).await;
        let olga = scene.olga().await;
        let input = GroupInput { name: "core".into(), models: vec!["one".into(), "two".into()], ..GroupInput::default() };
        let group = services.create_group(&scene.olga, Some("northwind-labs"), input).await.unwrap().id.to_string();
        for (query, found) in [
            ("q=COST", "1 model<"),
            ("tier=general", "2 models<"),
            ("modality=video", "No model matches"),
            ("state=approval", "1 model<"),
            (&*format!("group={group}"), "2 models<"),
        ] {
            let page = olga.page(&format!("{MODELS}?{query}")).await.text();
            assert!(page.contains(found), "{query}: {page}");
        }
        let open = olga.page(&format!("{MODELS}?dialog=set&to=open")).await.text();
        assert!(open.contains("Open restricted models, too") && open.contains("3 reviews are done with it."), "{open}");
        assert!(!open.contains("costly becomes"), "it stays by approval: {open}");
        let too = olga.page(&format!("{MODELS}?dialog=set&to=open&too=1")).await.text();
        assert!(too.contains("costly becomes open, from by approval."), "{too}");
        let fields = [("org", "northwind-labs"), ("asked[group]", &*group), ("to", "closed")];
        let set = olga.form("/fn/set_model_states", &fields, false).await;
        assert!(set.text().contains("2 models changed."), "{}", set.text());
        assert_eq!(scene.state(&services, "costly").await, ModelState::Approval);
        for model in ["one", "two"] {
            assert_eq!(scene.state(&services, model).await, ModelState::Closed);
        }
        let unknown = [("org", "northwind-labs"), ("model", "One"), ("to", "open")];
        assert_eq!(olga.form("/fn/set_model_states", &unknown, false).await.status, 422, "names match exactly");
    })
    .await;
}

#[tokio::test]
async fn new_models_wait_for_a_look_unless_the_organization_opens_them() {
    on_each_database(|services| async move {
        let scene = Scene::new(&services).await;
        let olga = scene.olga().await;
        for (plain, on) in [(true, false), (false, true), (true, false)] {
            let mut fields = vec![("org", "northwind-labs")];
            if on {
                fields.push(("open_unrestricted", "true"));
            }
            let set = olga.form("/fn/set_open_unrestricted", &fields, plain).await;
            assert_eq!(set.header("location"), MODELS, "{}", set.text());
            let page = olga.page(MODELS).await.text();
            assert_eq!(page.contains("name=\"open_unrestricted\" value=\"true\" checked"), on, "{page}");
        }
        services.create_model(&scene.people[0], people::model("fresh", "sim")).await.unwrap();
        let page = olga.page(MODELS).await.text();
        assert!(
            page.contains("New in the catalog; nobody may call it yet") && page.contains("Atlas Search would gain it."),
            "{page}"
        );
        assert!(olga.page("/o/northwind-labs").await.text().contains("to review"), "the overview tells");
        assert!(olga.page(&format!("{MODELS}?state=review")).await.text().contains(">fresh<"));
        let asked = olga.page(&format!("{MODELS}?dialog=set&to=approval&model=fresh")).await.text();
        assert!(asked.contains("1 review is done with it.") && asked.contains("Atlas Search gains it."), "{asked}");
        olga.form("/fn/set_model_states", &[("org", "northwind-labs"), ("model", "fresh"), ("to", "approval")], false).await;
        let page = olga.page(MODELS).await.text();
        assert!(!page.contains("nobody may call it yet"), "{page}");
        assert_eq!(scene.state(&services, "fresh").await, ModelState::Approval);
    })
    .await;
}

#[tokio::test]
async fn access_groups_are_made_changed_with_their_effect_told_and_deleted() {
    on_each_database(|services| async move {
        let scene = Scene::new(&services).await;
        let olga = scene.olga().await;
        assert!(olga.page(GROUPS).await.text().contains("No groups yet"));
        for (name, model, says) in [
            (" ", "one", "Enter a name."),
            ("core", "nothing", "There is no model “nothing”."),
            ("core", "one ", "There is no model"),
        ] {
            let fields = [("place", "o/northwind-labs"), ("form[name]", name), ("form[models][]", model)];
            let back = olga.refused_form(&format!("{GROUPS}?dialog=create"), "/fn/save_access_group", &fields).await;
            assert!(back.contains(says) && back.contains("<dialog"), "{name}: {back}");
        }
        let fields = [
            ("place", "o/northwind-labs"),
            ("form[name]", "core"),
            ("form[purpose]", "Chat <for> all."),
            ("form[models][]", "one"),
            ("form[models][]", "two"),
        ];
        let made = olga.form("/fn/save_access_group", &fields, true).await;
        assert_eq!((made.status.as_u16(), made.header("location")), (302, GROUPS), "{}", made.text());
        let page = olga.page(GROUPS).await.text();
        assert!(
            page.contains("core") && page.contains("2 models") && page.contains("one and two") && page.contains("No team"),
            "{page}"
        );
        let taken = olga.form("/fn/save_access_group", &fields, false).await;
        // Quotation marks travel in the answer as bytes of their own.
        let told = taken.text();
        assert!(told.contains("There is a group ") && told.contains("core") && told.contains(" already."), "{told}");

        // Helios names it: a change says first what it does there.
        let id = services.list_groups(&scene.olga, Some("northwind-labs")).await.unwrap()[0].id.to_string();
        let draft = AccessDraft { mode: AccessMode::Restrict, groups: Some(vec![id.clone()]), ..AccessDraft::default() };
        services.set_team_access(&scene.people[0], "helios", &draft, true).await.unwrap();
        let edit = olga.page(&format!("{GROUPS}?dialog=edit&id={id}")).await.text();
        assert!(edit.contains("Change it for the teams that use it") && edit.contains("1 team<"), "{edit}");
        let change = [
            ("place", "o/northwind-labs"),
            ("id", &*id),
            ("form[name]", "core"),
            ("form[models][]", "two"),
            ("form[models][]", "costly"),
        ];
        let told = olga.refused_form(&format!("{GROUPS}?dialog=edit&id={id}"), "/fn/save_access_group", &change).await;
        assert!(told.contains("Helios loses one and gains costly."), "{told}");
        let confirmed: Vec<_> = change.into_iter().chain([("confirmed", "true")]).collect();
        assert_eq!(olga.form("/fn/save_access_group", &confirmed, true).await.header("location"), GROUPS);
        let delete = olga.page(&format!("{GROUPS}?dialog=delete&id={id}")).await.text();
        assert!(delete.contains("Delete core?") && delete.contains("Helios loses costly and two."), "{delete}");

        // The platform's groups are seen by organizations, and changed by the platform alone.
        let maya = browser(&scene.app, &scene.people[0]).await;
        let fields = [("place", "admin"), ("form[name]", "wide"), ("form[tiers][]", "general")];
        assert_eq!(maya.form("/fn/save_access_group", &fields, true).await.header("location"), "/admin/groups");
        assert!(maya.page("/admin/groups").await.text().contains("all of General"));
        assert_eq!(olga.page("/admin/groups").await.status, 404);
        let seen = olga.page(GROUPS).await.text();
        assert!(seen.contains("wide") && seen.contains(">Platform<"), "{seen}");
        let wide = services.list_groups(&scene.people[0], None).await.unwrap()[0].id.to_string();
        assert!(!olga.page(&format!("{GROUPS}?dialog=edit&id={wide}")).await.text().contains("<dialog"));
        let theirs = [("place", "o/northwind-labs"), ("id", &*wide)];
        assert_eq!(olga.form("/fn/delete_access_group", &theirs, false).await.status, 404);

        let own = [("place", "o/northwind-labs"), ("id", &*id)];
        assert_eq!(olga.form("/fn/delete_access_group", &own, true).await.header("location"), GROUPS);
        assert!(!olga.page(GROUPS).await.text().contains(">core<"));
    })
    .await;
}

#[tokio::test]
async fn thousands_of_models_are_paged_and_previewed() {
    on_each_database(|services| async move {
        let scene = Scene::new(&services).await;
        let mut tx = services.store.begin().await.unwrap();
        let at = services.clock.now();
        for n in 0..2_000 {
            let id = services.random.id_at(at);
            let model = people::model(&format!("many-{n:05}"), "sim");
            crate::storage::catalog::insert_model(&mut tx, id, &model, false, at).await.unwrap();
            crate::storage::catalog::put_names(&mut tx, id, &model.name, &[]).await.unwrap();
        }
        tx.commit().await.unwrap();
        services.refresh_snapshot().await.unwrap();
        let start = Instant::now();
        let mut query = OrganizationModelQuery {
            choice: ModelChoice { text: "MANY".into(), ..ModelChoice::default() },
            ..Default::default()
        };
        query.page.limit = Some(100);
        let (mut seen, mut pages) = (0, 0);
        loop {
            let page = services.get_organization_models(&scene.olga, "northwind-labs", &query).await.unwrap();
            assert_eq!(page.found, 2_000);
            (seen, pages) = (seen + page.rows.len(), pages + 1);
            query.page.cursor = page.next;
            if query.page.cursor.is_none() {
                break;
            }
        }
        assert_eq!((seen, pages), (2_000, 20), "each once");
        let bulk = BulkStates { choice: query.choice, state: ModelState::Open, open_restricted: false };
        let preview = services.preview_model_states(&scene.olga, "northwind-labs", &bulk).await.unwrap();
        assert_eq!((preview.changes.len(), preview.teams.len()), (2_000, 1), "Helios has none of them");
        // A debug build on a busy machine: the order of magnitude, not the figure.
        assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
    })
    .await;
}
