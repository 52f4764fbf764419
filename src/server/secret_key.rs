//! The key that secrets in the database are sealed with: from `TALLYGATE_SECRET_KEY`, or from a file in the data directory that is
//! made once. There is no default key, and a wrong one stops the start before anything is sealed with it.

use std::{io::Write, os::unix::fs::OpenOptionsExt, path::Path};

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};

use super::{config, start::StartError};
use crate::{
    service::{Clock, Random, Services, resealing::Resealed, vault::Vault},
    storage::{self, Store},
};

/// A sealed word in the database: whoever can open it has the right key.
const WITNESS: &str = "secret_key_witness";
const PLACE: &str = "settings/secret_key_witness";
const FILE: &str = "secret.key";

/// The vault over the configured key; makes a key where neither the configuration nor the data directory has one and nothing is
/// sealed yet.
pub async fn open_vault(config: &config::Storage, store: &Store, clock: &Clock, random: &Random) -> Result<Vault, StartError> {
    let path = config.data_dir.join(FILE);
    let witness = storage::settings::find(&mut *store.reader().await?, WITNESS).await?;
    let keys = match &config.secret_key {
        Some(text) => text.expose().split(',').map(|key| parse(key.trim())).collect::<Option<Vec<_>>>().ok_or_else(malformed)?,
        None => match read(&path)? {
            Some(key) => vec![key],
            None if witness.is_some() => {
                let sentence = "TALLYGATE_SECRET_KEY is missing: this database holds secrets that were sealed with a key, and there is \
                    none in the data directory, either.";
                return Err(StartError::Refused(sentence.into()));
            }
            None => vec![make(&path, random)?],
        },
    };
    let vault = Vault::new(keys);
    match witness {
        Some(sealed) => {
            let sentence = "TALLYGATE_SECRET_KEY (or secret.key in the data directory) is not the key that this database's secrets were \
                sealed with.";
            vault.open(PLACE, &sealed).map_err(|_| StartError::Refused(sentence.into()))?;
        }
        None => {
            let sealed = vault.seal(random, PLACE, "tallygate")?;
            let mut tx = store.begin().await?;
            storage::settings::put(&mut tx, WITNESS, &sealed, clock.now()).await?;
            tx.commit().await?;
        }
    }
    Ok(vault)
}

/// Seals everything in the database with the first of the configured keys: afterwards the others are no longer needed.
pub async fn reseal(services: &Services) -> Result<Resealed, StartError> {
    let mut tx = services.store.begin().await?;
    let resealed = services.reseal_secrets(&mut tx).await?;
    let witness = services.vault.seal(&services.random, PLACE, "tallygate")?;
    storage::settings::put(&mut tx, WITNESS, &witness, services.clock.now()).await?;
    tx.commit().await?;
    Ok(resealed)
}

fn malformed() -> StartError {
    let sentence =
        "TALLYGATE_SECRET_KEY must be 32 bytes in hexadecimal (64 digits) or base64 (`openssl rand -hex 32` makes one).";
    StartError::Refused(sentence.into())
}

fn parse(text: &str) -> Option<[u8; 32]> {
    let hexadecimal = |text: &str| -> Option<Vec<u8>> {
        (text.len() == 64 && text.is_ascii())
            .then(|| (0..32).map(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).ok()).collect())?
    };
    let base64 = || STANDARD.decode(text).or_else(|_| URL_SAFE_NO_PAD.decode(text)).ok();
    hexadecimal(text).or_else(base64)?.try_into().ok()
}

fn read(path: &Path) -> Result<Option<[u8; 32]>, StartError> {
    match std::fs::read_to_string(path) {
        Ok(text) => {
            let sentence = || StartError::Refused(format!("{} does not hold a key of 32 bytes.", path.display()));
            parse(text.trim()).map(Some).ok_or_else(sentence)
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(StartError::Refused(format!("{} can not be read: {error}.", path.display()))),
    }
}

fn make(path: &Path, random: &Random) -> Result<[u8; 32], StartError> {
    let key: [u8; 32] = random.bytes();
    let text: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
    let write = || -> std::io::Result<()> {
        let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        writeln!(file, "{text}")?;
        file.sync_all()
    };
    write().map_err(|error| StartError::Refused(format!("{} can not be written: {error}.", path.display())))?;
    tracing::warn!(path = %path.display(), "made a secret key; keep a copy: without it, provider secrets in the database can not be read");
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::vault::Secret;

    #[test]
    fn keys_are_read_in_three_spellings() {
        let key = [0xab; 32];
        assert_eq!(parse(&"ab".repeat(32)), Some(key));
        assert_eq!(parse(&STANDARD.encode(key)), Some(key));
        assert_eq!(parse(&URL_SAFE_NO_PAD.encode(key)), Some(key));
        for wrong in ["", "secret", &"ab".repeat(31), &"zz".repeat(32), &"é".repeat(32)] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }

    #[tokio::test]
    async fn a_missing_or_wrong_key_stops_the_start_once_something_is_sealed() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::connect(&format!("sqlite://{}", folder.path().join("test.db").display())).await.unwrap();
        store.migrate().await.unwrap();
        let (clock, random) = (Clock::System, Random::seeded(1));
        let config = |key: Option<&str>| config::Storage {
            data_dir: folder.path().to_owned(),
            database_url: Secret::new(String::new()),
            secret_key: key.map(|key| Secret::new(key.to_owned())),
        };
        let open =
            async |key: Option<&str>| open_vault(&config(key), &store, &clock, &random).await.map_err(|error| error.to_string());

        assert!(open(Some("short")).await.unwrap_err().contains("TALLYGATE_SECRET_KEY"));
        let vault = open(None).await.unwrap();
        let sealed = vault.seal(&random, "here", "canary").unwrap();
        let file = folder.path().join(FILE);
        let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&file).unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600);
        let again = open(None).await.unwrap();
        assert_eq!(again.open("here", &sealed).unwrap().expose(), "canary");

        assert!(open(Some(&"ab".repeat(32))).await.unwrap_err().contains("TALLYGATE_SECRET_KEY"));
        let key = std::fs::read_to_string(&file).unwrap();
        std::fs::remove_file(&file).unwrap();
        assert!(open(None).await.unwrap_err().contains("TALLYGATE_SECRET_KEY is missing"));
        let ring = format!("{},{}", "ab".repeat(32), key.trim());
        assert_eq!(
            open(Some(&ring)).await.unwrap().open("here", &sealed).unwrap().expose(),
            "canary",
            "an old key in the ring opens"
        );
    }
}
