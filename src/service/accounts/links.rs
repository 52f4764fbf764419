//! Mailed links. Opening one changes nothing: the token goes into a short cookie, and the browser on to an address without it, so that
//! it stays out of history, logs and `Referer`. What the link is for happens when its page's form is sent.

use crate::service::Services;

/// How long the browser carries the token.
const COOKIE_LIFE_S: u32 = 30 * 60;

/// A kind of mailed link, with a page of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// A new password.
    Reset,
    /// Confirms an address.
    Confirm,
    /// Finishes signing up.
    SignUp,
    /// Joins a team.
    Invite,
}

impl Link {
    /// Reads the first part of the link's path.
    pub fn parse(page: &str) -> Option<Self> {
        match page {
            "reset" => Some(Self::Reset),
            "confirm" => Some(Self::Confirm),
            "signup" => Some(Self::SignUp),
            "invite" => Some(Self::Invite),
            _ => None,
        }
    }

    /// The page that the browser goes on to.
    pub fn page(self) -> &'static str {
        match self {
            Self::Reset => "/reset",
            Self::Confirm => "/confirm",
            Self::SignUp => "/signup?link=1",
            Self::Invite => "/invite",
        }
    }

    /// Name of the cookie that carries the token.
    pub fn cookie(self) -> &'static str {
        match self {
            Self::Reset => "reset_link",
            Self::Confirm => "confirm_link",
            Self::SignUp => "signup_link",
            Self::Invite => "invite_link",
        }
    }
}

impl Services {
    /// The `Set-Cookie` value that makes a browser carry a link's token. None for what can not be one.
    pub fn carry_link(&self, link: Link, token: &str) -> Option<String> {
        let plausible =
            !token.is_empty() && token.len() <= 3_000 && token.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
        plausible.then(|| self.link_cookie(link, token, COOKIE_LIFE_S))
    }

    /// The `Set-Cookie` value that makes a browser forget a link's token.
    pub fn forget_link(&self, link: Link) -> String {
        self.link_cookie(link, "", 0)
    }

    fn link_cookie(&self, link: Link, token: &str, life_s: u32) -> String {
        let secure = if self.settings.public_url.starts_with("https://") { "; Secure" } else { "" };
        format!("{}={token}; Path=/; Max-Age={life_s}; HttpOnly; SameSite=Lax{secure}", link.cookie())
    }
}
