//! Tells a team's open overviews that there is something new in them: which calls and keys they were made of has changed.

use axum::{
    Router,
    extract::{Path, Request, State},
    response::Response,
    routing::get,
};

use super::{
    Edge,
    live::{self, Event, Opening, Tell, Visitor},
};
use crate::{
    domain::usage::UsageEvent,
    service::{Caller, ServiceError, Services},
};

/// The stream of a team's overview.
pub fn routes() -> Router<Edge> {
    Router::new().route("/t/{team}/live", get(stream))
}

async fn stream(State(edge): State<Edge>, Path(team): Path<String>, request: Request) -> Response {
    let stamps = Stamps { team: team.clone(), said: String::new() };
    live::open(&edge, Visitor::of(&request, &team), stamps).await
}

/// Says the overview's stamp, and each other one that follows it.
struct Stamps {
    team: String,
    said: String,
}

impl Stamps {
    async fn tell(&mut self, services: &Services, caller: &Caller) -> Result<Vec<Event>, ServiceError> {
        let stamp = services.overview_stamp(caller, &self.team).await?;
        if stamp == self.said {
            return Ok(vec![]);
        }
        self.said.clone_from(&stamp);
        Ok(vec![Event { name: "stamp", data: stamp }])
    }
}

impl Tell for Stamps {
    async fn begin(&mut self, services: &Services, caller: &Caller) -> Result<Opening, ServiceError> {
        let team = services.get_team(caller, &self.team).await?;
        Ok(Opening { teams: vec![team.id], events: self.tell(services, caller).await? })
    }

    async fn look(&mut self, services: &Services, caller: &Caller, _news: &[UsageEvent]) -> Result<Vec<Event>, ServiceError> {
        self.tell(services, caller).await
    }
}
