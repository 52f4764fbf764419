//! `/teams/{team}/logs`: pages of the call log, one call, and all of it as a file.

use axum::{
    Json,
    extract::{Path, State},
    http::header,
    response::{IntoResponse, Response},
};
use futures::StreamExt;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{WRONG_OUTCOME, parse_test, watched};
use crate::{
    api::{
        body::{Asked, in_pieces},
        problem::{Answer, ProblemBody},
        signed_in::SignedIn,
    },
    domain::{
        call_files::{CALLS_CSV_HEAD, calls_csv_row},
        field_errors::FieldErrors,
        ids::{CallId, KeyId, UserId},
        page::PageRequest,
        time::UnixMs,
        usage::{CallRow, Outcome, UsageEvent},
    },
    service::{
        Caller, Services,
        usage::{Bounds, CallQuery},
    },
};

/// Rows that are read at once for a file.
const EXPORTED: i64 = 1_000;

/// Which calls are asked for.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct LogsQuery {
    /// Only the caller's own.
    mine: Option<bool>,
    /// Only this person's.
    user: Option<String>,
    /// Only with this key.
    key: Option<String>,
    /// Only of this model.
    model: Option<String>,
    /// Only those that this provider answered, by its name.
    provider: Option<String>,
    /// Only of this path of the gateway, such as `chat/completions`.
    endpoint: Option<String>,
    /// Only those that ended so: `completed`, `cancelled`, `upstream_rejected`, `upstream_error`, `upstream_timeout`, `interrupted` or
    /// `refused`.
    outcome: Option<String>,
    /// Only those whose client got this status.
    status: Option<i64>,
    /// Only those whose client got this error code.
    code: Option<String>,
    /// Only the call with this request id.
    id: Option<String>,
    /// At least so many prompt and completion tokens.
    min_tokens: Option<i64>,
    /// At most so many.
    max_tokens: Option<i64>,
    /// At least so long from admission to the last byte, in milliseconds.
    min_latency: Option<i64>,
    /// At most so long.
    max_latency: Option<i64>,
    /// Charged at least so much, in nano-dollars.
    min_cost: Option<i64>,
    /// Charged at most so much.
    max_cost: Option<i64>,
    /// Calls of test keys: `exclude` (unless asked otherwise), `include` or `only`.
    test: Option<String>,
    /// Start, included.
    from: Option<i64>,
    /// End, excluded.
    to: Option<i64>,
    /// Rows wanted: 1 to 100, 25 unless asked otherwise. Files have all of them.
    limit: Option<u32>,
    /// The `next_cursor` or `previous_cursor` of a page with the same filters.
    cursor: Option<String>,
    /// Of files: what a page of this installation asks their progress by.
    export: Option<String>,
}

/// A call.
#[derive(Serialize, ToSchema)]
pub struct CallBody {
    /// Identifier; the `x-request-id` of its answer.
    id: String,
    /// Admission.
    at: i64,
    /// Identifier of the person.
    user: String,
    /// Name of the person.
    user_name: String,
    /// Identifier of the key; none for a call from the playground.
    key: Option<String>,
    /// Name of the key.
    key_name: String,
    /// Model, as it was asked for.
    model: String,
    /// How it ended: `completed`, `cancelled`, `upstream_rejected`, `upstream_error`, `upstream_timeout`, `interrupted` or `refused`.
    outcome: &'static str,
    /// Status that the client got.
    status: u16,
    /// Error code; empty without an error.
    code: String,
    /// Prompt tokens, cached ones included.
    prompt_tokens: i64,
    /// Completion tokens.
    completion_tokens: i64,
    /// Charged, in nano-dollars.
    cost: i64,
    /// Admission to last byte.
    latency_ms: i64,
    /// Admission to first byte.
    first_token_ms: Option<i64>,
    /// A stream was asked for.
    stream: bool,
    /// Tokens were counted here and not by the provider.
    estimated: bool,
    /// Made with a test key.
    test: bool,
}

/// A page of the call log.
#[derive(Serialize, ToSchema)]
pub struct CallsBody {
    /// The rows, newest first. There may be fewer than wanted, even none, where `next_cursor` goes on: for rare calls a page searches
    /// 5,000 others.
    items: Vec<CallBody>,
    /// How far was searched, where that was not to the end and the page is not full.
    searched_to: Option<i64>,
    /// What to pass as `cursor` for older calls; none on the last page.
    next_cursor: Option<String>,
    /// What to pass as `cursor` for newer calls; none on the first page.
    previous_cursor: Option<String>,
}

/// A call with everything that was frozen into it.
#[derive(Serialize, ToSchema)]
pub struct CallDetailBody {
    /// What the log says of it.
    #[serde(flatten)]
    call: CallBody,
    /// Path of the gateway.
    endpoint: String,
    /// Name of the provider that answered last; empty where none was asked.
    provider: String,
    /// Attempts upstream.
    attempts: u32,
    /// Admission to the last of them; none where nobody was asked, or where that was not yet kept.
    upstream_ms: Option<i64>,
    /// The sentence of the error that the client was sent, where it was this gateway's; empty without one.
    message: String,
    /// Prompt tokens that the provider had cached.
    cached_tokens: u64,
    /// Price per million prompt tokens at admission, in nano-dollars.
    input_price: i64,
    /// Price per million cached prompt tokens.
    cached_price: i64,
    /// Price per million completion tokens.
    output_price: i64,
    /// Discount at admission, in hundredths of a percent.
    discount_bp: i64,
    /// What it would have cost without discount.
    list_cost: i64,
    /// What the platform bears.
    loss: i64,
    /// Charged to the balance of the team's plan.
    billed: bool,
    /// The member's own grant that allowed it, where one was needed.
    grant: Option<String>,
    /// The team's grant that allowed it, where one was needed.
    team_grant: Option<String>,
}

/// The call log, newest first: everybody's for those who may see it, else the caller's own.
#[utoipa::path(get, path = "/teams/{team}/logs", tag = "Usage",
    params(("team" = String, Path, description = "Short name, id, or `me`"), LogsQuery), responses((status = 200, body = CallsBody)))]
pub async fn list(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path(team): Path<String>,
    Asked(query): Asked<LogsQuery>,
) -> Answer<Json<CallsBody>> {
    let page = services.read_calls(&caller, &team, query.parse()?).await?;
    Ok(Json(CallsBody {
        items: page.items.into_iter().map(CallBody::from).collect(),
        searched_to: page.searched_to.map(|at| at.0),
        next_cursor: page.next_cursor,
        previous_cursor: page.previous_cursor,
    }))
}

/// One call of the log.
#[utoipa::path(get, path = "/teams/{team}/logs/{call}", tag = "Usage",
    params(("team" = String, Path, description = "Short name, id, or `me`"), ("call" = String, Path, description = "Request id")),
    responses((status = 200, body = CallDetailBody), (status = 404, body = ProblemBody)))]
pub async fn find(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path((team, call)): Path<(String, String)>,
) -> Answer<Json<CallDetailBody>> {
    // Rights first: an id that is none and one that is nobody's look alike.
    let call = CallId::parse(&call).unwrap_or_else(|| CallId::from(uuid::Uuid::nil()));
    Ok(Json(services.get_call(&caller, &team, call).await?.into()))
}

/// The same as CSV, all of it, newest first.
#[utoipa::path(get, path = "/teams/{team}/logs.csv", tag = "Usage",
    params(("team" = String, Path, description = "Short name, id, or `me`"), LogsQuery),
    responses((status = 200, description = "CSV", content_type = "text/csv")))]
pub async fn csv(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path(team): Path<String>,
    Asked(query): Asked<LogsQuery>,
) -> Answer<Response> {
    let file = File { head: CALLS_CSV_HEAD, line: calls_csv_row, kind: "text/csv; charset=utf-8", name: "calls.csv" };
    export(services, caller, team, query, file).await
}

/// The same as JSON, a call a line, all of it, newest first.
#[utoipa::path(get, path = "/teams/{team}/logs.ndjson", tag = "Usage",
    params(("team" = String, Path, description = "Short name, id, or `me`"), LogsQuery),
    responses((status = 200, description = "A call a line", content_type = "application/x-ndjson")))]
pub async fn ndjson(
    State(services): State<Services>,
    SignedIn(caller): SignedIn,
    Path(team): Path<String>,
    Asked(query): Asked<LogsQuery>,
) -> Answer<Response> {
    let line = |row: &CallRow| match serde_json::to_string(&CallBody::from(row.clone())) {
        Ok(line) => format!("{line}\n"),
        Err(_) => String::new(),
    };
    let file = File { head: "", line, kind: "application/x-ndjson", name: "calls.ndjson" };
    export(services, caller, team, query, file).await
}

/// How calls are written.
struct File {
    head: &'static str,
    line: fn(&CallRow) -> String,
    kind: &'static str,
    name: &'static str,
}

/// Where an export has come to.
type Gone = Option<(UnixMs, CallId)>;

/// Sends a file piece by piece as the client takes it: whatever its length, a piece is all that is in memory.
async fn export(services: Services, caller: Caller, team: String, query: LogsQuery, file: File) -> Answer<Response> {
    let name = query.export.clone().unwrap_or_default();
    let query = query.parse()?;
    // Before the head is sent: a refusal has a status.
    let (rows, next) = services.export_calls(&caller, &team, &query, None, EXPORTED).await?;
    let headers = [
        (header::CONTENT_TYPE, file.kind.to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{}\"", file.name)),
    ];
    let running = watched::begin(&services, &caller, &team, &query, &name).await?;
    let lines = move |rows: &[CallRow]| rows.iter().map(file.line).collect::<String>();
    let first = Ok(file.head.to_owned() + &lines(&rows));
    let further = futures::stream::unfold(next, move |gone: Gone| {
        let (services, caller, team, query) = (services.clone(), caller.clone(), team.clone(), query.clone());
        async move {
            match services.export_calls(&caller, &team, &query, Some(gone?), EXPORTED).await {
                Ok((rows, next)) => Some((Ok(lines(&rows)), next)),
                // The connection breaks off: nobody takes half a file for a whole one.
                Err(error) => Some((Err(std::io::Error::other(error.to_string())), None)),
            }
        }
    });
    let pieces = futures::stream::iter([first]).chain(further);
    Ok((headers, in_pieces(watched::watched(pieces, running, file.head))).into_response())
}

impl LogsQuery {
    fn parse(self) -> Result<CallQuery, FieldErrors> {
        let mut errors = FieldErrors::default();
        let id = |what: &str| format!("This is not the id of a {what}.");
        let full = |text: Option<String>| text.filter(|text| !text.is_empty());
        let user = full(self.user).and_then(|text| errors.check("user", UserId::parse(&text).ok_or_else(|| id("person"))));
        let key = full(self.key).and_then(|text| errors.check("key", KeyId::parse(&text).ok_or_else(|| id("key"))));
        let call = full(self.id).and_then(|text| errors.check("id", CallId::parse(&text).ok_or_else(|| id("call"))));
        let outcome = full(self.outcome)
            .and_then(|text| errors.check("outcome", Outcome::parse(&text).ok_or_else(|| WRONG_OUTCOME.to_owned())));
        let test = parse_test(self.test.as_deref())?;
        errors.into_result()?;
        Ok(CallQuery {
            mine: self.mine.unwrap_or(false),
            user,
            key,
            model: self.model.unwrap_or_default(),
            provider: self.provider.unwrap_or_default(),
            endpoint: self.endpoint.unwrap_or_default(),
            outcome,
            status: self.status,
            code: self.code.unwrap_or_default(),
            id: call,
            tokens: Bounds { min: self.min_tokens, max: self.max_tokens },
            latency_ms: Bounds { min: self.min_latency, max: self.max_latency },
            cost: Bounds { min: self.min_cost, max: self.max_cost },
            test,
            from: self.from.map(UnixMs),
            to: self.to.map(UnixMs),
            page: PageRequest { limit: self.limit, cursor: self.cursor },
        })
    }
}

impl From<CallRow> for CallBody {
    fn from(call: CallRow) -> Self {
        Self {
            id: call.id.to_string(),
            at: call.at.0,
            user: call.user.to_string(),
            user_name: call.user_name,
            key: call.key.map(|key| key.to_string()),
            key_name: call.key_name,
            model: call.model,
            outcome: call.outcome.as_str(),
            status: call.status,
            code: call.code,
            prompt_tokens: call.prompt_tokens,
            completion_tokens: call.completion_tokens,
            cost: call.cost,
            latency_ms: call.latency_ms,
            first_token_ms: call.first_token_ms,
            stream: call.stream,
            estimated: call.estimated,
            test: call.test,
        }
    }
}

impl From<UsageEvent> for CallDetailBody {
    fn from(UsageEvent { call, end }: UsageEvent) -> Self {
        let count = |tokens: u64| i64::try_from(tokens).unwrap_or(i64::MAX);
        Self {
            call: CallBody {
                id: call.id.to_string(),
                at: call.at.0,
                user: call.user.to_string(),
                user_name: call.user_name,
                key: call.key.map(|key| key.to_string()),
                key_name: call.key_name,
                model: call.model_name,
                outcome: end.outcome.as_str(),
                status: end.status,
                code: end.code,
                prompt_tokens: count(end.tokens.prompt),
                completion_tokens: count(end.tokens.completion),
                cost: end.cost.0,
                latency_ms: end.latency_ms,
                first_token_ms: end.first_token_ms,
                stream: call.stream,
                estimated: end.estimated,
                test: call.test,
            },
            endpoint: call.endpoint,
            provider: end.provider_name,
            attempts: end.attempts,
            upstream_ms: end.upstream_ms,
            message: end.message,
            cached_tokens: end.tokens.cached,
            input_price: call.input_price,
            cached_price: call.cached_price,
            output_price: call.output_price,
            discount_bp: call.discount_bp,
            list_cost: end.list_cost.0,
            loss: end.loss.0,
            billed: call.billed,
            grant: call.grant.map(|id| id.to_string()),
            team_grant: call.team_grant.map(|id| id.to_string()),
        }
    }
}
