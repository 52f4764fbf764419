//! Accounts: signing up and in, passwords, sessions, and what proves an address.
//!
//! What an answer may reveal:
//! - Log-in and reset answer the same, after the same work, whether or not an address has an account.
//! - So does sign-up, and there it decides how an account begins. Whoever holds the set-up token signs in at once: there is no other
//!   account yet that could be asked about. Where strangers may sign up (policies `domain` and `open`), no account exists until the
//!   link in the mail is opened and the chosen password entered again: neither the answer nor a later log-in tells whether the
//!   address was taken, and nobody can open an account in another's name. In demo mode new accounts sign in at once; for an address
//!   that is taken the answer looks the same, with a session that opens nothing.

pub mod confirm;
pub mod delete;
pub mod devices;
pub mod email_change;
pub mod invited;
pub mod links;
pub mod new_account;
pub mod own_sessions;
pub mod passwords;
pub mod profile;
pub mod reset;
pub mod session_store;
pub mod sessions;
pub mod setup;
pub mod sign_in;
pub mod sign_up;
pub mod step_up;
pub mod tokens;

use crate::service::Random;

/// A token for a link or for typing: 256 random bits in URL-safe base64.
fn new_token(random: &Random) -> String {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

    URL_SAFE_NO_PAD.encode(random.bytes::<32>())
}
