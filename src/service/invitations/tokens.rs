//! Tokens of invitations. A token is made of the invitation, its generation and the way it travels, under a key of the platform's secret:
//! it can be made again when a mail is sent or a link copied, and nothing but its hash is ever stored.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::{
    domain::ids::InvitationId,
    service::{Services, vault::sha256_hex},
};

/// What the key is derived for.
const PURPOSE: &str = "invitation tokens";

/// How a token reaches its person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// In the mail: whoever has it reads the mailbox.
    Mail,
    /// In a link that somebody copied: proves nothing about the mailbox.
    Link,
}

impl Channel {
    fn as_str(self) -> &'static str {
        match self {
            Self::Mail => "mail",
            Self::Link => "link",
        }
    }
}

impl Services {
    /// The token of an invitation.
    pub(super) fn invitation_token(&self, id: InvitationId, generation: i64, channel: Channel) -> String {
        make(&self.vault.derive(PURPOSE), id, generation, channel)
    }

    /// The token that has this hash, whichever key of the ring it was made under. None where that key is gone.
    pub fn remake_invitation_token(&self, id: InvitationId, generation: i64, channel: Channel, hash: &str) -> Option<String> {
        let keys = self.vault.derive_each(PURPOSE);
        keys.iter().map(|key| make(key, id, generation, channel)).find(|token| sha256_hex(token) == hash)
    }
}

fn make(key: &[u8; 32], id: InvitationId, generation: i64, channel: Channel) -> String {
    let mut mac = <Hmac<Sha256> as Mac>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(format!("{id}:{generation}:{}", channel.as_str()).as_bytes());
    URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::UnixMs;

    #[test]
    fn tokens_differ_by_key_invitation_generation_and_channel() {
        let (id, other) = (InvitationId::new(UnixMs(1), [1; 10]), InvitationId::new(UnixMs(1), [2; 10]));
        let token = make(&[1; 32], id, 1, Channel::Mail);
        assert_eq!(token.len(), 43, "256 bits");
        for differs in [
            make(&[2; 32], id, 1, Channel::Mail),
            make(&[1; 32], other, 1, Channel::Mail),
            make(&[1; 32], id, 2, Channel::Mail),
            make(&[1; 32], id, 1, Channel::Link),
        ] {
            assert_ne!(token, differs);
        }
        assert_eq!(token, make(&[1; 32], id, 1, Channel::Mail));
    }
}
