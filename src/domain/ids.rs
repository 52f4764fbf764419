//! Identifiers: UUIDv7, written as text everywhere outside the process. Each kind is a type of its own.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::time::UnixMs;

/// Makes an identifier type.
macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// A new identifier: UUIDv7 of the given time and 10 random bytes.
            pub fn new(at: UnixMs, random: [u8; 10]) -> Self {
                Self(uuid_v7(at, random))
            }

            /// Reads the text form; `None` for anything else.
            pub fn parse(text: &str) -> Option<Self> {
                // Only the hyphenated form: one identifier has one spelling.
                (text.len() == 36).then(|| Uuid::try_parse(text).ok().map(Self)).flatten()
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

id!(/// A person's account.
    UserId);
id!(/// An organization.
    OrgId);
id!(/// A team or a personal space.
    TeamId);
id!(/// A gateway key.
    KeyId);
id!(/// An upstream provider.
    ProviderId);
id!(/// A model of the catalog.
    ModelId);
id!(/// A price list that was uploaded.
    PriceListId);
id!(/// A management token.
    TokenId);
id!(/// A gateway call; also its `x-request-id`.
    CallId);
id!(/// An invitation to a team.
    InvitationId);
id!(/// A mail in the outbox.
    MailId);
id!(/// A named set of models.
    GroupId);
id!(/// A permission for a model that needs approval.
    GrantId);
id!(/// A request for a model.
    RequestId);
id!(/// Something that an organization has to look at.
    ReviewId);
id!(/// A plan that teams can be on.
    PlanId);
id!(/// A plan or seats that wait for a platform admin.
    PlanRequestId);
id!(/// An audit entry.
    AuditId);

/// A UUIDv7 of a time and 10 random bytes.
pub fn uuid_v7(at: UnixMs, random: [u8; 10]) -> Uuid {
    uuid::Builder::from_unix_timestamp_millis(at.0.max(0).unsigned_abs(), &random).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_sort_by_time_and_have_one_spelling() {
        let early = TeamId::new(UnixMs(1_000), [255; 10]);
        let late = TeamId::new(UnixMs(2_000), [0; 10]);
        assert!(early.to_string() < late.to_string());
        assert_eq!(TeamId::parse(&early.to_string()), Some(early));
        assert_eq!(TeamId::parse(&early.0.simple().to_string()), None);
        assert_eq!(TeamId::parse("me"), None);
    }
}
