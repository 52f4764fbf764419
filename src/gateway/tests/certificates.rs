//! U10: an upstream that can not prove who it is gets nothing, above all not the secret.

use std::{
    io::{Read, Write},
    net::TcpListener,
    time::Duration,
};

use rustls::{ServerConnection, StreamOwned};

use super::{CANARY, error, in_a_world, provider};
use crate::{
    domain::usage::Outcome,
    service::upstream::{AddressGuard, UpstreamClient},
    tests::support::{
        certificates::{EXPIRED, GOOD, KEY, OF_ANOTHER_HOST, ROOT, SELF_SIGNED, decode, server_config},
        people,
    },
};

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

/// Offers the certificate to one client and answers its call; gives what the client said.
fn serve_once(listener: &TcpListener, certificate: &str, key: &str) -> String {
    let config = server_config(certificate, key);
    let (socket, _) = listener.accept().unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let mut stream = StreamOwned::new(ServerConnection::new(config).unwrap(), socket);
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
