//! The platform's settings: what stands in the database wins over the configuration, once somebody set it.

use serde_json::json;
use sqlx::AnyConnection;

use crate::{
    domain::platform::{PersonalModels, PlatformSettings, SignUpRules},
    service::{Caller, ServiceError, Services, Touched, audit::Change, organizations::PERSONAL_POLICY},
    storage,
};

/// Setting: who may sign up, as JSON of [`SignUpRules`].
const SIGN_UP: &str = "sign_up";

impl Services {
    /// The settings.
    pub async fn platform_settings(&self, caller: &Caller) -> Result<PlatformSettings, ServiceError> {
        caller.check_platform_admin()?;
        self.read_platform_settings(&mut *self.store.reader().await?).await
    }

    /// Sets who may sign up (from now on, whatever the configuration says) and what personal spaces may call. What is none stays.
    pub async fn update_platform_settings(
        &self,
        caller: &Caller,
        sign_up: Option<SignUpRules>,
        personal_models: Option<PersonalModels>,
    ) -> Result<PlatformSettings, ServiceError> {
        self.check_platform_change(caller, "change the settings of the platform")?;
        let now = self.clock.now();
        let mut tx = self.store.begin().await?;
        let before = self.read_platform_settings(&mut tx).await?;
        if let Some(rules) = sign_up {
            let text =
                serde_json::to_string(&rules).map_err(|error| ServiceError::Internal(format!("sign-up rules: {error}")))?;
            storage::settings::put(&mut tx, SIGN_UP, &text, now).await?;
        }
        if let Some(models) = personal_models {
            storage::settings::put(&mut tx, PERSONAL_POLICY, models.as_str(), now).await?;
        }
        let after = self.read_platform_settings(&mut tx).await?;
        let facts = |settings: &PlatformSettings| {
            json!({
                "sign_up": settings.sign_up.policy,
                "sign_up_domains": settings.sign_up.domains.join(", "),
                "personal_models": settings.personal_models,
            })
        };
        let change = Change {
            action: "platform.update_settings",
            target_kind: "platform",
            target_id: "platform".into(),
            target_name: "Platform",
            before: facts(&before),
            after: facts(&after),
            ..Change::default()
        };
        self.audit(&mut tx, caller, change).await?;
        self.commit(tx, Touched::platform()).await?;
        Ok(after)
    }

    /// Who may sign up, as it is now.
    pub async fn sign_up_rules(&self) -> Result<SignUpRules, ServiceError> {
        let stored = find_sign_up_rules(&mut *self.store.reader().await?).await?;
        Ok(stored.unwrap_or_else(|| self.configured_sign_up_rules()))
    }

    fn configured_sign_up_rules(&self) -> SignUpRules {
        SignUpRules { policy: self.settings.sign_up, domains: self.settings.sign_up_domains.clone() }
    }

    async fn read_platform_settings(&self, c: &mut AnyConnection) -> Result<PlatformSettings, ServiceError> {
        let stored = find_sign_up_rules(c).await?;
        let personal = storage::settings::find(c, PERSONAL_POLICY).await?;
        Ok(PlatformSettings {
            sign_up_from_configuration: stored.is_none(),
            sign_up: stored.unwrap_or_else(|| self.configured_sign_up_rules()),
            demo: self.settings.demo,
            personal_models: personal.as_deref().and_then(PersonalModels::parse).unwrap_or_default(),
            mail_server: self.settings.smtp_url.is_some(),
        })
    }
}

async fn find_sign_up_rules(c: &mut AnyConnection) -> Result<Option<SignUpRules>, ServiceError> {
    let stored = storage::settings::find(c, SIGN_UP).await?;
    stored
        .map(|text| serde_json::from_str(&text).map_err(|_| ServiceError::Internal("the setting sign_up can not be read".into())))
        .transpose()
}
