//! Who asks. Rights are read from the database for every request, never from a session.

use std::net::{IpAddr, Ipv4Addr};

use crate::{
    domain::{accounts::User, time::UnixMs},
    service::{ServiceError, accounts::devices::DeviceCookie, view_as::Viewing},
};

/// Through which door a request came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// A page, with a session cookie.
    Page,
    /// The management API.
    Api,
    /// The command line or a background task.
    System,
}

impl Door {
    /// The word for the audit log.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::Api => "api",
            Self::System => "system",
        }
    }
}

/// What the server knows of a request before anybody looks at who sent it; an extension of every request.
#[derive(Clone, Debug, Default)]
pub struct RequestFacts {
    /// Identifier, as the answer's `x-request-id` and the log name it.
    pub request_id: String,
    /// Client's address, believed only from configured proxies.
    pub address: String,
    /// What the client calls itself, cut to 200 characters.
    pub user_agent: String,
    /// The cookie that tells a browser that somebody signed in with before.
    pub device: DeviceCookie,
}

impl RequestFacts {
    /// The client's address as a number. What can not be read counts as one client, so that it is throttled all the same.
    pub fn ip(&self) -> IpAddr {
        ip(&self.address)
    }
}

fn ip(address: &str) -> IpAddr {
    address.parse().unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED))
}

/// A signed-in person and where the request came from.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The account, as it is now.
    pub user: User,
    /// The door.
    pub door: Door,
    /// A management token of scope `read` may not change anything.
    pub read_only: bool,
    /// Client's address, believed only from configured proxies.
    pub address: String,
    /// Request.
    pub request_id: String,
    /// The browser's session, if that is how the request came.
    pub session: Option<CallerSession>,
    /// Set where somebody looks at a team as this person sees it.
    pub viewing: Option<Viewing>,
}

/// The session behind a request.
#[derive(Clone, Debug)]
pub struct CallerSession {
    /// SHA-256 of its id.
    pub id_hash: String,
    /// When the password was last entered in it.
    pub verified_at: Option<UnixMs>,
    /// The session itself, so that it can be given another id; none in tests of services alone.
    pub handle: Option<tower_sessions::Session>,
}

/// What is said to whoever wants to change something while looking as somebody else.
pub const VIEWING: &str = "Nothing can be changed while you see the team as somebody else. Stop that first.";

impl Caller {
    /// A person behind a request.
    pub fn new(user: User, door: Door, read_only: bool, request: &RequestFacts) -> Self {
        Self {
            user,
            door,
            read_only,
            address: request.address.clone(),
            request_id: request.request_id.clone(),
            session: None,
            viewing: None,
        }
    }

    /// The same person in a browser's session.
    #[must_use]
    pub fn in_session(mut self, session: CallerSession) -> Self {
        self.session = Some(session);
        self
    }

    /// A caller at the command line or in a background task.
    pub fn system(user: User) -> Self {
        let request = RequestFacts::default();
        Self::new(user, Door::System, false, &request)
    }

    /// The client's address as a number, as [`RequestFacts::ip`] gives it.
    pub fn ip(&self) -> IpAddr {
        ip(&self.address)
    }

    /// Refuses what changes something to a read-only credential.
    pub fn check_may_write(&self) -> Result<(), ServiceError> {
        if self.viewing.is_some() {
            return Err(ServiceError::Forbidden(VIEWING.into()));
        }
        if self.read_only {
            return Err(ServiceError::Forbidden("This token has the scope read. Use one with the scope write.".into()));
        }
        Ok(())
    }

    /// Refuses everybody but platform admins. What they run does not exist for others.
    pub fn check_platform_admin(&self) -> Result<(), ServiceError> {
        if self.user.platform_admin { Ok(()) } else { Err(ServiceError::NotFound) }
    }
}
