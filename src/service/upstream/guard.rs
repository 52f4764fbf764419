//! Which addresses calls may go to: public ones, and what the operator put on the allowlist. Asked three times: for the typed
//! address when a provider is saved, for literals before each call, and for what a name resolves to when a connection is made.
//! (Redirects are never followed.)

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;
use url::{Host, Url};

/// The rule, compiled from the operator's allowlist.
#[derive(Clone, Debug, Default)]
pub struct AddressGuard {
    networks: Vec<IpNet>,
    /// Host names, lower case, without a dot at the end, with the port where the entry names one.
    names: Vec<(String, Option<u16>)>,
    /// Single addresses with a port.
    sockets: Vec<(IpAddr, u16)>,
}

impl AddressGuard {
    /// Reads entries such as `10.0.0.0/8`, `127.0.0.1`, `127.0.0.1:11434`, `ollama.internal` or `localhost:8000`.
    pub fn new(entries: &[String]) -> Result<Self, String> {
        let mut guard = Self::default();
        for entry in entries.iter().map(|entry| entry.trim()).filter(|entry| !entry.is_empty()) {
            guard.add(entry).ok_or_else(|| format!("“{entry}” is neither a host, an address nor a network"))?;
        }
        Ok(guard)
    }

    fn add(&mut self, entry: &str) -> Option<()> {
        if let Ok(network) = entry.parse::<IpNet>() {
            self.networks.push(network);
        } else if let Ok(address) = entry.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>() {
            self.networks.push(address.into());
        } else if let Ok(socket) = entry.parse::<std::net::SocketAddr>() {
            self.sockets.push((socket.ip(), socket.port()));
        } else {
            let (name, port) = match entry.rsplit_once(':') {
                Some((name, port)) => (name, Some(port.parse().ok()?)),
                None => (entry, None),
            };
            match Host::parse(name).ok()? {
                Host::Domain(domain) => self.names.push((plain_name(&domain), port)),
                Host::Ipv4(address) => self.add_address(address.into(), port),
                Host::Ipv6(address) => self.add_address(address.into(), port),
            }
        }
        Some(())
    }

    fn add_address(&mut self, address: IpAddr, port: Option<u16>) {
        match port {
            Some(port) => self.sockets.push((address, port)),
            None => self.networks.push(address.into()),
        }
    }

    /// Reads a provider's address, as typed. The answer has no slash at the end.
    pub fn check_base_url(&self, typed: &str) -> Result<String, String> {
        let typed = typed.trim();
        // The URL parser repairs these; what needs repair is refused instead.
        if typed.contains(['\\', '@', '#', '?']) || typed.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err("Leave out blanks, user names, passwords, \\, ? and #.".into());
        }
        let url = Url::parse(typed).map_err(|_| "Enter an address such as https://api.provider.example/v1.".to_owned())?;
        if !matches!(url.scheme(), "https" | "http") || !typed.to_ascii_lowercase().contains("://") {
            return Err("Use an address that begins with https://.".into());
        }
        self.check_url(&url)?;
        Ok(url.as_str().trim_end_matches('/').to_owned())
    }

    /// Whether calls may go to this address, as far as can be told without resolving its name.
    pub fn check_url(&self, url: &Url) -> Result<(), String> {
        let port = url.port_or_known_default().unwrap_or(0);
        let listed = match url.host() {
            None => return Err("Enter an address with a host, such as https://api.provider.example/v1.".into()),
            Some(Host::Ipv4(address)) => self.check_literal(address.into(), port)?,
            Some(Host::Ipv6(address)) => self.check_literal(address.into(), port)?,
            Some(Host::Domain(name)) => {
                let listed = self.lists_name(name, Some(port));
                if !listed && is_local_name(name) {
                    return Err(not_public(name));
                }
                listed
            }
        };
        if url.scheme() != "https" && !listed {
            return Err(
                "Use https://. Plain http:// is for hosts that the operator allows with TALLYGATE_ALLOWED_UPSTREAMS.".into()
            );
        }
        Ok(())
    }

    /// Whether a connection may be made to what a name resolved to. Names on the list may resolve to anything.
    pub fn allows_resolved(&self, name: &str, address: IpAddr) -> bool {
        // Entries with a port open that address alone, typed as it is: here the port is not known.
        let in_network = || self.networks.iter().any(|network| network.contains(&address.to_canonical()));
        is_public(address) || self.lists_name(name, None) || in_network()
    }

    fn check_literal(&self, address: IpAddr, port: u16) -> Result<bool, String> {
        let listed = self.lists_address(address, port);
        if listed || is_public(address) { Ok(listed) } else { Err(not_public(&address.to_string())) }
    }

    fn lists_address(&self, address: IpAddr, port: u16) -> bool {
        let address = address.to_canonical();
        self.networks.iter().any(|network| network.contains(&address)) || self.sockets.contains(&(address, port))
    }

    /// Without a port (the resolver is not told one) an entry for any port counts: the port was checked with the address.
    fn lists_name(&self, name: &str, port: Option<u16>) -> bool {
        let name = plain_name(name);
        self.names.iter().any(|(listed, p)| *listed == name && (p.is_none() || port.is_none() || *p == port))
    }
}

fn not_public(host: &str) -> String {
    format!("{host} is not a public address. The operator can allow it with TALLYGATE_ALLOWED_UPSTREAMS.")
}

fn plain_name(name: &str) -> String {
    name.trim_end_matches('.').to_ascii_lowercase()
}

fn is_local_name(name: &str) -> bool {
    let name = plain_name(name);
    name.is_empty() || name == "localhost" || name.ends_with(".localhost")
}

/// Whether an address is somebody's on the public internet.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

fn is_public_v4(v4: Ipv4Addr) -> bool {
    let [a, b, c, _] = v4.octets();
    let special = a == 0
        || (a == 100 && (64..128).contains(&b)) // carrier-grade NAT
        || (a == 192 && b == 0 && c == 0) // IETF protocols
        || (a == 192 && b == 88 && c == 99) // 6to4 relays
        || (a == 198 && (b == 18 || b == 19)) // benchmarks
        || a >= 240; // reserved, broadcast
    !(special || v4.is_loopback() || v4.is_private() || v4.is_link_local() || v4.is_multicast() || v4.is_documentation())
}

fn is_public_v6(v6: Ipv6Addr) -> bool {
    let part = v6.segments();
    let embedded = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        is_public_v4(Ipv4Addr::new(a, b, c, d))
    };
    match part {
        // IPv4-mapped, and NAT64 of a known prefix: what counts is the address inside.
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => embedded(high, low),
        [0x2002, high, low, ..] => embedded(high, low),
        // 2000::/3 is all that is handed out; the rest is loopback, unspecified, ULA, link-local, site-local, multicast, reserved.
        [first, ..] if !(0x2000..0x4000).contains(&first) => false,
        // 2001::/23 holds Teredo, ORCHID and benchmarks; 2001:db8::/32 and 3fff::/20 are for documents.
        [0x2001, second, ..] => second >= 0x200 && second != 0xdb8,
        [0x3fff, second, ..] => second >= 0x1000,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guard(entries: &[&str]) -> AddressGuard {
        AddressGuard::new(&entries.iter().map(ToString::to_string).collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn addresses_inside_are_refused_however_they_are_written() {
        let guard = guard(&[]);
        for host in [
            "127.1",
            "0x7f.1",
            "2130706433",
            "0",
            "0177.0.0.1",
            "[::]",
            "[::1]",
            "[::ffff:127.0.0.1]",
            "[::ffff:a00:1]",
            "169.254.169.254",
            "[fd00::1]",
            "[fe80::1]",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "100.64.0.1",
            "localhost",
            "localhost.",
            "LOCALHOST",
            "a.localhost",
            "a@127.0.0.1",
            "x#@127.0.0.1",
            "127.0.0.1\\.evil.test",
            "[64:ff9b::7f00:1]",
            "[2002:7f00:1::]",
            "224.0.0.1",
            "255.255.255.255",
            "[ff02::1]",
            "[::127.0.0.1]",
            "[2001:db8::1]",
            "１２７.0.0.1",
            "[fec0::1]",
            "[100::1]",
        ] {
            assert!(guard.check_base_url(&format!("https://{host}/v1")).is_err(), "{host}");
        }
        for bad in [
            "file:///etc/passwd",
            "gopher://a.example",
            "unix:/run/x",
            "http://api.example.com",
            "https:api.example.com",
            "",
            "https://",
        ] {
            assert!(guard.check_base_url(bad).is_err(), "{bad}");
        }
        assert_eq!(guard.check_base_url(" https://API.openai.com/v1/ ").as_deref(), Ok("https://api.openai.com/v1"));
        assert!(guard.check_base_url("https://8.8.8.8/v1").is_ok());
        assert!(guard.check_base_url("https://[2606:4700::1111]/v1").is_ok());
    }

    #[test]
    fn the_operators_list_opens_exactly_what_it_names() {
        let guard = guard(&["127.0.0.1:11434", "10.1.0.0/16", "ollama.internal", "vllm:8000", "[::1]"]);
        for good in [
            "http://127.0.0.1:11434/v1",
            "http://10.1.2.3/v1",
            "http://ollama.internal:9/v1",
            "http://vllm:8000",
            "http://[::1]:5/v1",
        ] {
            assert!(guard.check_base_url(good).is_ok(), "{good}: {:?}", guard.check_base_url(good));
        }
        for bad in ["http://127.0.0.1:11435", "http://10.2.0.1", "http://vllm:8001", "http://other.internal"] {
            assert!(guard.check_base_url(bad).is_err(), "{bad}");
        }
        assert!(guard.allows_resolved("ollama.internal", "192.168.0.9".parse().unwrap()));
        assert!(guard.allows_resolved("rebind.example", "10.1.9.9".parse().unwrap()));
        assert!(!guard.allows_resolved("rebind.example", "127.0.0.1".parse().unwrap()), "that entry is for one port");
        assert!(!guard.allows_resolved("rebind.example", "192.168.0.9".parse().unwrap()));
        assert!(AddressGuard::new(&["10.0.0.0/99".into()]).is_err());
    }
}
