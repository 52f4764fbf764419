//! Members of a team: what pages and interfaces show, how lists are sorted, what a removal would do.

use serde::{Deserialize, Serialize};

use super::{
    api_keys::KeyKind,
    ids::{KeyId, UserId},
    page::Page,
    roles::Role,
    time::UnixMs,
};

/// What a list of members is sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MemberSort {
    /// Name.
    #[default]
    Name,
    /// Strongest role first.
    Role,
    /// Joined first.
    Joined,
    /// Active keys.
    Keys,
    /// Spent in this period.
    Spent,
    /// Last call.
    LastActive,
}

impl MemberSort {
    /// All orders.
    pub const ALL: [Self; 6] = [Self::Name, Self::Role, Self::Joined, Self::Keys, Self::Spent, Self::LastActive];

    /// The word for addresses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Role => "role",
            Self::Joined => "joined",
            Self::Keys => "keys",
            Self::Spent => "spent",
            Self::LastActive => "last_active",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|sort| sort.as_str() == text)
    }
}

/// A row of the member list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberRow {
    /// Account.
    pub user: UserId,
    /// Name.
    pub name: String,
    /// Address, as typed.
    pub email: String,
    /// Role.
    pub role: Role,
    /// Joined at.
    pub joined_at: UnixMs,
    /// The account is disabled: keys rest, the membership stays.
    pub disabled: bool,
    /// Keys that work; application keys belong to the team and do not count.
    pub active_keys: i64,
    /// Spent since the start of the month; none where the viewer may not know.
    pub spent: Option<i64>,
    /// Part of what the team spent since then, in basis points.
    pub share_bp: Option<i64>,
    /// Last call in this team; none for no call, or where the viewer may not know.
    pub last_active_at: Option<UnixMs>,
    /// The viewer.
    pub is_self: bool,
    /// Roles that the viewer may set, the present one included; empty where there is nothing to choose.
    pub roles: Vec<Role>,
    /// Whether the viewer may remove this member.
    pub may_remove: bool,
}

/// Seats of a team.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seats {
    /// All; none for unlimited.
    pub total: Option<i64>,
    /// Members.
    pub members: i64,
    /// Invitations that wait and are not over.
    pub pending: i64,
}

impl Seats {
    /// Whether one more may be invited.
    pub fn has_free(&self) -> bool {
        self.total.is_none_or(|total| self.members + self.pending < total)
    }

    /// How many of the invitations that wait, oldest first, have a seat.
    pub fn held(&self) -> i64 {
        self.total.map_or(self.pending, |total| (total - self.members).clamp(0, self.pending))
    }
}

/// Members of a team, with what stands above the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MembersPage {
    /// Rows.
    pub page: Page<MemberRow>,
    /// Members that the search found.
    pub found: i64,
    /// Seats.
    pub seats: Seats,
    /// Whether spending of everybody is shown.
    pub shows_spending: bool,
}

/// A key that a removal would stop.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoppingKey {
    /// Key.
    pub id: KeyId,
    /// Name.
    pub name: String,
    /// `tg_k7Qm…3fXw`.
    pub masked: String,
    /// Kind.
    pub kind: KeyKind,
    /// Last call.
    pub last_used_at: Option<UnixMs>,
}

/// What happens when somebody is removed, or leaves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemovalPreview {
    /// Account.
    pub user: UserId,
    /// Name.
    pub name: String,
    /// Address.
    pub email: String,
    /// Role.
    pub role: Role,
    /// The viewer: then it is leaving.
    pub is_self: bool,
    /// Keys that stop, those used last first.
    pub keys: Vec<StoppingKey>,
    /// Application keys that this person made; they go on.
    pub application_keys: Vec<StoppingKey>,
    /// Invitations that this person sent and that are withdrawn.
    pub invitations: i64,
    /// Spent since the start of the month; stays in statistics. None where the viewer may not know.
    pub spent: Option<i64>,
    /// Whether a seat becomes free: seats are limited.
    pub frees_seat: bool,
}

/// An invitation that lost its seat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeatlessInvitation {
    /// Invited address.
    pub email: String,
    /// Sent at.
    pub sent_at: UnixMs,
}

/// What a change of seats does.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeatsChange {
    /// Seats after it.
    pub seats: Seats,
    /// Invitations without a seat, newest first. They wait: joining works once there is a seat.
    pub without_seat: Vec<SeatlessInvitation>,
}

/// Somebody a team can be transferred to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransferCandidate {
    /// Account.
    pub user: UserId,
    /// Name.
    pub name: String,
    /// Address.
    pub email: String,
    /// Admin or member.
    pub role: Role,
    /// Last call in this team.
    pub last_active_at: Option<UnixMs>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seats_are_held_by_members_and_then_by_the_oldest_invitations() {
        let seats = |total, members, pending| Seats { total, members, pending };
        assert!(seats(None, 1_000, 1_000).has_free());
        assert!(seats(Some(5), 2, 2).has_free());
        assert!(!seats(Some(5), 2, 3).has_free());
        assert_eq!(seats(Some(5), 2, 3).held(), 3);
        assert_eq!(seats(Some(4), 2, 3).held(), 2);
        assert_eq!(seats(Some(1), 2, 3).held(), 0);
    }
}
