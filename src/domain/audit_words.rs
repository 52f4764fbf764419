//! The audit log in words: its actions, and the fields that changed. What is not listed here is told by its own name.

use super::{
    audit::{AuditOutcome, FieldChange},
    format, ids,
    money::NanoUsd,
    roles::Action,
    time::UnixMs,
};

/// Nouns of the actions, which are also the kinds of objects, with a label each.
const NOUNS: [(&str, &str); 20] = [
    ("account", "Accounts"),
    ("session", "Sign-ins"),
    ("token", "Management tokens"),
    ("team", "Teams"),
    ("member", "Members"),
    ("invitation", "Invitations"),
    ("key", "API keys"),
    ("organization", "Organizations"),
    ("provider", "Providers"),
    ("model", "Models"),
    ("catalog", "Catalog"),
    ("group", "Access groups"),
    ("access", "Model access"),
    ("plan", "Plans"),
    ("limit", "Limits"),
    ("budget", "Budgets"),
    ("platform", "Platform"),
    ("mail", "Mails"),
    ("audit", "Audit log"),
    ("demo", "Demo data"),
];

/// Actions, and what was done.
const ACTIONS: &[(&str, &str)] = &[
    ("account.create", "Created account"),
    ("account.confirm_email", "Confirmed email"),
    ("account.change_name", "Changed name"),
    ("account.change_password", "Changed password"),
    ("account.ask_email_change", "Asked for another email"),
    ("account.change_email", "Changed email"),
    ("account.start_reset", "Sent link for a new password"),
    ("account.reset_password", "Set new password by link"),
    ("account.suspend", "Suspended account"),
    ("account.unsuspend", "Ended suspension"),
    ("account.end_sessions", "Ended sessions"),
    ("account.make_platform_admin", "Made platform admin"),
    ("account.end_platform_admin", "Took platform admin back"),
    ("account.delete", "Deleted account"),
    ("session.start", "Signed in"),
    ("session.refuse", "Sign-in refused"),
    ("session.end", "Signed out"),
    ("session.end_others", "Signed out other browsers"),
    ("token.create", "Created management token"),
    ("token.revoke", "Revoked management token"),
    ("team.create", "Created team"),
    ("team.update", "Changed settings"),
    ("team.transfer", "Transferred ownership"),
    ("team.recover_ownership", "Recovered ownership"),
    ("team.set_access", "Changed model access"),
    ("team.delete", "Deleted team"),
    ("team.change_plan", "Changed plan or seats"),
    ("team.ask_plan", "Asked for plan or seats"),
    ("team.withdraw_plan", "Withdrew request for plan or seats"),
    ("team.approve_plan", "Approved plan or seats"),
    ("team.decline_plan", "Declined plan or seats"),
    ("team.renew_plan", "Plan renewed"),
    ("team.adjust_balance", "Adjusted balance"),
    ("team.set_discount", "Changed discount"),
    ("plan.create", "Added plan"),
    ("plan.update", "Changed plan"),
    ("team.set_self_service", "Changed self-service policy"),
    ("team.set_access", "Changed model access"),
    ("team.set_model", "Changed access to a model"),
    ("team.set_tier", "Changed rule of a tier"),
    ("team.set_group", "Changed access groups"),
    ("team.review_models", "Looked over new models"),
    ("member.set_role", "Changed role"),
    ("member.set_models", "Changed member's models"),
    ("member.remove", "Removed member"),
    ("member.view_as", "Looked as member"),
    ("member.leave", "Left team"),
    ("member.set_models", "Limited member's models"),
    ("invitation.send", "Invited"),
    ("invitation.resend", "Sent invitation anew"),
    ("invitation.copy_link", "Copied invitation link"),
    ("invitation.ask", "Asked about invitation"),
    ("invitation.accept", "Accepted invitation"),
    ("invitation.decline", "Declined invitation"),
    ("invitation.revoke", "Revoked invitation"),
    ("key.create", "Created API key"),
    ("key.update", "Changed API key"),
    ("key.rotate", "Rotated API key"),
    ("key.revoke", "Revoked API key"),
    ("organization.create", "Created organization"),
    ("organization.update", "Changed organization"),
    ("organization.add_member", "Added member to organization"),
    ("organization.set_role", "Changed role in organization"),
    ("organization.remove_member", "Removed member from organization"),
    ("organization.set_model", "Changed model's state"),
    ("provider.create", "Added provider"),
    ("provider.update", "Changed provider"),
    ("provider.delete", "Removed provider"),
    ("model.create", "Added model"),
    ("model.update", "Changed model"),
    ("model.set_prices", "Changed prices"),
    ("model.restrict", "Restricted model"),
    ("model.delete", "Removed model"),
    ("catalog.import_prices", "Took prices from a list"),
    ("catalog.set_threshold", "Changed price that restricts"),
    ("group.create", "Made access group"),
    ("group.update", "Changed access group"),
    ("group.delete", "Removed access group"),
    ("access.request", "Asked for a model"),
    ("access.withdraw", "Withdrew request for a model"),
    ("access.approve", "Approved request for a model"),
    ("access.reject", "Declined request for a model"),
    ("access.grant", "Granted model"),
    ("access.revoke", "Took grant back"),
    ("access.expire", "Grant ended"),
    ("limit.update", "Changed limits"),
    ("limit.clamp", "Lowered limits along"),
    ("budget.request", "Asked for a higher budget"),
    ("budget.withdraw", "Withdrew request for a higher budget"),
    ("budget.approve", "Approved higher budget"),
    ("budget.reject", "Declined higher budget"),
    ("platform.reseal_secrets", "Sealed secrets with another key"),
    ("platform.update_settings", "Changed settings of the platform"),
    ("mail.retry", "Tried waiting mails again"),
    ("audit.export", "Exported audit log"),
    ("demo.seed", "Wrote demo data"),
];

/// What somebody tried, where it is more than one permission of a team.
const TRIED: [(&str, &str); 3] = [
    ("organization.manage", "Tried to change the organization"),
    ("platform.manage", "Tried to change the platform"),
    ("team.create", "Tried to create a team"),
];

/// What was done, or what somebody tried and was refused.
pub fn action_words(action: &str, outcome: AuditOutcome) -> String {
    if outcome == AuditOutcome::Denied
        && let Some(permission) = Action::ALL.into_iter().find(|permission| permission.word() == action)
    {
        return format!("Tried to {}", permission.name());
    }
    if outcome == AuditOutcome::Denied
        && let Some((_, words)) = TRIED.iter().find(|(word, _)| *word == action)
    {
        return (*words).to_owned();
    }
    match ACTIONS.iter().find(|(word, _)| *word == action) {
        Some((_, words)) => (*words).to_owned(),
        None => action
            .split_once('.')
            .map_or_else(|| action.to_owned(), |(noun, verb)| format!("{}: {}", noun_label(noun), spaced(verb))),
    }
}

/// The label of an action's noun, or of the kind of an object.
pub fn noun_label(noun: &str) -> String {
    NOUNS.iter().find(|(word, _)| *word == noun).map_or_else(|| capital(&spaced(noun)), |(_, label)| (*label).to_owned())
}

/// Actions to choose from, each noun followed by its own.
pub fn choices(nouns: &[&str]) -> Vec<(String, String)> {
    let of_noun = |noun: &&str| {
        let label = noun_label(noun);
        let all = (noun.to_string(), format!("{label}: all"));
        let start = format!("{noun}.");
        let own = ACTIONS.iter().filter(move |(word, _)| word.starts_with(&start));
        let own: Vec<_> = own.map(|(word, words)| ((*word).to_owned(), format!("{label}: {}", uncapital(words)))).collect();
        std::iter::once(all).chain(own).collect::<Vec<_>>()
    };
    nouns.iter().flat_map(of_noun).collect()
}

/// All nouns, for a log that may hold everything.
pub fn all_nouns() -> Vec<&'static str> {
    NOUNS.iter().map(|(word, _)| *word).collect()
}

/// A change as people read it. None for what says nothing to them: identifiers, and side effects that there were none of.
pub fn change_words(change: &FieldChange) -> Option<FieldChange> {
    let name = change.field.rsplit('.').next().unwrap_or_default();
    let is_id = |text: &str| ids::UserId::parse(text).is_some();
    if is_id(&change.old) || is_id(&change.new) {
        return None;
    }
    // Nothing else happened with it: no key stopped, no invitation was withdrawn.
    if (name.ends_with("_revoked") || name.ends_with("_withdrawn")) && change.new == "0" {
        return None;
    }
    let field = name.strip_suffix("_at").filter(|name| !name.is_empty()).unwrap_or(name);
    let value = |text: &str| value_words(&change.field, text);
    Some(FieldChange { field: capital(&spaced(field)), old: value(&change.old), new: value(&change.new) })
}

fn value_words(field: &str, text: &str) -> String {
    let is_time = field.ends_with("_at") || field.ends_with("_until");
    match text {
        "true" => "yes".to_owned(),
        "false" => "no".to_owned(),
        _ => match text.parse::<i64>() {
            Ok(ms) if is_time => format::full(UnixMs(ms)),
            Ok(nano) if field.starts_with("prices.") => format::price(nano),
            Ok(nano) if is_money(field) => format::money(NanoUsd(nano)),
            _ => text.to_owned(),
        },
    }
}

fn is_money(field: &str) -> bool {
    matches!(
        field,
        "balance" | "budget" | "budget_ceiling" | "budget_raised_by" | "given" | "included_usage" | "seat_price" | "wanted"
    )
}

fn spaced(word: &str) -> String {
    word.replace('_', " ")
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// In the middle of a sentence, where the first word is no abbreviation.
fn uncapital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_have_words_listed_or_not() {
        assert_eq!(action_words("key.create", AuditOutcome::Done), "Created API key");
        assert_eq!(action_words("member.manage", AuditOutcome::Denied), "Tried to manage members");
        assert_eq!(action_words("platform.manage", AuditOutcome::Denied), "Tried to change the platform");
        assert_eq!(action_words("session.refuse", AuditOutcome::Denied), "Sign-in refused");
        assert_eq!(action_words("gadget.take_apart", AuditOutcome::Done), "Gadget: take apart");
    }

    #[test]
    fn every_action_stands_under_a_noun_and_can_be_chosen() {
        let chosen = choices(&all_nouns());
        for (word, _) in ACTIONS {
            assert!(chosen.iter().any(|(value, _)| value == word), "{word}");
        }
        assert_eq!(chosen.len(), ACTIONS.len() + NOUNS.len());
        assert!(chosen.contains(&("key".to_owned(), "API keys: all".to_owned())));
        assert!(chosen.contains(&("key.revoke".to_owned(), "API keys: revoked API key".to_owned())));
    }

    #[test]
    fn changes_are_told_in_words() {
        let change = |field: &str, old: &str, new: &str| FieldChange { field: field.into(), old: old.into(), new: new.into() };
        let told = |field: &str, old: &str, new: &str| change_words(&change(field, old, new));
        assert_eq!(told("role", "member", "admin"), Some(change("Role", "member", "admin")));
        assert_eq!(told("self_service", "true", "false"), Some(change("Self service", "yes", "no")));
        assert_eq!(told("expires_at", "", "1795302180000"), Some(change("Expires", "", "Sat 21 Nov 2026, 23:03:00 UTC")));
        assert_eq!(told("prices.input", "3000000000", "75000000"), Some(change("Input", "$3.00", "$0.075")));
        assert_eq!(told("budget", "", "5000000000"), Some(change("Budget", "", "$5.00")));
        assert_eq!(told("balance", "0", "5000000000"), Some(change("Balance", "$0.00", "$5.00")));
        assert_eq!(told("seats", "5", "7"), Some(change("Seats", "5", "7")));
        assert_eq!(told("keys_revoked", "", "0"), None);
        assert_eq!(told("keys_revoked", "", "3"), Some(change("Keys revoked", "", "3")));
        assert_eq!(told("owner", "019a8f00-0000-7000-8000-000000000000", ""), None);
    }
}
