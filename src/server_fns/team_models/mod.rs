//! The models of a team: the list, changes to it with what they would do, members' limits, one policy for several teams.

#[cfg(feature = "ssr")]
mod dialogs;
#[cfg(feature = "ssr")]
mod view;
#[cfg(feature = "ssr")]
mod words;

use leptos::server;
use serde::{Deserialize, Serialize};

use super::quotas::{AllowanceForm, TypedLimits};
use crate::{
    domain::{authorization::TeamState, catalog::Tier, teams::AccessMode},
    error::AppError,
    wire::PageAnswer,
};

/// One of the three states that a row may be set to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateChoice {
    pub state: TeamState,
    /// Why it can not be chosen; empty where it can.
    pub refused: String,
}

/// A row of the team model page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelLine {
    pub id: String,
    pub name: String,
    /// What serves it and what it takes.
    pub detail: String,
    pub tier: Tier,
    pub price: String,
    /// What follows the first price: of output, or the unit.
    pub price_more: String,
    pub is_new: bool,
    pub costly: bool,
    /// What members meet.
    pub state: TeamState,
    /// What it can be set to; empty for whoever only looks on, and where the team inherits.
    pub choices: Vec<StateChoice>,
    /// Who set it, and a word more.
    pub set_by: String,
    pub set_detail: String,
    /// A row of the team stands there, which can be taken away.
    pub has_row: bool,
    /// Empty where the viewer may not know.
    pub spent: String,
    pub calls: String,
    /// The viewer may call it now.
    pub callable: bool,
    /// The viewer may ask for it.
    pub may_request: bool,
    /// A request of the viewer waits.
    pub requested: bool,
}

/// A level of what narrows access: how many models it opens, and how many with an approval.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NarrowLine {
    pub name: String,
    pub words: String,
    pub open: usize,
    pub approval: usize,
    pub rest: usize,
}

/// An access group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupLine {
    /// Its name, or its id where another one has the same name.
    pub id: String,
    pub name: String,
    pub detail: String,
    pub purpose: String,
    pub named: bool,
}

/// A request that waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaitingLine {
    pub id: String,
    /// Else the organization has to.
    pub may_decide: bool,
    pub user: String,
    pub name: String,
    pub what: String,
    pub reason: String,
    pub wanted: String,
}

/// The team model page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TeamModelsPage {
    pub context: String,
    pub lead: String,
    pub personal: bool,
    pub may_manage: bool,
    /// Several teams are the viewer's to set.
    pub may_apply: bool,
    /// The viewer has a role that others are seen from.
    pub may_view_as: bool,
    pub may_explain: bool,
    pub mode: AccessMode,
    /// What the organization opened: a sentence, and what follows it. Empty where there is nothing.
    pub news: String,
    pub news_more: String,
    pub new: usize,
    pub direct: usize,
    pub approval: usize,
    pub closed: usize,
    /// Each tier with its rule.
    pub tiers: Vec<(Tier, Option<TeamState>)>,
    pub narrowing: Vec<NarrowLine>,
    pub groups: Vec<GroupLine>,
    pub narrowed: Vec<LinkLine>,
    pub waiting: Vec<WaitingLine>,
    /// `2`, `3+`.
    pub waiting_count: String,
    pub found: usize,
    pub rows: Vec<ModelLine>,
    /// Cursor of the next page.
    pub next: Option<String>,
    /// Why nothing can be called, where nothing can.
    pub nothing: String,
}

/// What a dialog of the page is about, as the address says it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DialogAsked {
    /// `change`, `limits`, `limit`, `groups`, `apply`, `as`; anything else opens none.
    pub dialog: String,
    /// `model`, `tier`, `group`, `mode` or `review`.
    pub what: String,
    /// Which of them.
    pub name: String,
    /// What it becomes.
    pub to: String,
    /// Whose models.
    pub user: String,
    /// `show` when models or teams were chosen, `lift` to end a limit.
    pub step: String,
    /// Models, or short names of teams.
    pub chosen: Vec<String>,
}

impl DialogAsked {
    /// Whether two addresses open the same dialog. What was chosen in it is a part of its answer.
    pub fn is_same(&self, other: &Self) -> bool {
        let parts =
            |asked: &Self| [&asked.dialog, &asked.what, &asked.name, &asked.to, &asked.user, &asked.step].map(String::clone);
        parts(self) == parts(other)
    }
}

/// An effect, in a sentence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Effect {
    pub icon: String,
    pub text: String,
}

/// A choice with a line that explains it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PickLine {
    pub value: String,
    pub label: String,
    pub hint: String,
    pub picked: bool,
}

/// Somebody or something, and a link that leads on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkLine {
    /// Whose picture stands beside it; empty for what is nobody.
    pub user: String,
    pub name: String,
    pub detail: String,
    /// A second line; may be empty.
    pub more: String,
    pub href: String,
    /// Words of the link, and in full.
    pub label: String,
    pub title: String,
    /// Loaded as a whole: from there on everything is asked for as somebody else.
    pub whole: bool,
}

/// What a dialog shows: effects before a change, or something to choose from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DialogView {
    /// Of which dialog, with what was chosen in it.
    pub asked: DialogAsked,
    pub title: String,
    pub lead: String,
    /// Why it can not be; then nothing else is told.
    pub refused: String,
    pub effects: Vec<Effect>,
    /// What costly models ask to be confirmed; empty where nothing has to.
    pub confirm: String,
    /// Ways to do it, of which one is chosen with the form.
    pub ways: Vec<PickLine>,
    /// What can be chosen, for a next look at the effects.
    pub picks: Vec<PickLine>,
    /// Too many to tick: names are typed, one per line.
    pub typed: Option<String>,
    /// Where choosing leads on by a link.
    pub links: Vec<LinkLine>,
    /// Limits and a budget, which are saved along.
    pub form: Option<AllowanceForm>,
    /// The button; empty where there is nothing to send.
    pub verb: String,
    pub danger: bool,
    /// A limit stands that can be ended.
    pub lifts: bool,
}

/// The models of a team. `tier` and `show` narrow the list: a tier's word; `direct`, `approval`, `closed` or `new`.
#[server(prefix = "/fn", endpoint = "list_team_models", output = PageAnswer)]
pub async fn list_team_models(
    team: String,
    text: String,
    tier: String,
    show: String,
    cursor: String,
) -> Result<TeamModelsPage, AppError> {
    use crate::domain::{
        page::PageRequest,
        team_models::{ModelFilter, TeamModelQuery},
    };

    let (services, caller) = super::context::viewer(&team).await?;
    let query = TeamModelQuery {
        text,
        tier: Tier::parse(&tier),
        filter: ModelFilter::parse(&show),
        page: PageRequest { limit: Some(50), cursor: (!cursor.is_empty()).then_some(cursor) },
    };
    Ok(view::load(&services, &caller, &team, &query).await?)
}

/// What the dialog of the address shows. Nothing for no dialog.
#[server(prefix = "/fn", endpoint = "open_models_dialog", output = PageAnswer)]
pub async fn open_models_dialog(team: String, #[server(default)] asked: DialogAsked) -> Result<Option<DialogView>, AppError> {
    use crate::service::ServiceError;

    let (services, caller) = super::context::viewer(&team).await?;
    let title = dialogs::title(&asked);
    match dialogs::open(&services, &caller, &team, asked.clone()).await {
        Ok(view) => Ok(view),
        // What can not be is told in the dialog that asked for it.
        Err(ServiceError::Conflict(_, refused)) => Ok(Some(DialogView { asked, title, refused, ..DialogView::default() })),
        Err(ServiceError::Invalid(fields)) => {
            let refused = fields.0.into_iter().next().map(|(_, message)| message).unwrap_or_default();
            Ok(Some(DialogView { asked, title, refused, ..DialogView::default() }))
        }
        Err(error) => Err(error.into()),
    }
}

/// Makes one change to what a team makes of its models; `way` is what restricting starts from. What the team may use of a model is
/// saved along, or alone (`limits`).
#[server(prefix = "/fn", endpoint = "change_team_models", output = PageAnswer)]
pub async fn change_team_models(
    team: String,
    what: String,
    #[server(default)] name: String,
    #[server(default)] to: String,
    #[server(default)] way: String,
    #[server(default)] confirm: bool,
    #[server(default)] typed: Option<TypedLimits>,
    #[server(default)] version: i64,
) -> Result<(), AppError> {
    use crate::service::limits::{How, LimitsOf};

    let (services, caller) = super::context::signed_in().await?;
    let edit = if what == "limits" { None } else { Some(dialogs::edit(&what, &name, &to, &way)?) };
    let of = LimitsOf::Model(&name);
    let save = async || {
        let limits = match &typed {
            Some(typed) => {
                let before = services.get_cap(&caller, &team, of).await?;
                let change = super::quotas::change(typed, true, &before)?;
                Some((change, How { clamp: false, version: Some(version) }))
            }
            None => None,
        };
        match (&edit, limits) {
            (Some(edit), limits) => services.edit_team_model(&caller, &team, edit, confirm, limits).await.map(|_| ()),
            (None, limits) => {
                let (change, how) = limits.unwrap_or_default();
                services.put_limits(&caller, &team, of, change, how).await.map(|_| ())
            }
        }
    };
    save().await.map_err(|error| super::context::keep_typed_form(error, TYPED, &typed))?;
    leptos_axum::redirect(&list_address(&team));
    Ok(())
}

/// Limits a member to some models, or to none of them; with `lift` the limit ends.
#[server(prefix = "/fn", endpoint = "limit_member_models", output = PageAnswer)]
pub async fn limit_member_models(
    team: String,
    user: String,
    #[server(default)] lift: bool,
    #[server(default)] models: Vec<String>,
) -> Result<(), AppError> {
    use crate::domain::ids::UserId;

    let (services, caller) = super::context::signed_in().await?;
    let user = UserId::parse(&user).ok_or(AppError::NotFound)?;
    services.set_member_models(&caller, &team, user, (!lift).then_some(models)).await?;
    leptos_axum::redirect(&list_address(&team));
    Ok(())
}

/// Gives other teams the policy of one, all or none.
#[server(prefix = "/fn", endpoint = "apply_team_models", output = PageAnswer)]
pub async fn apply_team_models(
    team: String,
    #[server(default)] teams: Vec<String>,
    #[server(default)] confirm: bool,
) -> Result<(), AppError> {
    let (services, caller) = super::context::signed_in().await?;
    services.apply_team_access(&caller, &team, &teams, (true, confirm)).await?;
    leptos_axum::redirect(&list_address(&team));
    Ok(())
}

/// The name that typed limits are kept under.
#[cfg(feature = "ssr")]
const TYPED: &str = "model_limits";

/// The address of a context's models.
pub fn list_address(team: &str) -> String {
    if team == "me" { "/me/models".to_owned() } else { format!("/t/{team}/models") }
}
