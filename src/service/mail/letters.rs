//! What mails say, as text and as HTML made of the same content. Whatever a person typed is text in both.

use super::Template;
use crate::domain::{access_requests::last_day, billing::seats_words, format, roles::Role};

/// A rendered mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// Plain text.
    pub text: String,
    /// The same as HTML.
    pub html: String,
}

/// What a letter is made of.
struct Content {
    says: String,
    /// Somebody's own words, set apart.
    quote: String,
    /// Words and path of the one link.
    link: Option<(&'static str, String)>,
    ends: &'static str,
}

impl Content {
    fn new(says: impl Into<String>, ends: &'static str) -> Self {
        Self { says: says.into(), quote: String::new(), link: None, ends }
    }

    fn link(mut self, words: &'static str, path: impl Into<String>) -> Self {
        self.link = Some((words, path.into()));
        self
    }

    fn quote(mut self, words: &str) -> Self {
        words.trim().clone_into(&mut self.quote);
        self
    }
}

const REACT: &str = "It was not you? Set a new password at once with “Forgot password?” on the sign-in page, and tell the person who runs \
                     this Tallygate.";

/// The subject line.
pub(super) fn subject(template: &Template) -> String {
    match template {
        Template::ConfirmEmail => "Confirm your email address".into(),
        Template::FinishSignUp => "Finish signing up".into(),
        Template::AccountExists => "You already have an account".into(),
        Template::PasswordReset => "Set a new password".into(),
        Template::PasswordChanged => "Your password was changed".into(),
        Template::ChangeEmail => "Confirm your new email address".into(),
        Template::EmailChanged { .. } => "Your email address was changed".into(),
        Template::AccountDeleted => "Your account was deleted".into(),
        Template::Invitation { team, inviter, .. } => format!("{inviter} invites you to {team}"),
        Template::LinkWanted { team, email, .. } => format!("{email} asks for a new link to {team}"),
        Template::SeatWanted { team, email, .. } => format!("{email} waits for a seat in {team}"),
        Template::TeamDeleted { team, .. } => format!("{team} was deleted"),
        Template::RoleChanged { team, after, .. } => format!("You are {} of {team} now", a(*after)),
        Template::MemberRemoved { team, .. } => format!("You were removed from {team}"),
        Template::OwnershipTransferred { team, to_new_owner: true, .. }
        | Template::OwnershipRecovered { team, to_new_owner: true, .. } => format!("You own {team} now"),
        Template::OwnershipTransferred { team, to, .. } | Template::OwnershipRecovered { team, to, .. } => {
            format!("{to} owns {team} now")
        }
        Template::OrganizationRole { organization, .. } => format!("Your role in {organization}"),
        Template::LimitNear { name, reached: true, .. } => format!("{name} has reached a limit"),
        Template::LimitNear { name, .. } => format!("{name} has used 80% of a limit"),
        Template::BudgetWanted { team, amount, by, .. } => format!("{by} asks for a budget of {amount} in {team}"),
        Template::BudgetDecided { amount, approved: true, .. } => format!("Your budget of {amount} was approved"),
        Template::BudgetDecided { amount, .. } => format!("Your request for {amount} was declined"),
        Template::AccessWanted { team, model, by, .. } => format!("{by} asks for {model} in {team}"),
        Template::AccessDecided { model, approved: true, .. } => format!("You can call {model}"),
        Template::AccessDecided { model, .. } => format!("Your request for {model} was declined"),
        Template::AccessEnded { model, .. } => format!("Your access to {model} has ended"),
        Template::PlanWanted { team, plan, .. } => format!("{team} asks for the plan {plan}"),
        Template::PlanDecided { team, plan, approved: true, .. } => format!("{team} is on the plan {plan}"),
        Template::PlanDecided { team, plan, .. } => format!("The plan {plan} for {team} was declined"),
    }
}

/// The whole letter.
pub(super) fn render(template: &Template, public_url: &str, name: &str, token: &str) -> Letter {
    let mut content = content(template, token);
    content.says = one_line(&content.says);
    let name = one_line(name);
    let greeting = if name.is_empty() { "Hello,".to_owned() } else { format!("Hello {name},") };
    let link = content.link.as_ref().map(|(words, path)| (*words, format!("{public_url}{path}")));
    Letter { text: text(&greeting, &content, link.as_ref()), html: html(&template.subject(), &greeting, &content, link.as_ref()) }
}

fn content(template: &Template, token: &str) -> Content {
    match template {
        Template::ConfirmEmail => Content::new(
            "This address belongs to a new Tallygate account. Confirm it, so that mails about your teams reach you. The link is valid \
             for 24 hours.",
            "You made no account? Then ignore this mail.",
        )
        .link("Confirm address", format!("/confirm/{token}")),
        Template::FinishSignUp => Content::new(
            "Someone, most likely you, asked for a Tallygate account with this address. The account is made when you open this link and \
             enter the password that you chose. The link is valid for 24 hours.",
            "It was not you? Then ignore this mail, and no account is made.",
        )
        .link("Finish signing up", format!("/signup/{token}")),
        Template::AccountExists => Content::new(
            "Someone, most likely you, asked for a Tallygate account with this address. It has one already, so nothing was changed. \
             Sign in with it, or set a new password if you forgot the old one.",
            "It was not you? Then there is nothing to do.",
        )
        .link("Sign in", "/login"),
        Template::PasswordReset => Content::new(
            "A new password for your Tallygate account was asked for. Set it within 30 minutes; the link works once, and only the \
             newest one does.",
            "It was not you? Then ignore this mail: your password stays as it is.",
        )
        .link("Set a new password", format!("/reset/{token}")),
        Template::PasswordChanged => Content::new(
            "The password of your Tallygate account was changed, and all other browsers were signed out. API keys and management \
             tokens still work; you find them under API keys and Account.",
            REACT,
        )
        .link("Sign in", "/login"),
        Template::ChangeEmail => Content::new(
            "A Tallygate account is to have this address from now on. The change is made when you confirm it. The link is valid for 24 \
             hours and works once.",
            "It was not you? Then ignore this mail, and nothing is changed.",
        )
        .link("Confirm new address", format!("/confirm/{token}")),
        Template::EmailChanged { to } => Content::new(
            format!(
                "The address of your Tallygate account is {to} now. Mails go there, and all other browsers were signed out. This address \
                 does not open the account any more."
            ),
            "It was not you? Tell the person who runs this Tallygate at once.",
        ),
        Template::AccountDeleted => Content::new(
            "Your Tallygate account was deleted. Your keys have stopped, your memberships and your personal space have ended. What you \
             used stays in your teams' statistics, under your name.",
            "It was not you? Tell the person who runs this Tallygate at once.",
        ),
        Template::Invitation { team, organization, inviter, role, note, expires_at, .. } => Content::new(
            format!(
                "{inviter} invites you to the team {team} of {organization}, as {}. The link is for you alone, works once, and is valid \
                 until {}.",
                a(*role),
                format::full(*expires_at),
            ),
            "You do not know the sender? Then ignore this mail, and nothing happens.",
        )
        .quote(note)
        .link("Open invitation", format!("/invite/{token}")),
        Template::LinkWanted { team, slug, email } => Content::new(
            format!("{email} opened the invitation to the team {team} after it had ended, and asks for a new link."),
            "“Resend” on that page sends one. You do not know the address? Then there is nothing to do.",
        )
        .link("Open members", format!("/t/{slug}/members")),
        Template::SeatWanted { team, slug, email, seats } => Content::new(
            format!("{email} was invited to the team {team} and can not join: all {seats} seats are taken."),
            "Add a seat, or revoke an invitation that is not needed any more. The link stays valid until it ends.",
        )
        .link("Open members", format!("/t/{slug}/members")),
        Template::TeamDeleted { team, by } => Content::new(
            format!("{by} deleted the team {team}. All its keys have stopped. What was used stays in its organization's records."),
            "Your other teams and your personal space are as they were.",
        ),
        Template::RoleChanged { team, slug, by, before, after } => Content::new(
            format!("{by} changed your role in the team {team}: you were {}, you are {} now.", a(*before), a(*after)),
            what_role_means(*after),
        )
        .link("Open team", format!("/t/{slug}")),
        Template::MemberRemoved { team, by, keys } => Content::new(
            format!(
                "{by} removed you from the team {team}. {} What you used stays in the team's statistics.",
                match keys {
                    0 => "You had no keys there.".into(),
                    1 => "Your key of that team has stopped.".into(),
                    n => format!("Your {n} keys of that team have stopped."),
                }
            ),
            "Your other teams and your personal space are as they were.",
        ),
        Template::OwnershipTransferred { team, slug, from, to, to_new_owner } => handover(slug, *to_new_owner, |you| {
            if you {
                format!("{from} made you the owner of the team {team}.")
            } else {
                format!("You made {to} the owner of the team {team}. You are an admin of it now.")
            }
        }),
        Template::OwnershipRecovered { team, slug, to, by, reason, to_new_owner, .. } => {
            handover(slug, *to_new_owner, |you| {
                let whom = if you { "you" } else { to.as_str() };
                format!("{by}, who runs this Tallygate, made {whom} the owner of the team {team}, and gave this reason:")
            })
            .quote(reason)
        }
        Template::OrganizationRole { organization, by, admin } => Content::new(
            format!("{by} made you {} of the organization {organization}.", if *admin { "an admin" } else { "a member" }),
            if *admin {
                "Admins of an organization decide on its models, limits and members."
            } else {
                "Members of an organization can be invited to its teams."
            },
        )
        .link("Open Tallygate", "/teams"),
        Template::LimitNear { path, sentence, reached, .. } => {
            let ends = if *reached {
                "Calls are refused until it is raised or resets. All pages stay open."
            } else {
                "You get one more mail if it is used up. Calls go on until then."
            };
            match path.as_str() {
                "" => Content::new(
                    format!("{sentence} {ends}"),
                    "This address was entered in the settings of the team to get its alerts. Its owner or an admin can take it out there.",
                ),
                path if path.ends_with("/billing") => Content::new(sentence.as_str(), ends).link("Open the billing", path),
                path if path.ends_with("/keys") => Content::new(sentence.as_str(), ends).link("Open the keys", path),
                path => Content::new(sentence.as_str(), ends).link("Open the limits", path),
            }
        }
        Template::BudgetWanted { team, slug, whose, amount, by, reason } => {
            let says = format!("{by} asks for a budget of {amount} for {whose} in the team {team}.");
            Content::new(says, "It waits for your decision.").quote(reason).link("Open the requests", budget_requests(slug))
        }
        Template::BudgetDecided { team, slug, whose, amount, by, approved, until, note } => {
            let until = until.map_or_else(String::new, |at| format!(", until {}", last_day(at)));
            let says = if *approved {
                format!("{by} approved a budget of {amount} for {whose} in the team {team}{until}.")
            } else {
                format!("{by} declined your request for {amount} for {whose} in the team {team}.")
            };
            let ends = if *approved { "It holds for your next call." } else { "You can ask again with another reason." };
            Content::new(says, ends).quote(note).link("Open your requests", budget_requests(slug))
        }
        Template::AccessWanted { team, slug, model, by, reason } => {
            Content::new(format!("{by} asks for the model {model} in the team {team}."), "It waits for your decision.")
                .quote(reason)
                .link("Open the requests", format!("/t/{slug}/models/requests"))
        }
        Template::AccessDecided { team, slug, model, by, approved, until, note } => {
            let until = until.map_or_else(String::new, |at| format!(", until {}", last_day(at)));
            let says = if *approved {
                format!("{by} approved the model {model} in the team {team}{until}.")
            } else {
                format!("{by} declined your request for the model {model} in the team {team}.")
            };
            let ends = if *approved { "Your next call can use it." } else { "You can ask again with another reason." };
            Content::new(says, ends).quote(note).link("Open your requests", format!("/t/{slug}/models/requests"))
        }
        Template::PlanWanted { team, by, plan, seats } => Content::new(
            format!("{by} asks for the plan {plan} with {} for the team {team}.", seats_words(*seats)),
            "It waits for your decision.",
        )
        .link("Open the requests", "/admin/plans"),
        Template::PlanDecided { team, slug, by, plan, seats, approved, note } => {
            let (seats, says) = (seats_words(*seats), if *approved { "approved" } else { "declined" });
            let ends = if *approved { "It holds from now on." } else { "Plan and seats stay as they are." };
            Content::new(format!("{by} {says} the plan {plan} with {seats} for the team {team}."), ends)
                .quote(note)
                .link("Open billing", format!("/t/{slug}/billing"))
        }
        Template::AccessEnded { team, slug, model } => {
            Content::new(format!("Your access to the model {model} in the team {team} has ended."), "You can ask for it again.")
                .link("Open your requests", format!("/t/{slug}/models/requests"))
        }
    }
}

fn budget_requests(slug: &str) -> String {
    format!("/t/{slug}/quotas?tab=requests")
}

fn handover(slug: &str, to_new_owner: bool, says: impl Fn(bool) -> String) -> Content {
    let ends = if to_new_owner {
        "An owner decides on plan, seats and spending limit, and is the one who can transfer or delete the team."
    } else {
        "You did not expect this? Tell the person who runs this Tallygate."
    };
    Content::new(says(to_new_owner), ends).link("Open team", format!("/t/{slug}"))
}

fn what_role_means(role: Role) -> &'static str {
    match role {
        Role::Owner | Role::Admin => "Admins manage members, keys, limits and model access.",
        Role::Member => "Members make their own keys and call models.",
        Role::Viewer => "Viewers see the team and its usage; they have no keys.",
    }
}

fn a(role: Role) -> &'static str {
    match role {
        Role::Owner => "the owner",
        Role::Admin => "an admin",
        Role::Member => "a member",
        Role::Viewer => "a viewer",
    }
}

/// Without line ends: names must not look like paragraphs of their own.
pub(super) fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

fn text(greeting: &str, content: &Content, link: Option<&(&str, String)>) -> String {
    let quote: String = content.quote.lines().map(|line| format!("> {line}\n")).collect();
    let quote = if quote.is_empty() { quote } else { format!("{quote}\n") };
    let link = link.map_or_else(String::new, |(words, url)| format!("{words}:\n{url}\n\n"));
    format!("{greeting}\n\n{}\n\n{quote}{link}{}\n\n-- \nTallygate\n", content.says, content.ends)
}

fn html(title: &str, greeting: &str, content: &Content, link: Option<&(&str, String)>) -> String {
    let quote = match content.quote.as_str() {
        "" => String::new(),
        words => format!(
            "<blockquote style=\"margin:16px 0;padding-left:12px;border-left:3px solid #d6d3ce;white-space:pre-line\">{}</blockquote>",
            escape(words)
        ),
    };
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
         <p>{}</p><p>{}</p>{quote}{link}<p>{}</p><p style=\"color:#5c626d;font-size:13px\">Tallygate</p></div></body></html>",
        escape(title),
        escape(greeting),
        escape(&content.says),
        escape(content.ends),
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}
