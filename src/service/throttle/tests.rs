use super::*;

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn wait(result: Result<LoginAttempt, ServiceError>) -> i64 {
    match result {
        Ok(_) => 0,
        Err(ServiceError::TooManyAttempts(seconds)) => seconds,
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn an_account_rests_from_the_sixth_failure_whatever_the_address() {
    let throttles = Throttles::default();
    let mut now = UnixMs(1_000_000);
    let waits: Vec<i64> = (0..8).map(|i| wait(throttles.begin_login("a@x.example", ip(&format!("192.0.2.{i}")), now))).collect();
    assert_eq!(waits, [0, 0, 0, 0, 0, 1, 1, 1]);
    for pause in [1, 2, 4, 8, 16, 32, 60, 60] {
        assert_eq!(wait(throttles.begin_login("a@x.example", ip("198.51.100.1"), now)), pause);
        now = now.plus(pause * SECOND_MS);
        assert_eq!(wait(throttles.begin_login("a@x.example", ip("198.51.100.1"), now)), 0, "after {pause} s");
    }
    assert_eq!(wait(throttles.begin_login("b@x.example", ip("198.51.100.2"), now)), 0, "others are free");
}

#[test]
fn a_success_forgets_the_failures() {
    let throttles = Throttles::default();
    let now = UnixMs(0);
    for _ in 0..4 {
        let _ = throttles.begin_login("a@x.example", ip("192.0.2.1"), now).unwrap();
    }
    throttles.begin_login("a@x.example", ip("192.0.2.1"), now).unwrap().succeed();
    assert_eq!(wait(throttles.begin_login("a@x.example", ip("192.0.2.1"), now)), 0);
}

#[test]
fn a_known_browser_waits_for_its_own_failures_alone() {
    let throttles = Throttles::default();
    let now = UnixMs(0);
    for i in 0..5 {
        assert_eq!(wait(throttles.begin_login("a@x.example", ip(&format!("192.0.2.{i}")), now)), 0);
    }
    let home = ip("198.51.100.1");
    assert_eq!(wait(throttles.begin_login("a@x.example", home, now)), 1);
    throttles.begin_known_login("mine", "a@x.example", home, now).unwrap().succeed();
    assert_eq!(wait(throttles.begin_login("a@x.example", home, now)), 1, "which frees no stranger");
    for _ in 0..5 {
        assert_eq!(wait(throttles.begin_known_login("mine", "a@x.example", home, now)), 0);
    }
    assert_eq!(wait(throttles.begin_known_login("mine", "a@x.example", home, now)), 1);
    assert_eq!(wait(throttles.begin_known_login("other", "a@x.example", home, now)), 0);
}

#[test]
fn an_account_is_tried_at_most_a_hundred_times_a_day() {
    let throttles = Throttles::default();
    let mut now = UnixMs(0);
    for i in 0..100 {
        assert_eq!(wait(throttles.begin_login("a@x.example", ip(&format!("192.0.2.{i}")), now)), 0, "{i}");
        now = now.plus(MINUTE_MS);
    }
    assert!(wait(throttles.begin_login("a@x.example", ip("198.51.100.1"), now)) > 3_600);
}

#[test]
fn one_address_tries_twenty_a_minute_and_a_network_is_one_address() {
    let throttles = Throttles::default();
    let now = UnixMs(0);
    for i in 0..20 {
        let address = ip("::1");
        assert_eq!(wait(throttles.begin_login(&format!("{i}@x.example"), address, now)), 0);
    }
    assert_eq!(wait(throttles.begin_login("new@x.example", ip("::1"), now)), 60);
    assert_eq!(wait(throttles.begin_login("new@x.example", ip("127.0.0.1"), now)), 0);
    assert_eq!(network(ip("2001:db8:1:2:3:4:5:6")), ip("2001:db8:1:2::"));
    assert_eq!(network(ip("::ffff:192.0.2.7")), ip("192.0.2.7"));
}

#[test]
fn many_accounts_from_one_address_close_it_for_a_day() {
    let throttles = Throttles::default();
    let mut now = UnixMs(0);
    let mut refused = 0;
    for i in 0..60 {
        refused += usize::from(wait(throttles.begin_login(&format!("{i}@x.example"), ip("192.0.2.1"), now)) > 0);
        now = now.plus(SECOND_MS);
    }
    assert_eq!(refused, 45);
    now = now.plus(23 * HOUR_MS);
    assert!(wait(throttles.begin_login("x@x.example", ip("192.0.2.1"), now)) > 0);
    assert_eq!(wait(throttles.begin_login("x@x.example", ip("192.0.2.2"), now)), 0);
    now = now.plus(HOUR_MS);
    assert_eq!(wait(throttles.begin_login("x@x.example", ip("192.0.2.1"), now)), 0);
}

#[test]
fn resets_and_sign_ups_have_their_own_counts() {
    let throttles = Throttles::default();
    let now = UnixMs(0);
    for _ in 0..3 {
        throttles.count_reset("a@x.example", ip("192.0.2.1"), now).unwrap();
    }
    assert!(throttles.count_reset("a@x.example", ip("192.0.2.2"), now).is_err());
    assert!(throttles.count_reset("a@x.example", ip("192.0.2.2"), now.plus(HOUR_MS)).is_ok());
    for i in 0..5 {
        throttles.count_sign_up(&format!("{i}@x.example"), ip("192.0.2.1"), false, now).unwrap();
    }
    assert!(throttles.count_sign_up("6@x.example", ip("192.0.2.1"), false, now).is_err());
    assert!(throttles.count_sign_up("6@x.example", ip("192.0.2.1"), true, now).is_ok());
}

#[test]
fn memory_is_bounded() {
    let throttles = Throttles::default();
    for i in 0..60_000_u32 {
        let address = IpAddr::V4(std::net::Ipv4Addr::from_bits(0x0a00_0000 + i));
        let _ = throttles.begin_login(&format!("{i}@x.example"), address, UnixMs(i64::from(i)));
    }
    assert!(throttles.entries.lock().unwrap().len() <= MOST_ENTRIES + 2);
}
