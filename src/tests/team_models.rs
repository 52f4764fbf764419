//! The model page of a team, as browsers with and without script use it, and what stands behind it.

use super::{
    member_pages::place,
    support::{
        TestApp,
        accounts::browser,
        app::Client,
        on_each_database,
        people::{db_person, model, new_team, simulated},
    },
};
use crate::{
    domain::{
        api_keys::{KeyKind, NewApiKey},
        authorization::TeamState,
        catalog::{Modality, NewModel, Tier},
        model_access::AccessDraft,
        page::PageRequest,
        team_models::{AccessEdit, StartFrom, TeamModelQuery},
        teams::{AccessMode, TeamView},
        time::HOUR_MS,
    },
    service::{Caller, ServiceError, Services, model_access::GroupInput},
};

const MODELS: &str = "/t/atlas-search/models";
const CALL: &str = "/v1/chat/completions";

/// Maya's team with its people, and a model of each kind: `open`, `dear` (costly, open), `asked` (by approval), `shut` (closed).
async fn with_models(services: &Services) -> (TestApp, TeamView, Vec<Caller>) {
    let (app, team, people) = place(services).await;
    let maya = &people[0];
    let mut provider = simulated("sim");
    (provider.simulation.first_token_ms, provider.simulation.per_token_ms) = (0, 0);
    services.create_provider(maya, provider).await.unwrap();
    for name in ["open", "asked", "shut"] {
        services.create_model(maya, model(name, "sim")).await.unwrap();
    }
    let dear = NewModel { tier: Tier::HighPerformance, restricted: Some(true), ..model("dear", "sim") };
    services.create_model(maya, dear).await.unwrap();
    for (name, state) in [("open", "open"), ("dear", "open"), ("asked", "approval"), ("shut", "closed")] {
        services.set_model_state(maya, "northwind-labs", name, state).await.unwrap();
    }
    services.clock.advance(1_000);
    (app, team, people)
}

async fn edit(services: &Services, by: &Caller, edit: AccessEdit) {
    services.edit_team_access(by, "atlas-search", &edit, true).await.unwrap();
}

async fn key(services: &Services, app: &TestApp, of: &Caller) -> Client {
    let new = NewApiKey { name: "k".into(), kind: KeyKind::Person, expires_at: None };
    app.key(&services.create_key(of, "atlas-search", new).await.unwrap().key)
}

fn call(model: &str) -> serde_json::Value {
    serde_json::json!({"model": model, "messages": [{"role": "user", "content": "x"}], "max_tokens": 1})
}

#[tokio::test]
async fn each_role_sees_the_models_that_are_its_own_to_see() {
    on_each_database(|services| async move {
        let (app, _, people) = with_models(&services).await;
        for at in [0, 1] {
            let page = browser(&app, &people[at]).await.page(MODELS).await;
            assert_eq!(page.status, 200);
            let text = page.text();
            for told in
                ["Models, Atlas Search · Tallygate", "Where access narrows", "High performance", ">shut<", "Mode", ">Restrict<"]
            {
                assert!(text.contains(told), "{told} for {}: {text}", people[at].user.name);
            }
        }
        for (at, asks) in [(2, true), (3, false)] {
            let text = browser(&app, &people[at]).await.page(MODELS).await.text();
            assert!(text.contains(">open<") && text.contains("Yours to call") && text.contains(">asked<"), "{text}");
            assert_eq!(text.contains("dialog=request&amp;model=asked"), asks, "who has no keys asks for no model");
            for hidden in [">shut<", "Where access narrows", "dialog=change", "dialog=limit", "sim,"] {
                assert!(!text.contains(hidden), "{hidden} for {}", people[at].user.name);
            }
            // What a role lacks does not open by its address.
            let forced = format!("{MODELS}?dialog=change&what=model&name=open&to=closed");
            assert!(!browser(&app, &people[at]).await.page(&forced).await.text().contains("<dialog"));
        }
        let stranger = db_person(&services, "Sam", false).await;
        assert_eq!(browser(&app, &stranger).await.page(MODELS).await.status, 404);
        services.refresh_snapshot().await.unwrap();
        let own = browser(&app, &stranger).await.page("/me/models").await;
        assert_eq!(own.status, 200);
        assert!(own.text().contains("No model is open to personal spaces."), "{}", own.text());
        let signed_out = app.browser().page(MODELS).await;
        assert_eq!((signed_out.status.as_u16(), signed_out.header("location")), (302, "/login?next=/t/atlas-search/models"));
    })
    .await;
}

#[tokio::test]
async fn a_change_shows_its_effect_before_it_is_made_with_and_without_script() {
    on_each_database(|services| async move {
        let (app, _, people) = with_models(&services).await;
        let maya = browser(&app, &people[0]).await;
        let mos_key = key(&services, &app, &people[2]).await;
        mos_key.post(CALL, call("open")).await.expect(200);
        app.services.book_ended_calls().await.unwrap();
        // An inheriting team is switched first.
        let rows = maya.page(MODELS).await.text();
        assert!(!rows.contains("what=model"), "rows of an inheriting team are only read");
        let early = maya.page(&format!("{MODELS}?dialog=change&what=model&name=open&to=closed")).await.text();
        assert!(early.contains("Switch it to Restrict first."), "{early}");
        let restrict = maya.page(&format!("{MODELS}?dialog=change&what=mode&to=restrict")).await.text();
        assert!(restrict.contains("Today&#x27;s models") || restrict.contains("Today's models"), "{restrict}");
        assert!(restrict.contains("No member loses or gains a model."));
        assert!(restrict.contains("Nobody can call a model until somebody opens one."));
        let fields = [("team", "atlas-search"), ("what", "mode"), ("to", "restrict"), ("way", "present")];
        let plain = maya.form("/fn/change_team_models", &fields, true).await;
        assert_eq!((plain.status.as_u16(), plain.header("location")), (302, MODELS));
        mos_key.post(CALL, call("open")).await.expect(200);

        let closing = maya.page(&format!("{MODELS}?dialog=change&what=model&name=open&to=closed")).await.text();
        assert!(closing.contains("Close open?"), "{closing}");
        assert!(closing.contains("Closes open (1 call in 7 days)."), "{closing}");
        assert!(closing.contains("Affects 4 members and 1 key. Their calls get 404 from now."), "{closing}");
        mos_key.post(CALL, call("open")).await.expect(200);
        for (plain, to, status) in [(false, "closed", 404), (true, "direct", 200), (true, "approval", 403), (false, "unset", 404)]
        {
            let fields = [("team", "atlas-search"), ("what", "model"), ("name", "open"), ("to", to)];
            let done = maya.form("/fn/change_team_models", &fields, plain).await;
            assert!(done.status.as_u16() < 400, "{}", done.text());
            mos_key.post(CALL, call("open")).await.expect(status);
        }
        // What the organization does not give can not be chosen, by the page or by a form.
        let rows = maya.page(MODELS).await.text();
        assert!(
            rows.contains("Northwind Labs allows this model only with its approval") && rows.contains("Closed by Northwind Labs")
        );
        for (name, to) in [("asked", "direct"), ("shut", "approval")] {
            let fields = [("team", "atlas-search"), ("what", "model"), ("name", name), ("to", to)];
            assert_eq!(maya.form("/fn/change_team_models", &fields, false).await.status, 422);
        }
        for (what, name, to) in [
            ("model", "open", "wide"),
            ("tier", "none", "direct"),
            ("thing", "", ""),
            ("model", " open", "direct"),
            ("model", "OPEN", "direct"),
        ] {
            let fields = [("team", "atlas-search"), ("what", what), ("name", name), ("to", to)];
            assert_eq!(maya.form("/fn/change_team_models", &fields, false).await.status, 422, "{what} {name} {to}");
        }
        let audit = maya.page("/t/atlas-search/audit").await.text();
        assert!(audit.contains("Changed access to a model") && audit.contains("Changed model access"), "{audit}");
    })
    .await;
}

#[tokio::test]
async fn costly_models_are_confirmed_and_an_empty_selection_says_so() {
    on_each_database(|services| async move {
        let (app, _, people) = with_models(&services).await;
        let maya = browser(&app, &people[0]).await;
        edit(&services, &people[0], AccessEdit::Restrict(StartFrom::Nothing)).await;
        let empty = maya.page(MODELS).await.text();
        assert!(empty.contains("No model is open to this team. Add an access group or open one model."), "{empty}");
        let mo = browser(&app, &people[2]).await.page(MODELS).await.text();
        assert!(mo.contains("No model is open to you in this team."), "{mo}");

        let address = format!("{MODELS}?dialog=change&what=tier&name=high_performance&to=direct");
        let opening = maya.page(&address).await.text();
        assert!(opening.contains("High cost: dear.") && opening.contains("name=\"confirm\""), "{opening}");
        let mut fields = vec![("team", "atlas-search"), ("what", "tier"), ("name", "high_performance"), ("to", "direct")];
        let unconfirmed = maya.form("/fn/change_team_models", &fields, false).await;
        assert_eq!(unconfirmed.status, 409, "{}", unconfirmed.text());
        fields.push(("confirm", "true"));
        assert_eq!(maya.form("/fn/change_team_models", &fields, false).await.status.as_u16() / 100, 2);
        let ruled = maya.page(MODELS).await.text();
        assert!(ruled.contains("Rule of the tier") && ruled.contains("Rule: Direct"), "{ruled}");

        let chat = GroupInput { name: "core-chat".into(), models: vec!["open".into(), "shut".into()], ..GroupInput::default() };
        let group = services.create_group(&people[0], Some("northwind-labs"), chat).await.unwrap();
        let id = group.id.to_string();
        let offered = maya.page(&format!("{MODELS}?dialog=groups")).await.text();
        assert!(
            offered.contains("core-chat") && offered.contains("1 model, from Northwind Labs"),
            "what is outside the boundary is not counted: {offered}"
        );
        let adding = maya.page(&format!("{MODELS}?dialog=change&what=group&name={id}&to=add")).await.text();
        assert!(adding.contains("Opens open.") && !adding.contains("Opens open and shut"), "{adding}");
        let fields = [("team", "atlas-search"), ("what", "group"), ("name", id.as_str()), ("to", "add")];
        assert_eq!(maya.form("/fn/change_team_models", &fields, true).await.status, 302);
        assert!(maya.page(MODELS).await.text().contains("Access group"));
        let mos_key = key(&services, &app, &people[2]).await;
        mos_key.post(CALL, call("open")).await.expect(200);
        services.delete_group(&people[0], Some("northwind-labs"), group.id).await.unwrap();
        mos_key.post(CALL, call("open")).await.expect(404);
    })
    .await;
}

#[tokio::test]
async fn what_the_organization_opens_later_is_told_until_somebody_decides() {
    on_each_database(|services| async move {
        let (app, _, people) = with_models(&services).await;
        let maya = browser(&app, &people[0]).await;
        edit(&services, &people[0], AccessEdit::Restrict(StartFrom::Present)).await;
        assert!(!maya.page(MODELS).await.text().contains("since your last review"));
        services.clock.advance(HOUR_MS);
        for name in ["fresh", "new"] {
            services.create_model(&people[0], model(name, "sim")).await.unwrap();
        }
        let told = maya.page(MODELS).await.text();
        assert!(told.contains("2 models were added since your last review on") && told.contains("Review 2 models"), "{told}");
        // A decision about another model leaves the note, one about the model itself takes it from there.
        edit(&services, &people[0], AccessEdit::Model("open".into(), Some(TeamState::Closed))).await;
        edit(&services, &people[0], AccessEdit::Model("fresh".into(), Some(TeamState::Closed))).await;
        let shown = maya.page(&format!("{MODELS}?show=new")).await.text();
        assert!(shown.contains("1 model was added") && shown.contains(">new<") && !shown.contains(">fresh<"), "{shown}");
        assert!(!browser(&app, &people[2]).await.page(MODELS).await.text().contains("since your last review"));
        let fields = [("team", "atlas-search"), ("what", "review")];
        assert_eq!(maya.form("/fn/change_team_models", &fields, true).await.status, 302);
        assert!(!maya.page(MODELS).await.text().contains("since your last review"));
        assert!(services.get_team_access(&people[0], "atlas-search").await.unwrap().opened_since.is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_member_is_limited_to_some_models_and_freed_again() {
    on_each_database(|services| async move {
        let (app, _, people) = with_models(&services).await;
        let maya = browser(&app, &people[0]).await;
        let mo = people[2].user.id.to_string();
        let mos_key = key(&services, &app, &people[2]).await;
        let adas_key = key(&services, &app, &people[1]).await;
        let choose = maya.page(&format!("{MODELS}?dialog=limit&user={mo}")).await.text();
        assert!(
            choose.contains("Mo calls and asks for everything that the team has.") && choose.contains("value=\"dear\""),
            "{choose}"
        );
        assert!(!choose.contains("value=\"shut\""), "what the team can not have is not offered");
        let effects = maya.page(&format!("{MODELS}?dialog=limit&user={mo}&step=show&pick=open&pick=asked")).await.text();
        assert!(effects.contains("Limit Mo?") && effects.contains("Mo loses dear (0 calls in 7 days)."), "{effects}");
        mos_key.post(CALL, call("dear")).await.expect(200);
        let fields = [("team", "atlas-search"), ("user", mo.as_str()), ("models[0]", "open"), ("models[1]", "asked")];
        assert_eq!(maya.form("/fn/limit_member_models", &fields, true).await.status, 302);
        mos_key.post(CALL, call("dear")).await.expect(404);
        mos_key.post(CALL, call("open")).await.expect(200);
        adas_key.post(CALL, call("dear")).await.expect(200);
        let listed = maya.page(MODELS).await.text();
        assert!(listed.contains("Limited to 2 models"), "{listed}");
        assert!(!browser(&app, &people[2]).await.page(MODELS).await.text().contains(">dear<"));

        let nothing = maya.page(&format!("{MODELS}?dialog=limit&user={mo}&step=show")).await.text();
        assert!(nothing.contains("Mo can call no model of this team then."), "{nothing}");
        let lift = maya.page(&format!("{MODELS}?dialog=limit&user={mo}&step=lift")).await.text();
        assert!(lift.contains("End the limit of Mo?") && lift.contains("Mo can call dear in addition."), "{lift}");
        let fields = [("team", "atlas-search"), ("user", mo.as_str()), ("lift", "true")];
        assert_eq!(maya.form("/fn/limit_member_models", &fields, false).await.status.as_u16() / 100, 2);
        mos_key.post(CALL, call("dear")).await.expect(200);
        let wrong = [("team", "atlas-search"), ("user", mo.as_str()), ("models[0]", "no such model")];
        assert_eq!(maya.form("/fn/limit_member_models", &wrong, false).await.status, 422);
        let stranger = db_person(&services, "Sam", false).await.user.id.to_string();
        let outside = [("team", "atlas-search"), ("user", stranger.as_str()), ("models[0]", "open")];
        assert_eq!(maya.form("/fn/limit_member_models", &outside, false).await.status, 404);
    })
    .await;
}

#[tokio::test]
async fn one_policy_is_given_to_several_teams_or_to_none() {
    on_each_database(|services| async move {
        let (app, team, people) = with_models(&services).await;
        let (maya, ada) = (&people[0], &people[1]);
        edit(&services, maya, AccessEdit::Restrict(StartFrom::Nothing)).await;
        edit(&services, maya, AccessEdit::Model("open".into(), Some(TeamState::Direct))).await;
        for name in ["Helios", "Vega"] {
            services.create_team(maya, new_team(name, "northwind-labs")).await.unwrap();
        }
        let mayas = browser(&app, maya).await;
        let choose = mayas.page(&format!("{MODELS}?dialog=apply")).await.text();
        assert!(
            choose.contains("value=\"helios\"")
                && choose.contains("value=\"vega\"")
                && !choose.contains("value=\"atlas-search\""),
            "{choose}"
        );
        let effects = mayas.page(&format!("{MODELS}?dialog=apply&step=show&pick=helios&pick=vega")).await.text();
        assert!(effects.contains("Give 2 teams the models of Atlas Search?"), "{effects}");
        assert!(effects.contains("Helios: Closes asked and dear (0 calls in 7 days)."), "{effects}");
        // Ada sets the access of one team only.
        assert!(services.list_apply_targets(ada, &team.slug).await.unwrap().is_empty());
        assert!(!browser(&app, ada).await.page(MODELS).await.text().contains("dialog=apply"));
        let fields = [("team", "atlas-search"), ("teams[0]", "helios")];
        assert_eq!(browser(&app, ada).await.form("/fn/apply_team_models", &fields, false).await.status, 422);

        let unknown = [("team", "atlas-search"), ("teams[0]", "helios"), ("teams[1]", "nowhere")];
        assert_eq!(mayas.form("/fn/apply_team_models", &unknown, false).await.status, 422);
        assert_eq!(services.get_team_access(maya, "helios").await.unwrap().mode, AccessMode::Inherit, "all or none");
        let both = [("team", "atlas-search"), ("teams[0]", "helios"), ("teams[1]", "vega")];
        assert_eq!(mayas.form("/fn/apply_team_models", &both, true).await.status, 302);
        for slug in ["helios", "vega"] {
            let access = services.get_team_access(maya, slug).await.unwrap();
            assert_eq!((access.mode, access.rows.len()), (AccessMode::Restrict, 1), "{slug}");
        }
    })
    .await;
}

#[tokio::test]
async fn thousands_of_models_come_in_pages_and_one_change_writes_one_row() {
    on_each_database(|services| async move {
        let (app, team, people) = place(&services).await;
        let maya = &people[0];
        services.create_provider(maya, simulated("sim")).await.unwrap();
        let first = services.create_model(maya, model("m-00000", "sim")).await.unwrap();
        let mut tx = services.store.begin().await.unwrap();
        let org = crate::storage::organizations::find(&mut tx, "northwind-labs").await.unwrap().unwrap().id;
        let (at, provider) =
            (services.clock.now(), crate::storage::catalog::find_provider(&mut tx, "sim").await.unwrap().unwrap().0.id);
        for n in 1..600 {
            let tier = Tier::ALL[n % 3];
            let new = NewModel { tier, modality: Modality::Chat, ..model(&format!("m-{n:05}"), "sim") };
            let id = services.random.id_at(at);
            crate::storage::catalog::insert_model(&mut tx, id, &new, false, at).await.unwrap();
            let entry =
                crate::domain::prices::PriceEntry { from: at, prices: new.prices, created_at: at, created_by: String::new() };
            crate::storage::prices::insert(&mut tx, id, &entry).await.unwrap();
            crate::storage::catalog::put_names(&mut tx, id, &new.name, &[]).await.unwrap();
            crate::storage::catalog::put_deployments(&mut tx, id, &[(provider, "u")]).await.unwrap();
            crate::storage::organizations::put_model(&mut tx, org, id, crate::domain::catalog::ModelState::Open, at)
                .await
                .unwrap();
        }
        tx.commit().await.unwrap();
        services.refresh_snapshot().await.unwrap();
        edit(&services, maya, AccessEdit::Restrict(StartFrom::Present)).await;
        // Walked to the end, every model stands on one page.
        let (mut seen, mut cursor) = (vec![], None);
        loop {
            let page = PageRequest { limit: Some(100), cursor: cursor.clone() };
            let listed =
                services.list_team_models(maya, &team.slug, &TeamModelQuery { page, ..Default::default() }).await.unwrap();
            assert_eq!(listed.found, 600);
            seen.extend(listed.page.items.into_iter().map(|model| model.name));
            cursor = listed.page.next_cursor;
            if cursor.is_none() {
                break;
            }
        }
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), 600);
        let found = browser(&app, maya).await.page(&format!("{MODELS}?q=M-0012&tier=general")).await.text();
        assert!(found.contains("m-00120") && !found.contains("m-00121") && !found.contains("m-00003"), "{found}");

        edit(&services, maya, AccessEdit::Model("m-00000".into(), Some(TeamState::Closed))).await;
        let mut c = services.store.reader().await.unwrap();
        let rows = crate::storage::model_access::teams::find_rows(&mut c, team.id).await.unwrap();
        assert_eq!(rows.models.len(), 600);
        assert!(rows.models.contains(&(first.id, TeamState::Closed)));
        drop(c);
        let inherit = AccessDraft { mode: AccessMode::Inherit, ..AccessDraft::default() };
        services.set_team_access(maya, &team.slug, &inherit, true).await.unwrap();
        let refused = services.preview_access_edit(maya, &team.slug, &AccessEdit::Tier(Tier::General, None)).await;
        assert!(matches!(refused, Err(ServiceError::Conflict("inherits", _))));
    })
    .await;
}
