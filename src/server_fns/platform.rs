//! The platform's settings.

use leptos::server;
use serde::{Deserialize, Serialize};

use crate::{
    domain::{accounts::SignUpPolicy, platform::PersonalModels},
    error::AppError,
    wire::PageAnswer,
};

/// The page of the settings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SystemPage {
    pub sign_up: SignUpPolicy,
    /// Domains, one a line.
    pub domains: String,
    /// Both are what the configuration says, because nobody set them here.
    pub from_configuration: bool,
    /// Everybody may sign up, whatever is set.
    pub demo: bool,
    pub personal_models: PersonalModels,
    pub mail_server: bool,
    /// What is running, and on what: label and value.
    pub facts: Vec<(String, String)>,
    /// What the books disagree on; empty while they balance.
    pub differences: Vec<String>,
    /// Policy and domains of the form that failed just now.
    pub typed: Option<(SignUpPolicy, String)>,
}

/// The platform's settings and what is running.
#[server(prefix = "/fn", endpoint = "get_platform_settings", output = PageAnswer)]
pub async fn get_platform_settings() -> Result<SystemPage, AppError> {
    use super::context;

    let (services, caller) = context::signed_in().await?;
    let settings = services.platform_settings(&caller).await?;
    let books = services.get_book_check(&caller)?;
    let word = |text: &str| text.to_owned();
    let typed = SignUpPolicy::parse(&context::typed("sign_up")).map(|policy| (policy, context::typed("sign_up_domains")));
    Ok(SystemPage {
        sign_up: settings.sign_up.policy,
        domains: settings.sign_up.domains.join("\n"),
        from_configuration: settings.sign_up_from_configuration,
        demo: settings.demo,
        personal_models: settings.personal_models,
        mail_server: settings.mail_server,
        facts: vec![
            (word("Version"), word(env!("CARGO_PKG_VERSION"))),
            (word("Database"), word(services.store.engine().name())),
            (word("Address"), services.settings.public_url.clone()),
            (word("Sender of mails"), services.settings.mail_from.clone()),
            (word("Books"), if books.at.is_some() { super::plans::books_words(&books) } else { word("Not compared yet") }),
        ],
        differences: books.differences,
        typed,
    })
}

/// Sets who may sign up, or what personal spaces may call. What is left out stays.
#[server(prefix = "/fn", endpoint = "update_platform_settings", output = PageAnswer)]
pub async fn update_platform_settings(
    #[server(default)] sign_up: Option<String>,
    #[server(default)] sign_up_domains: Option<String>,
    #[server(default)] personal_models: Option<String>,
) -> Result<(), AppError> {
    use super::context;
    use crate::{domain::platform::SignUpRules, service::ServiceError};

    let (services, caller) = context::signed_in().await?;
    let domains = sign_up_domains.unwrap_or_default();
    let save = async || {
        caller.check_platform_admin()?;
        let rules = sign_up.as_deref().map(|policy| SignUpRules::parse(policy, &domains)).transpose()?;
        let wrong = || ServiceError::field("personal_models", "Choose nothing or general models.");
        let personal = personal_models.as_deref().map(|text| PersonalModels::parse(text).ok_or_else(wrong)).transpose()?;
        services.update_platform_settings(&caller, rules, personal).await
    };
    let typed = [("sign_up", sign_up.as_deref().unwrap_or_default()), ("sign_up_domains", domains.as_str())];
    save().await.map_err(|error| context::keep_typed(error, &typed))?;
    let done = if personal_models.is_some() { "personal" } else { "sign-up" };
    leptos_axum::redirect(&format!("{SYSTEM}?done={done}"));
    Ok(())
}

/// The address of the settings.
pub const SYSTEM: &str = "/admin/system";
