//! An upstream that can not prove who it is gets nothing, above all not the secret.

use std::{net::TcpListener, sync::Arc, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use rustls::{
    ServerConfig, ServerConnection,
    crypto::ring::default_provider,
    pki_types::{CertificateDer, PrivatePkcs8KeyDer},
};

use super::{error, in_a_world, provider};
use crate::{domain::usage::Outcome, tests::support::people};

/// For `localhost` and 127.0.0.1, signed by itself; made for this test and trusted by nobody.
const CERTIFICATE: &str = "MIIBWzCCAQ2gAwIBAgIUFxbQmH1lvACjJ2TNtGMcdBw2XE4wBQYDK2VwMBQxEjAQBgNVBAMMCWxvY2FsaG9zdDAgFw0yNjExMjIwMDQwMDNaGA8yMTI2MTAyOTAwNDAwM1owFDESMBAGA1UEAwwJbG9jYWxob3N0MCowBQYDK2VwAyEAxr7ddCKqEteA5UJkNNvVZp5XVBWvE2wvLxQC4nnSTGGjbzBtMB0GA1UdDgQWBBS1zjdKujzEmC6/Y/M3ZWR7rlOg2jAfBgNVHSMEGDAWgBS1zjdKujzEmC6/Y/M3ZWR7rlOg2jAPBgNVHRMBAf8EBTADAQH/MBoGA1UdEQQTMBGCCWxvY2FsaG9zdIcEfwAAATAFBgMrZXADQQD8xcbavg1GLy8gYRwgLjb8Q/RA+puMCHhxV2qxQJeTMeZDdygRYj3S9D0Mk3R4gbBOuHHT5i7xc/qvgCTr+50G";
const ITS_KEY: &str = "MC4CAQAwBQYDK2VwBCIEIHPMFe5pFsEXh1ERGfJB1FSi2eAUBgz1H73TC9+UPK1O";

#[tokio::test]
async fn an_upstream_that_certifies_itself_gets_nothing() {
    in_a_world(async |world| {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("https://{}", listener.local_addr().unwrap());
        let server = tokio::task::spawn_blocking(move || shake_hands(&listener));
        world.services.create_provider(&world.maya, provider("private", &url)).await.unwrap();
        world.add_model(people::model("secure", "private")).await;
        assert_eq!(error(world.ask("secure", false).await).await, (502, "upstream_error".into()));
        let heard = server.await.unwrap();
        assert!(heard.contains("alert"), "{heard}");
        let call = world.only_call().await;
        assert_eq!((call.outcome, call.cost), (Outcome::UpstreamError, 0));
        world
    })
    .await;
}

/// Offers the certificate to one client; answers with what the client said to it.
fn shake_hands(listener: &TcpListener) -> String {
    let decode = |text| STANDARD.decode(text).unwrap();
    let key = PrivatePkcs8KeyDer::from(decode(ITS_KEY));
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![CertificateDer::from(decode(CERTIFICATE))], key.into())
        .unwrap();
    let (mut socket, _) = listener.accept().unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let mut connection = ServerConnection::new(Arc::new(config)).unwrap();
    while connection.is_handshaking() {
        if let Err(refused) = connection.complete_io(&mut socket) {
            return refused.to_string();
        }
    }
    match connection.complete_io(&mut socket) {
        Err(refused) => refused.to_string(),
        Ok(_) => "accepted".into(),
    }
}
