//! Hashing and judging passwords. argon2id at the OWASP minimum; two at a time on the blocking pool, a short queue, then refused, so
//! that a flood of log-ins costs neither the memory nor the processors of the gateway.

use std::sync::{Arc, OnceLock};

use argon2::{
    Algorithm, Argon2, Params, PasswordHash, PasswordHasher as _, PasswordVerifier as _, Version,
    password_hash::{Salt, SaltString},
};
use tokio::sync::Semaphore;
use zxcvbn::Score;

use crate::{
    domain::accounts::check_password_length,
    service::{Random, ServiceError, vault::Secret},
};

const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;

const AT_ONCE: usize = 2;
const QUEUE: usize = 32;

/// What a check of a password found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is another one.
    Wrong,
    /// It is the one.
    Right,
    /// It is the one, and its hash is weaker than today's.
    RightButOutdated,
}

/// Hashes and checks passwords. Cheap to clone.
#[derive(Clone, Debug)]
pub struct PasswordHasher {
    /// Those who work and those who wait.
    places: Arc<Semaphore>,
    workers: Arc<Semaphore>,
    /// Checked in place of an account's hash where there is no account, so that the answer takes as long.
    dummy: Arc<str>,
}

impl PasswordHasher {
    /// A hasher; the first of a process makes its dummy hash, which takes as long as one log-in.
    pub fn new(random: &Random) -> Result<Self, ServiceError> {
        static DUMMY: OnceLock<Arc<str>> = OnceLock::new();
        let (unguessable, salt): ([u8; 32], _) = (random.bytes(), random.bytes());
        let dummy = match DUMMY.get() {
            Some(dummy) => dummy.clone(),
            None => DUMMY
                .get_or_init({
                    let dummy = hash_now(&unguessable, salt)?;
                    || dummy.into()
                })
                .clone(),
        };
        Ok(Self { places: Arc::new(Semaphore::new(AT_ONCE + QUEUE)), workers: Arc::new(Semaphore::new(AT_ONCE)), dummy })
    }

    /// The PHC string of a new password.
    pub async fn hash(&self, password: Secret, random: &Random) -> Result<String, ServiceError> {
        let salt = random.bytes();
        self.work(move || hash_now(password.expose().as_bytes(), salt)).await
    }

    /// Checks a password against a hash; without one it takes as long and finds it wrong.
    pub async fn verify(&self, password: Secret, hash: Option<String>) -> Result<Verdict, ServiceError> {
        let known = hash.is_some();
        let hash = hash.unwrap_or_else(|| self.dummy.to_string());
        let verdict = self.work(move || verify_now(password.expose().as_bytes(), &hash)).await?;
        Ok(if known { verdict } else { Verdict::Wrong })
    }

    /// Refuses a password that is too short, too long or easy to guess. `known` are words that an attacker would try first: names of
    /// the person, the organization, the address.
    pub async fn judge(&self, password: Secret, known: Vec<String>) -> Result<(), ServiceError> {
        if let Err(message) = check_password_length(password.expose()) {
            return Err(ServiceError::field("password", message));
        }
        let guessable = self.work(move || Ok(is_guessable(password.expose(), &known))).await?;
        if guessable {
            return Err(ServiceError::field(
                "password",
                "This password is easy to guess. Use a longer one without names, dates or patterns, such as four unrelated words.",
            ));
        }
        Ok(())
    }

    async fn work<T: Send + 'static>(
        &self,
        job: impl FnOnce() -> Result<T, ServiceError> + Send + 'static,
    ) -> Result<T, ServiceError> {
        let _place = self.places.try_acquire().map_err(|_| ServiceError::Busy)?;
        let worker = self.workers.clone().acquire_owned().await.map_err(|_| ServiceError::Busy)?;
        tokio::task::spawn_blocking(move || {
            // Held by the job, not by the one who asked: who leaves early does not make room while the work goes on.
            let _worker = worker;
            job()
        })
        .await
        .map_err(|error| ServiceError::Internal(format!("hashing a password: {error}")))?
    }
}

#[cfg(test)]
impl PasswordHasher {
    /// A hash of parameters that were good once.
    pub(crate) fn hash_weakly_for_tests(&self, password: &str) -> String {
        let weak = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(8_192, 1, 1, Some(32)).expect("parameters"));
        let salt = SaltString::encode_b64(&[7; 16]).expect("a salt");
        weak.hash_password(password.as_bytes(), Salt::from(&salt)).expect("a hash").to_string()
    }
}

fn argon2() -> Result<Argon2<'static>, ServiceError> {
    let params =
        Params::new(MEMORY_KIB, PASSES, LANES, Some(32)).map_err(|error| ServiceError::Internal(format!("argon2: {error}")))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn hash_now(password: &[u8], salt: [u8; 16]) -> Result<String, ServiceError> {
    let wrong = |error| ServiceError::Internal(format!("argon2: {error}"));
    let salt = SaltString::encode_b64(&salt).map_err(wrong)?;
    let hash = argon2()?.hash_password(password, Salt::from(&salt)).map_err(wrong)?;
    Ok(hash.to_string())
}

fn verify_now(password: &[u8], hash: &str) -> Result<Verdict, ServiceError> {
    // An account without a usable hash (made at the command line) has no password that is right.
    let Ok(parsed) = PasswordHash::new(hash) else { return Ok(Verdict::Wrong) };
    match argon2()?.verify_password(password, &parsed) {
        Ok(()) if is_outdated(&parsed) => Ok(Verdict::RightButOutdated),
        Ok(()) => Ok(Verdict::Right),
        Err(_) => Ok(Verdict::Wrong),
    }
}

fn is_outdated(hash: &PasswordHash<'_>) -> bool {
    let weaker = |params: Params| params.m_cost() < MEMORY_KIB || params.t_cost() < PASSES;
    hash.algorithm != argon2::ARGON2ID_IDENT || Params::try_from(hash).map_or(true, weaker)
}

/// Below a million guesses, or little more than a word that everybody knows of this person.
fn is_guessable(password: &str, known: &[String]) -> bool {
    let words: Vec<&str> =
        known.iter().flat_map(|text| text.split(|c: char| !c.is_alphanumeric())).filter(|word| word.len() >= 3).collect();
    let inputs: Vec<&str> = ["tallygate", "gateway"].into_iter().chain(known.iter().map(String::as_str)).chain(words).collect();
    zxcvbn::zxcvbn(password, &inputs).score() < Score::Two
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hasher() -> (PasswordHasher, Random) {
        let random = Random::seeded(1);
        (PasswordHasher::new(&random).unwrap(), random)
    }

    #[tokio::test]
    async fn a_password_is_kept_exactly_as_typed() {
        let (hasher, random) = hasher();
        for password in [" spaces at ends ", "nul\0inside it", "🦀🦀🦀🦀🦀🦀🦀🦀", &"x".repeat(128)] {
            let hash = hasher.hash(Secret::new(password.into()), &random).await.unwrap();
            assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
            assert_eq!(hasher.verify(Secret::new(password.into()), Some(hash.clone())).await.unwrap(), Verdict::Right);
            assert_eq!(
                hasher.verify(Secret::new(password.trim_end().to_owned() + "!"), Some(hash)).await.unwrap(),
                Verdict::Wrong
            );
        }
    }

    #[tokio::test]
    async fn no_account_is_a_wrong_password() {
        let (hasher, _) = hasher();
        assert_eq!(hasher.verify(Secret::new("anything".into()), None).await.unwrap(), Verdict::Wrong);
        assert_eq!(hasher.verify(Secret::new("anything".into()), Some("!".into())).await.unwrap(), Verdict::Wrong);
    }

    #[tokio::test]
    async fn weaker_hashes_are_right_but_outdated() {
        let (hasher, _) = hasher();
        let hash = hasher.hash_weakly_for_tests("correct horse battery");
        let verdict = hasher.verify(Secret::new("correct horse battery".into()), Some(hash)).await.unwrap();
        assert_eq!(verdict, Verdict::RightButOutdated);
    }

    #[tokio::test]
    async fn guessable_passwords_are_refused() {
        let (hasher, _) = hasher();
        let known = vec!["Maya Okafor".to_owned(), "maya.okafor@northwind.example".to_owned(), "Northwind Labs".to_owned()];
        let judge = |password: &str| hasher.judge(Secret::new(password.into()), known.clone());
        for bad in [
            "1234567",
            "password123456",
            "12345678",
            "qwertyuiop",
            "Tallygate",
            "tallygate1",
            "Tallygate2026",
            "northwindlabs",
            "Northwind1",
            "mayaokafor",
            "Okafor1234",
            "aaaaaaaaaaaa",
            &"a".repeat(129),
            &"a".repeat(1 << 20),
        ] {
            assert!(judge(bad).await.is_err(), "{bad:?}");
        }
        for good in
            ["correct horse battery", "xK9#mQ2$vL", " leading and trailing ", "🦀 crab walks sideways", &"kumquat ".repeat(16)]
        {
            assert!(judge(good).await.is_ok(), "{good:?}");
        }
    }

    #[tokio::test]
    async fn a_flood_is_refused_instead_of_queued() {
        let (hasher, _) = hasher();
        let all = (0..60).map(|_| hasher.verify(Secret::new("anything".into()), None));
        let results = futures::future::join_all(all).await;
        let refused = results.iter().filter(|result| matches!(result, Err(ServiceError::Busy))).count();
        assert_eq!(refused, 60 - AT_ONCE - QUEUE);
    }
}
