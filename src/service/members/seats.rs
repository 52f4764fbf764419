//! Seats: how many may be in a team. Members hold one each, then the invitations that wait, oldest first.

use sqlx::AnyConnection;

use crate::{
    domain::{
        members::{SeatlessInvitation, Seats, SeatsChange},
        roles::Action,
        teams::Team,
    },
    service::{Caller, ServiceError, Services},
    storage,
};

/// Most seats of a team.
const MOST_SEATS: i64 = 100_000;

impl Services {
    /// Seats of a team: all, taken and kept.
    pub async fn get_seats(&self, caller: &Caller, team: &str) -> Result<Seats, ServiceError> {
        let mut c = self.store.reader().await?;
        let (team, _) = self.find_team_for(&mut c, caller, team, Action::ViewTeam).await?;
        self.seats_of(&mut c, &team).await
    }

    /// What a number of seats would mean (none is unlimited): refused below the members, else which invitations lose their seat.
    pub async fn preview_seats(&self, caller: &Caller, team: &str, seats: Option<i64>) -> Result<SeatsChange, ServiceError> {
        let mut c = self.store.reader().await?;
        let (team, _) = self.find_team_for(&mut c, caller, team, Action::ManageBilling).await?;
        self.seats_change(&mut c, &team, seats).await
    }

    /// The change that a number of seats is. Invitations without a seat keep waiting: joining works once there is one.
    pub(in crate::service) async fn seats_change(
        &self,
        c: &mut AnyConnection,
        team: &Team,
        total: Option<i64>,
    ) -> Result<SeatsChange, ServiceError> {
        let seats = Seats { total, ..self.seats_of(c, team).await? };
        if let Some(total) = total {
            if !(1..=MOST_SEATS).contains(&total) {
                return Err(ServiceError::field("seats", format!("Enter a number from 1 to {MOST_SEATS}.")));
            }
            if total < seats.members {
                let message = format!(
                    "{} has {} members, more than {total} seats. Remove members first, or choose {} seats or more.",
                    team.name, seats.members, seats.members
                );
                return Err(ServiceError::field("seats", message));
            }
        }
        let now = self.clock.now();
        let losing = usize::try_from(seats.pending - seats.held()).unwrap_or_default();
        // Newest first, as the list comes: the newest lose their seats.
        let without_seat = storage::invitations::list_open(c, team.id)
            .await?
            .into_iter()
            .map(|listed| listed.invitation)
            .filter(|invitation| invitation.expires_at > now)
            .take(losing)
            .map(|invitation| SeatlessInvitation { email: invitation.email, sent_at: invitation.sent_at })
            .collect();
        Ok(SeatsChange { seats, without_seat })
    }
}
