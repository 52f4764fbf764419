//! U10: an upstream that can not prove who it is gets nothing, above all not the secret.
//!
//! The certificates were made for this test. Their keys are public here, and nobody trusts their root but the client of this test; so
//! an expired one is refused for its date, and one of another host for its name, and not because its root is unknown.

use std::{
    io::{Read, Write},
    net::TcpListener,
    sync::Arc,
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use rustls::{
    ServerConfig, ServerConnection, StreamOwned,
    crypto::ring::default_provider,
    pki_types::{CertificateDer, PrivatePkcs8KeyDer},
};

use super::{CANARY, error, in_a_world, provider};
use crate::{
    domain::usage::Outcome,
    service::upstream::{AddressGuard, UpstreamClient},
    tests::support::people,
};

/// Signs the certificates below, from 2020 to 2120.
const ROOT: &str = "MIIBGjCBzaADAgECAgEBMAUGAytlcDAUMRIwEAYDVQQDDAlUZXN0IHJvb3QwIBcNMjAwMTAxMDAwMDAwWhgPMjEyMDAxMDEwMDAwMDBaMBQxEjAQBgNVBAMMCVRlc3Qgcm9vdDAqMAUGAytlcAMhAMHV+2K31aS8P8+iCW1b2e9dEHTPsr8FbxKWE4FGHUY2o0IwQDAPBgNVHRMBAf8EBTADAQH/MA4GA1UdDwEB/wQEAwICBDAdBgNVHQ4EFgQUxXE8Pc5gN5RoEOHrO6bF8nUAeXowBQYDK2VwA0EAx/AMiOPs3aTl/dj2bezYHlimUp4zoDzPpZ99wxfIlvRuv4msJ6O6mkOwROM/A/eT1dfyZQWIjH6O9ctXjRLmCA==";
/// The key of the certificates below.
const KEY: &str = "MC4CAQAwBQYDK2VwBCIEIM2Yu/yUvBLX+4QTnOC1cCQEwQf1g2aQh4UrEoRxnzg8";
/// For `localhost` and 127.0.0.1.
const GOOD: &str = "MIIBQzCB9qADAgECAgECMAUGAytlcDAUMRIwEAYDVQQDDAlUZXN0IHJvb3QwIBcNMjAwMTAxMDAwMDAwWhgPMjEyMDAxMDEwMDAwMDBaMBMxETAPBgNVBAMMCHVwc3RyZWFtMCowBQYDK2VwAyEApUVBWZ0U0NRqURNqM6PVwvG4x8wVW0PzPTaMIJ3fO1CjbDBqMAwGA1UdEwEB/wQCMAAwGgYDVR0RBBMwEYcEfwAAAYIJbG9jYWxob3N0MB0GA1UdDgQWBBSc1MDj2mQxmI2rNfPqwtKt4Q8bWTAfBgNVHSMEGDAWgBTFcTw9zmA3lGgQ4es7psXydQB5ejAFBgMrZXADQQArC2CjJUAVd0dr7boDvOsQMG5WCHWSEHGAhXbSMHapkIoYW7iZzoCb6i+6d/9vPYey3NcFDFAGTBaGAUuAXhkG";
/// For `provider.example` and 127.0.0.2.
const OF_ANOTHER_HOST: &str = "MIIBSjCB/aADAgECAgEDMAUGAytlcDAUMRIwEAYDVQQDDAlUZXN0IHJvb3QwIBcNMjAwMTAxMDAwMDAwWhgPMjEyMDAxMDEwMDAwMDBaMBMxETAPBgNVBAMMCHVwc3RyZWFtMCowBQYDK2VwAyEApUVBWZ0U0NRqURNqM6PVwvG4x8wVW0PzPTaMIJ3fO1CjczBxMAwGA1UdEwEB/wQCMAAwIQYDVR0RBBowGIIQcHJvdmlkZXIuZXhhbXBsZYcEfwAAAjAdBgNVHQ4EFgQUnNTA49pkMZiNqzXz6sLSreEPG1kwHwYDVR0jBBgwFoAUxXE8Pc5gN5RoEOHrO6bF8nUAeXowBQYDK2VwA0EAQEXJphk947Gszkq4+u4B2NSrPWBwT84fqFx8aVDs/m9kbfNxN4R6G9e9z9EWOp3pSC9+zsGkEScQaKocvZWYDQ==";
/// For `localhost` and 127.0.0.1, until the end of 2020.
const EXPIRED: &str = "MIIBQTCB9KADAgECAgEEMAUGAytlcDAUMRIwEAYDVQQDDAlUZXN0IHJvb3QwHhcNMjAwMTAxMDAwMDAwWhcNMjEwMTAxMDAwMDAwWjATMREwDwYDVQQDDAh1cHN0cmVhbTAqMAUGAytlcAMhAKVFQVmdFNDUalETajOj1cLxuMfMFVtD8z02jCCd3ztQo2wwajAMBgNVHRMBAf8EAjAAMBoGA1UdEQQTMBGHBH8AAAGCCWxvY2FsaG9zdDAdBgNVHQ4EFgQUnNTA49pkMZiNqzXz6sLSreEPG1kwHwYDVR0jBBgwFoAUxXE8Pc5gN5RoEOHrO6bF8nUAeXowBQYDK2VwA0EAvzSeGXkCbzpgw/C96JgKkQOh9vAvbwN65P66S7i8vMdorHSahVQKbZWiFqGfwMZJkQGGkL3ws7w2R6FGvpniBQ==";
/// For `localhost` and 127.0.0.1, signed by itself.
const SELF_SIGNED: (&str, &str) = (
    "MIIBWzCCAQ2gAwIBAgIUFxbQmH1lvACjJ2TNtGMcdBw2XE4wBQYDK2VwMBQxEjAQBgNVBAMMCWxvY2FsaG9zdDAgFw0yNjExMjIwMDQwMDNaGA8yMTI2MTAyOTAwNDAwM1owFDESMBAGA1UEAwwJbG9jYWxob3N0MCowBQYDK2VwAyEAxr7ddCKqEteA5UJkNNvVZp5XVBWvE2wvLxQC4nnSTGGjbzBtMB0GA1UdDgQWBBS1zjdKujzEmC6/Y/M3ZWR7rlOg2jAfBgNVHSMEGDAWgBS1zjdKujzEmC6/Y/M3ZWR7rlOg2jAPBgNVHRMBAf8EBTADAQH/MBoGA1UdEQQTMBGCCWxvY2FsaG9zdIcEfwAAATAFBgMrZXADQQD8xcbavg1GLy8gYRwgLjb8Q/RA+puMCHhxV2qxQJeTMeZDdygRYj3S9D0Mk3R4gbBOuHHT5i7xc/qvgCTr+50G",
    "MC4CAQAwBQYDK2VwBCIEIHPMFe5pFsEXh1ERGfJB1FSi2eAUBgz1H73TC9+UPK1O",
);

/// A certificate, its key, and what the gateway answers.
type Case = (&'static str, (&'static str, &'static str), Option<(u16, &'static str)>);

#[tokio::test]
async fn an_upstream_without_a_good_certificate_gets_nothing() {
    in_a_world(async |mut world| {
        let guard = AddressGuard::new(&["127.0.0.1".to_owned()]).unwrap();
        world.services.upstream = UpstreamClient::trusting(&decode(ROOT), guard, world.services.upstream.timeouts).unwrap();
        world.serve_anew().await;
        let refused = Some((502, "upstream_error"));
        let table: [Case; 4] = [
            ("good", (GOOD, KEY), None),
            ("of-another-host", (OF_ANOTHER_HOST, KEY), refused),
            ("expired", (EXPIRED, KEY), refused),
            ("self-signed", SELF_SIGNED, refused),
        ];
        for (name, (certificate, key), expected) in table {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let url = format!("https://{}", listener.local_addr().unwrap());
            let server = tokio::task::spawn_blocking(move || serve_once(&listener, certificate, key));
            world.services.create_provider(&world.maya, provider(name, &url)).await.unwrap();
            world.add_model(people::model(name, name)).await;
            let answer = world.ask(name, false).await;
            let heard = server.await.unwrap();
            match expected {
                None => {
                    assert_eq!(answer.status(), 200, "{name}: {heard}");
                    assert!(heard.contains(CANARY), "{name}: {heard}");
                }
                Some((status, code)) => {
                    assert_eq!(error(answer).await, (status, code.to_owned()), "{name}");
                    assert!(heard.contains("alert") && !heard.contains("POST"), "{name}: {heard}");
                }
            }
        }
        let calls = world.booked().await;
        assert_eq!(calls.len(), 4);
        for call in calls {
            let (outcome, is_free) =
                if call.model == "good" { (Outcome::Completed, false) } else { (Outcome::UpstreamError, true) };
            assert_eq!((call.outcome, call.cost == 0), (outcome, is_free), "{}", call.model);
        }
        world
    })
    .await;
}

fn decode(text: &str) -> Vec<u8> {
    STANDARD.decode(text).unwrap()
}

/// Offers the certificate to one client and answers its call; gives what the client said.
fn serve_once(listener: &TcpListener, certificate: &str, key: &str) -> String {
    let key = PrivatePkcs8KeyDer::from(decode(key));
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![CertificateDer::from(decode(certificate))], key.into())
        .unwrap();
    let (socket, _) = listener.accept().unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let mut stream = StreamOwned::new(ServerConnection::new(Arc::new(config)).unwrap(), socket);
    let mut heard = vec![];
    let mut piece = [0; 4096];
    while !heard.ends_with(b"}") {
        match stream.read(&mut piece) {
            Ok(0) => break,
            Ok(read) => heard.extend_from_slice(&piece[..read]),
            Err(refused) => return format!("{} {refused}", String::from_utf8_lossy(&heard)),
        }
    }
    let body =
        r#"{"choices":[{"message":{"content":"Hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":1}}"#;
    let head = format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n", body.len());
    stream.write_all(format!("{head}connection: close\r\n\r\n{body}").as_bytes()).unwrap();
    stream.flush().unwrap();
    String::from_utf8_lossy(&heard).into_owned()
}
