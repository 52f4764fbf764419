//! Files of calls, watched while they are sent: how far they have come, and that a person does not fetch too many at once.

use std::io;

use futures::{Stream, StreamExt, stream::unfold};

use crate::service::{
    Caller, ServiceError, Services,
    usage::{CallQuery, RunningExport, counted},
};

/// Begins a file of what a query asks for. Who may fetch it was looked at before.
pub(super) async fn begin(
    services: &Services,
    caller: &Caller,
    team: &str,
    query: &CallQuery,
    name: &str,
) -> Result<RunningExport, ServiceError> {
    let expected = match counted(query, services.clock.now()) {
        Some((filter, from, to)) => Some(services.count_calls(caller, team, query.mine, filter, from, to).await?),
        None => None,
    };
    services.begin_export(caller, name, expected)
}

/// The same pieces, their lines counted; `head` is a line that is no call.
pub(super) fn watched(
    pieces: impl Stream<Item = Result<String, io::Error>> + Send + 'static,
    running: RunningExport,
    head: &'static str,
) -> impl Stream<Item = Result<String, io::Error>> + Send + 'static {
    let state = (Box::pin(pieces), Some(running), head);
    unfold(state, async |(mut pieces, running, head)| match (pieces.next().await, running) {
        (Some(Ok(text)), Some(running)) => {
            let lines = text.strip_prefix(head).unwrap_or(&text).matches('\n').count();
            running.add(lines);
            Some((Ok(text), (pieces, Some(running), "")))
        }
        // Dropped with it: noted as stopped.
        (Some(Err(error)), _) => Some((Err(error), (pieces, None, ""))),
        (None, Some(running)) => {
            running.finish();
            None
        }
        (_, None) => None,
    })
}
