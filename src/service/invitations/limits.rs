//! How many invitations may be sent: a pure rule over the times of those that were.

use sqlx::AnyConnection;

use crate::{
    domain::{
        format,
        ids::{OrgId, UserId},
        teams::Team,
        time::{DAY_MS, SECOND_MS, UnixMs},
    },
    service::{ServiceError, Services},
    storage::{self, invitations::SentBy},
};

/// Invitations to a team in any 24 hours …
const PER_TEAM: usize = 50;
/// … to all teams of an organization …
const PER_ORGANIZATION: usize = 500;
/// … and by one person.
const PER_SENDER: usize = 100;

impl Services {
    /// Refuses a number of invitations that does not fit what may be sent now, and says when it does. All or none: nothing is sent of a
    /// list that does not fit.
    pub(super) async fn check_send_limits(
        &self,
        c: &mut AnyConnection,
        team: &Team,
        organization: OrgId,
        sender: UserId,
        wanted: usize,
    ) -> Result<(), ServiceError> {
        let now = self.clock.now();
        let limits = [
            (SentBy::Team(team.id), PER_TEAM, format!("to {}", team.name)),
            (SentBy::Organization(organization), PER_ORGANIZATION, format!("to teams of {}", team.organization_name)),
            (SentBy::Sender(sender), PER_SENDER, "by one person".to_owned()),
        ];
        for (by, limit, whom) in limits {
            let sent = storage::invitations::list_sends(c, by, now.plus(-DAY_MS)).await?;
            match fits_at(&sent, limit, wanted, now) {
                Fit::Now => {}
                Fit::At(at) => {
                    let sentence = format!(
                        "No invitation was sent: {} of {limit} invitations {whom} in 24 hours are used. {wanted} more fit from {}.",
                        sent.len(),
                        format::full(at),
                    );
                    return Err(ServiceError::Limited(sentence, (at.since(now) + SECOND_MS - 1) / SECOND_MS));
                }
                Fit::Never => {
                    let sentence = format!(
                        "No invitation was sent: at most {limit} invitations {whom} are sent in 24 hours, and this list has {wanted}. \
                         Send it in parts."
                    );
                    return Err(ServiceError::Limited(sentence, DAY_MS / SECOND_MS));
                }
            }
        }
        Ok(())
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Fit {
    Now,
    At(UnixMs),
    Never,
}

/// When so many more fit beside those sent within the last day, oldest first.
fn fits_at(sent: &[UnixMs], limit: usize, wanted: usize, now: UnixMs) -> Fit {
    let Some(room) = limit.checked_sub(wanted) else { return Fit::Never };
    match sent.len().checked_sub(room) {
        None | Some(0) => Fit::Now,
        // That many of the oldest must be a day old.
        Some(leaving) => Fit::At(sent[leaving - 1].plus(DAY_MS).max(now)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_now_fits_when_enough_of_the_oldest_are_a_day_old() {
        let sent = [UnixMs(10), UnixMs(20), UnixMs(30)];
        let now = UnixMs(100);
        assert_eq!(fits_at(&sent, 5, 2, now), Fit::Now);
        assert_eq!(fits_at(&sent, 5, 3, now), Fit::At(UnixMs(10 + DAY_MS)));
        assert_eq!(fits_at(&sent, 5, 5, now), Fit::At(UnixMs(30 + DAY_MS)));
        assert_eq!(fits_at(&sent, 5, 6, now), Fit::Never);
        assert_eq!(fits_at(&[], 5, 5, now), Fit::Now);
    }
}
