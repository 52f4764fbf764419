//! What mails say, as text and as HTML. Whatever a person typed is text in both.

use crate::service::vault::Secret;

/// A kind of mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Template {
    /// To a new account: prove that you read this address.
    ConfirmEmail,
    /// To an address that wants an account, where an account needs a proven address.
    FinishSignUp,
    /// To an address that wants an account and has one.
    AccountExists,
    /// A link to set a new password.
    PasswordReset,
    /// The password was changed.
    PasswordChanged,
}

/// A rendered mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// Plain text.
    pub text: String,
    /// The same as HTML.
    pub html: String,
}

/// What a template is made of.
struct Content {
    says: &'static str,
    /// Words and path of the one link; the token follows the path.
    link: Option<(&'static str, &'static str)>,
    ends: &'static str,
}

impl Template {
    const ALL: [Self; 5] =
        [Self::ConfirmEmail, Self::FinishSignUp, Self::AccountExists, Self::PasswordReset, Self::PasswordChanged];

    /// The word for storage.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ConfirmEmail => "confirm_email",
            Self::FinishSignUp => "finish_sign_up",
            Self::AccountExists => "account_exists",
            Self::PasswordReset => "password_reset",
            Self::PasswordChanged => "password_changed",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|template| template.as_str() == text)
    }

    /// The subject line.
    pub fn subject(self) -> &'static str {
        match self {
            Self::ConfirmEmail => "Confirm your email address",
            Self::FinishSignUp => "Finish signing up",
            Self::AccountExists => "You already have an account",
            Self::PasswordReset => "Set a new password",
            Self::PasswordChanged => "Your password was changed",
        }
    }

    fn content(self) -> Content {
        match self {
            Self::ConfirmEmail => Content {
                says: "This address belongs to a new Tallygate account. Confirm it, so that mails about your teams reach you. \
                       The link is valid for 24 hours.",
                link: Some(("Confirm address", "/confirm/")),
                ends: "You made no account? Then ignore this mail.",
            },
            Self::FinishSignUp => Content {
                says: "Someone, most likely you, asked for a Tallygate account with this address. The account is made when you open this \
                       link and enter the password that you chose. The link is valid for 24 hours.",
                link: Some(("Finish signing up", "/signup/")),
                ends: "It was not you? Then ignore this mail, and no account is made.",
            },
            Self::AccountExists => Content {
                says: "Someone, most likely you, asked for a Tallygate account with this address. It has one already, so nothing was \
                       changed. Sign in with it, or set a new password if you forgot the old one.",
                link: Some(("Sign in", "/login")),
                ends: "It was not you? Then there is nothing to do.",
            },
            Self::PasswordReset => Content {
                says: "A new password for your Tallygate account was asked for. Set it within 30 minutes; the link works once, and only \
                       the newest one does.",
                link: Some(("Set a new password", "/reset/")),
                ends: "It was not you? Then ignore this mail: your password stays as it is.",
            },
            Self::PasswordChanged => Content {
                says: "The password of your Tallygate account was changed, and all other browsers were signed out.",
                link: Some(("Sign in", "/login")),
                ends: "It was not you? Set a new password at once with “Forgot password?” on the sign-in page, and tell the person who \
                       runs this Tallygate.",
            },
        }
    }

    /// The mail itself. Links begin with the configured address, whatever a request claimed.
    pub fn render(self, public_url: &str, name: &str, token: Option<&Secret>) -> Letter {
        let content = self.content();
        let greeting = if name.is_empty() { "Hello,".to_owned() } else { format!("Hello {name},") };
        let token = token.map_or("", Secret::expose);
        let link = content.link.map(|(words, path)| (words, format!("{public_url}{path}{token}")));
        Letter { text: text(&greeting, &content, link.as_ref()), html: html(self.subject(), &greeting, &content, link.as_ref()) }
    }
}

fn text(greeting: &str, content: &Content, link: Option<&(&str, String)>) -> String {
    let link = link.map_or_else(String::new, |(words, url)| format!("{words}:\n{url}\n\n"));
    format!("{greeting}\n\n{}\n\n{link}{}\n\n-- \nTallygate\n", content.says, content.ends)
}

fn html(title: &str, greeting: &str, content: &Content, link: Option<&(&str, String)>) -> String {
    let link = link.map_or_else(String::new, |(words, url)| {
        let url = escape(url);
        format!(
            "<p style=\"margin:24px 0\"><a href=\"{url}\" style=\"display:inline-block;padding:10px 18px;border-radius:8px;\
             background:#2f5bd0;color:#ffffff;font-weight:600;text-decoration:none\">{}</a></p>\
             <p style=\"color:#5c626d;font-size:13px\">Or copy this address: <br>{url}</p>",
            escape(words)
        )
    });
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{}</title></head>\
         <body style=\"margin:0;padding:32px 16px;background:#f7f6f4;font-family:Inter,system-ui,sans-serif;font-size:15px;\
         line-height:1.5;color:#1a1d21\"><div style=\"max-width:520px;margin:0 auto;padding:32px;border-radius:12px;background:#ffffff\">\
         <p>{}</p><p>{}</p>{link}<p>{}</p><p style=\"color:#5c626d;font-size:13px\">Tallygate</p></div></body></html>",
        escape(title),
        escape(greeting),
        escape(content.says),
        escape(content.ends),
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}
