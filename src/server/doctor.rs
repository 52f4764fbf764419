//! `tallygate doctor`: looks at an installation, live or stopped, and says what is wrong with it.

use super::{
    assets,
    config::Config,
    start::{self, StartError},
};
use crate::{
    service::{Services, catalog::secret_place},
    storage,
};

/// Checks an installation and prints what was found; `true` when nothing is wrong.
pub async fn run(config: &Config) -> bool {
    let mut report = Report { sound: true };
    report.good("the configuration is valid");
    let pages = assets::with_hashes(config.site.options.clone());
    let built = std::path::Path::new(&*pages.site_root).join(&*pages.site_pkg_dir).is_dir();
    report.judge(built, "the pages are built", &format!("there are no built pages in {}", pages.site_root));
    match start::look_at_services(config).await {
        Err(error) => report.bad(&error.to_string()),
        Ok(services) => {
            report.good("the database answers and the secret key fits");
            if let Err(error) = check(&services, &mut report).await {
                report.bad(&error.to_string());
            }
        }
    }
    report.sound
}

async fn check(services: &Services, report: &mut Report) -> Result<(), StartError> {
    let providers = storage::catalog::list_providers(&mut *services.store.reader().await?).await?;
    let sealed = providers.iter().filter(|(_, secret)| !secret.is_empty());
    let unreadable: Vec<&str> = sealed
        .filter(|(provider, secret)| services.vault.open(&secret_place(provider.id), secret).is_err())
        .map(|(provider, _)| provider.name.as_str())
        .collect();
    let sentence = format!("the secret key does not open the secrets of these providers: {}", unreadable.join(", "));
    report.judge(unreadable.is_empty(), "provider secrets can be read", &sentence);
    let broken = services.find_broken_invariants().await?;
    report.judge(broken.is_empty(), "the books balance", &broken.join("; "));
    Ok(())
}

struct Report {
    sound: bool,
}

impl Report {
    fn good(&self, sentence: &str) {
        println!("ok     {sentence}");
    }

    fn bad(&mut self, sentence: &str) {
        self.sound = false;
        println!("WRONG  {sentence}");
    }

    fn judge(&mut self, sound: bool, good: &str, bad: &str) {
        if sound { self.good(good) } else { self.bad(bad) }
    }
}
