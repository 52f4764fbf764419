//! Secrets at rest: XChaCha20-Poly1305 under a key ring. A sealed value is `key id | nonce | ciphertext` in URL-safe base64, and is
//! bound to the place it is stored in, so it can not be moved to another row or column.

use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::service::{Random, ServiceError};

/// Seals and opens secrets. The first key seals, all open.
#[derive(Clone)]
pub struct Vault {
    keys: Arc<Vec<MasterKey>>,
}

struct MasterKey {
    id: u8,
    key: Zeroizing<[u8; 32]>,
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Vault")
    }
}

/// A secret in memory: wiped when dropped, never printed or serialized.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Wraps a secret.
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The secret, for the one place that sends it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl Vault {
    /// A vault over 32-byte keys; the first is the active one. The id of a key is derived from it.
    pub fn new(keys: Vec<[u8; 32]>) -> Self {
        let keys = keys
            .into_iter()
            .map(|key| MasterKey {
                id: Sha256::digest([b"tallygate key id".as_slice(), &key].concat())[0],
                key: Zeroizing::new(key),
            })
            .collect();
        Self { keys: Arc::new(keys) }
    }

    /// Seals a secret for a place such as `providers/{id}/secret`.
    pub fn seal(&self, random: &Random, place: &str, secret: &str) -> Result<String, ServiceError> {
        let key = self.keys.first().ok_or_else(|| ServiceError::Internal("the vault has no key".into()))?;
        let nonce: [u8; 24] = random.bytes();
        let payload = Payload { msg: secret.as_bytes(), aad: place.as_bytes() };
        let sealed = cipher(key)
            .encrypt(XNonce::from_slice(&nonce), payload)
            .map_err(|_| ServiceError::Internal("sealing a secret failed".into()))?;
        Ok(URL_SAFE_NO_PAD.encode([&[key.id], nonce.as_slice(), &sealed].concat()))
    }

    /// Opens a sealed secret. Fails where it was sealed under a key that is not in the ring, for another place, or was changed.
    pub fn open(&self, place: &str, sealed: &str) -> Result<Secret, ServiceError> {
        let wrong = || ServiceError::Internal(format!("the secret of {place} can not be opened with TALLYGATE_SECRET_KEY"));
        let bytes = URL_SAFE_NO_PAD.decode(sealed).map_err(|_| wrong())?;
        let (id, rest) = bytes.split_first().ok_or_else(wrong)?;
        let (nonce, ciphertext) = rest.split_at_checked(24).ok_or_else(wrong)?;
        let payload = || Payload { msg: ciphertext, aad: place.as_bytes() };
        let opened = self
            .keys
            .iter()
            .filter(|key| key.id == *id)
            .find_map(|key| cipher(key).decrypt(XNonce::from_slice(nonce), payload()).ok())
            .ok_or_else(wrong)?;
        String::from_utf8(opened).map(Secret::new).map_err(|_| wrong())
    }

    /// A key for one purpose, derived from the active one (HMAC-SHA256).
    pub fn derive(&self, purpose: &str) -> [u8; 32] {
        derive(self.keys.first().map_or(&[0; 32], |key| &key.key), purpose)
    }

    /// The same of every key of the ring, the active one first: what was made under an older one can be made again.
    pub fn derive_each(&self, purpose: &str) -> Vec<[u8; 32]> {
        self.keys.iter().map(|key| derive(&key.key, purpose)).collect()
    }
}

fn derive(key: &[u8; 32], purpose: &str) -> [u8; 32] {
    let mut mac = <Hmac<Sha256> as Mac>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(purpose.as_bytes());
    mac.finalize().into_bytes().into()
}

fn cipher(key: &MasterKey) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(key.key.as_slice().into())
}

/// SHA-256 as lower-case hexadecimal: how every high-entropy token is stored.
pub fn sha256_hex(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_opens_only_in_its_place_and_with_its_key() {
        let random = Random::seeded(1);
        let (old, new) = (Vault::new(vec![[1; 32]]), Vault::new(vec![[2; 32], [1; 32]]));
        let sealed = old.seal(&random, "providers/a/secret", "sk-canary").unwrap();
        assert!(!sealed.contains("canary"));
        assert_eq!(old.open("providers/a/secret", &sealed).unwrap().expose(), "sk-canary");
        assert_eq!(new.open("providers/a/secret", &sealed).unwrap().expose(), "sk-canary", "a ring keeps old keys");
        assert!(old.open("providers/b/secret", &sealed).is_err());
        assert!(Vault::new(vec![[3; 32]]).open("providers/a/secret", &sealed).is_err());
        assert!(old.open("providers/a/secret", "AAAA").is_err());
        assert_eq!(format!("{:?}", Secret::new("x".into())), "Secret(…)");
    }
}
