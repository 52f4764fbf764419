//! Certificates that were made for tests. Their keys are public here, and nobody trusts their root but the clients of tests; so an
//! expired one is refused for its date, and one of another host for its name, and not because its root is unknown.

use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use rustls::{
    ServerConfig,
    crypto::ring::default_provider,
    pki_types::{CertificateDer, PrivatePkcs8KeyDer},
};

/// Signs the certificates below, from 2020 to 2120.
pub(crate) const ROOT: &str = "MIIBGjCBzaADAgECAgEBMAUGAytlcDAUMRIwEAYDVQQDDAlUZXN0IHJvb3QwIBcNMjAwMTAxMDAwMDAwWhgPMjEyMDAxMDEwMDAwMDBaMBQxEjAQBgNVBAMMCVRlc3Qgcm9vdDAqMAUGAytlcAMhAMHV+2K31aS8P8+iCW1b2e9dEHTPsr8FbxKWE4FGHUY2o0IwQDAPBgNVHRMBAf8EBTADAQH/MA4GA1UdDwEB/wQEAwICBDAdBgNVHQ4EFgQUxXE8Pc5gN5RoEOHrO6bF8nUAeXowBQYDK2VwA0EAx/AMiOPs3aTl/dj2bezYHlimUp4zoDzPpZ99wxfIlvRuv4msJ6O6mkOwROM/A/eT1dfyZQWIjH6O9ctXjRLmCA==";
/// The key of the certificates below.
pub(crate) const KEY: &str = "MC4CAQAwBQYDK2VwBCIEIM2Yu/yUvBLX+4QTnOC1cCQEwQf1g2aQh4UrEoRxnzg8";
/// For `localhost` and 127.0.0.1.
pub(crate) const GOOD: &str = "MIIBQzCB9qADAgECAgECMAUGAytlcDAUMRIwEAYDVQQDDAlUZXN0IHJvb3QwIBcNMjAwMTAxMDAwMDAwWhgPMjEyMDAxMDEwMDAwMDBaMBMxETAPBgNVBAMMCHVwc3RyZWFtMCowBQYDK2VwAyEApUVBWZ0U0NRqURNqM6PVwvG4x8wVW0PzPTaMIJ3fO1CjbDBqMAwGA1UdEwEB/wQCMAAwGgYDVR0RBBMwEYcEfwAAAYIJbG9jYWxob3N0MB0GA1UdDgQWBBSc1MDj2mQxmI2rNfPqwtKt4Q8bWTAfBgNVHSMEGDAWgBTFcTw9zmA3lGgQ4es7psXydQB5ejAFBgMrZXADQQArC2CjJUAVd0dr7boDvOsQMG5WCHWSEHGAhXbSMHapkIoYW7iZzoCb6i+6d/9vPYey3NcFDFAGTBaGAUuAXhkG";
/// For `provider.example` and 127.0.0.2.
pub(crate) const OF_ANOTHER_HOST: &str = "MIIBSjCB/aADAgECAgEDMAUGAytlcDAUMRIwEAYDVQQDDAlUZXN0IHJvb3QwIBcNMjAwMTAxMDAwMDAwWhgPMjEyMDAxMDEwMDAwMDBaMBMxETAPBgNVBAMMCHVwc3RyZWFtMCowBQYDK2VwAyEApUVBWZ0U0NRqURNqM6PVwvG4x8wVW0PzPTaMIJ3fO1CjczBxMAwGA1UdEwEB/wQCMAAwIQYDVR0RBBowGIIQcHJvdmlkZXIuZXhhbXBsZYcEfwAAAjAdBgNVHQ4EFgQUnNTA49pkMZiNqzXz6sLSreEPG1kwHwYDVR0jBBgwFoAUxXE8Pc5gN5RoEOHrO6bF8nUAeXowBQYDK2VwA0EAQEXJphk947Gszkq4+u4B2NSrPWBwT84fqFx8aVDs/m9kbfNxN4R6G9e9z9EWOp3pSC9+zsGkEScQaKocvZWYDQ==";
/// For `localhost` and 127.0.0.1, until the end of 2020.
pub(crate) const EXPIRED: &str = "MIIBQTCB9KADAgECAgEEMAUGAytlcDAUMRIwEAYDVQQDDAlUZXN0IHJvb3QwHhcNMjAwMTAxMDAwMDAwWhcNMjEwMTAxMDAwMDAwWjATMREwDwYDVQQDDAh1cHN0cmVhbTAqMAUGAytlcAMhAKVFQVmdFNDUalETajOj1cLxuMfMFVtD8z02jCCd3ztQo2wwajAMBgNVHRMBAf8EAjAAMBoGA1UdEQQTMBGHBH8AAAGCCWxvY2FsaG9zdDAdBgNVHQ4EFgQUnNTA49pkMZiNqzXz6sLSreEPG1kwHwYDVR0jBBgwFoAUxXE8Pc5gN5RoEOHrO6bF8nUAeXowBQYDK2VwA0EAvzSeGXkCbzpgw/C96JgKkQOh9vAvbwN65P66S7i8vMdorHSahVQKbZWiFqGfwMZJkQGGkL3ws7w2R6FGvpniBQ==";
/// For `localhost` and 127.0.0.1, signed by itself.
pub(crate) const SELF_SIGNED: (&str, &str) = (
    "MIIBWzCCAQ2gAwIBAgIUFxbQmH1lvACjJ2TNtGMcdBw2XE4wBQYDK2VwMBQxEjAQBgNVBAMMCWxvY2FsaG9zdDAgFw0yNjExMjIwMDQwMDNaGA8yMTI2MTAyOTAwNDAwM1owFDESMBAGA1UEAwwJbG9jYWxob3N0MCowBQYDK2VwAyEAxr7ddCKqEteA5UJkNNvVZp5XVBWvE2wvLxQC4nnSTGGjbzBtMB0GA1UdDgQWBBS1zjdKujzEmC6/Y/M3ZWR7rlOg2jAfBgNVHSMEGDAWgBS1zjdKujzEmC6/Y/M3ZWR7rlOg2jAPBgNVHRMBAf8EBTADAQH/MBoGA1UdEQQTMBGCCWxvY2FsaG9zdIcEfwAAATAFBgMrZXADQQD8xcbavg1GLy8gYRwgLjb8Q/RA+puMCHhxV2qxQJeTMeZDdygRYj3S9D0Mk3R4gbBOuHHT5i7xc/qvgCTr+50G",
    "MC4CAQAwBQYDK2VwBCIEIHPMFe5pFsEXh1ERGfJB1FSi2eAUBgz1H73TC9+UPK1O",
);

/// A certificate or key in its binary form.
pub(crate) fn decode(text: &str) -> Vec<u8> {
    STANDARD.decode(text).expect("base64")
}

/// A server that shows a certificate.
pub(crate) fn server_config(certificate: &str, key: &str) -> Arc<ServerConfig> {
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions of TLS")
        .with_no_client_auth()
        .with_single_cert(vec![CertificateDer::from(decode(certificate))], PrivatePkcs8KeyDer::from(decode(key)).into())
        .expect("the key fits the certificate");
    Arc::new(config)
}
