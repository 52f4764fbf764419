//! The management API's rows: door, address where it is not the door's own, body, letters.

use std::collections::BTreeSet;

/// Order of the letters: anonymous, stranger, viewer, member, admin, owner, organization admin, platform admin.
#[rustfmt::skip]
pub(super) const ROWS: &[(&str, &str, &str, &str)] = &[
    ("POST /auth/signup", "", r#"{"email":"new@x.example","password":"short"}"#, "cccccccc"),
    ("POST /auth/login", "", r#"{"email":"nobody@x.example","password":"not the password"}"#, "ssssssss"),
    ("POST /auth/logout", "", "{}", "oooooooo"),
    ("GET /me", "", "", "sooooooo"),
    ("PATCH /me", "", r#"{"name":""}"#, "sccccccc"),
    ("DELETE /me", "", r#"{"confirm":"nobody","password":"not the password"}"#, "sccccccc"),
    ("POST /me/email", "", r#"{"email":"nonsense","password":"not the password"}"#, "sccccccc"),
    ("POST /me/password", "", r#"{"current_password":"not the password","password":"short"}"#, "sccccccc"),
    ("GET /me/sessions", "", "", "sooooooo"),
    ("DELETE /me/sessions", "", "", "sooooooo"),
    ("DELETE /me/sessions/{session}", "/me/sessions/{nothing}", "", "snnnnnnn"),
    ("GET /me/invitations", "", "", "sooooooo"),
    ("POST /me/invitations/{invitation}/accept", "/me/invitations/{nothing}/accept", "{}", "snnnnnnn"),
    ("POST /me/invitations/{invitation}/decline", "/me/invitations/{nothing}/decline", "{}", "snnnnnnn"),
    ("GET /me/tokens", "", "", "sooooooo"),
    ("POST /me/tokens", "", r#"{"name":"t","scope":"read"}"#, "sooooooo"),
    ("DELETE /me/tokens/{token}", "/me/tokens/{nothing}", "", "snnnnnnn"),

    ("GET /organizations", "", "", "sooooooo"),
    ("POST /organizations", "", r#"{"name":"Southwind"}"#, "snnnnnno"),
    ("GET /organizations/{org}", "", "", "snoooooo"),
    ("PATCH /organizations/{org}", "", r#"{"members_create_teams":false}"#, "snffffoo"),
    ("GET /organizations/{org}/members", "", "", "snffffoo"),
    ("POST /organizations/{org}/members", "", r#"{"email":"nobody@x.example","role":"member"}"#, "snffffcc"),
    ("PATCH /organizations/{org}/members/{user}", "", r#"{"role":"member"}"#, "snffffoo"),
    ("DELETE /organizations/{org}/members/{user}", "", "", "snffffcc"),
    ("GET /organizations/{org}/audit", "", "", "snffffoo"),
    ("GET /organizations/{org}/audit.csv", "", "", "snffffoo"),
    ("PUT /organizations/{org}/models/{model}", "", r#"{"state":"open"}"#, "snffffoo"),
    ("GET /organizations/{org}/models", "", "", "snffffoo"),
    ("PUT /organizations/{org}/models", "", r#"{"tier":"general","state":"open"}"#, "snffffoo"),
    ("GET /organizations/{org}/reviews", "", "", "snffffoo"),
    ("POST /organizations/{org}/reviews/{review}", "/organizations/{org}/reviews/{nothing}", r#"{"state":"open"}"#, "snffffnn"),
    ("GET /organizations/{org}/groups", "", "", "snffffoo"),
    ("POST /organizations/{org}/groups", "", r#"{"name":""}"#, "snffffcc"),
    ("PUT /organizations/{org}/groups/{group}", "/organizations/{org}/groups/{nothing}", r#"{"name":"g"}"#, "snffffnn"),
    ("DELETE /organizations/{org}/groups/{group}", "/organizations/{org}/groups/{nothing}", "", "snffffnn"),
    ("POST /organizations/{org}/access", "", r#"{"teams":["{team}"],"access":{"mode":"inherit"},"preview":true}"#, "snffffoo"),

    ("GET /teams/{team}/access", "", "", "snoooooo"),
    ("PUT /teams/{team}/access", "", r#"{"mode":"inherit"}"#, "snffoooo"),
    ("POST /teams/{team}/access/preview", "", r#"{"mode":"restrict","models":{}}"#, "snffoooo"),
    ("GET /teams/{team}/access/grants", "", "", "snoooooo"),
    ("POST /teams/{team}/access/grants", "", r#"{"model":"no such model"}"#, "snffcccc"),
    ("DELETE /teams/{team}/access/grants/{grant}", "/teams/{team}/access/grants/{nothing}", "", "snffnnnn"),
    ("GET /teams/{team}/access/requests", "", "", "snfooooo"),
    ("POST /teams/{team}/access/requests", "", r#"{"model":"no such model","reason":"x"}"#, "snfcccff"),
    ("DELETE /teams/{team}/access/requests/{request}", "/teams/{team}/access/requests/{nothing}", "", "snnnnnnn"),
    ("POST /teams/{team}/access/requests/{request}/decision", "/teams/{team}/access/requests/{nothing}/decision", r#"{"approve":true}"#, "snffnnnn"),
    ("GET /organizations/{org}/requests", "", "", "snffffoo"),
    ("POST /organizations/{org}/requests/{request}/decision", "/organizations/{org}/requests/{nothing}/decision", r#"{"approve":true}"#, "snffffnn"),
    ("GET /access/requests", "", "", "sooooooo"),
    ("GET /policy/explain", "/policy/explain?team={team}&model=labs/chat&member={user}", "", "snnnoooo"),
    ("GET /catalog/groups", "", "", "snnnnnno"),
    ("POST /catalog/groups", "", r#"{"name":""}"#, "snnnnnnc"),
    ("PUT /catalog/groups/{group}", "/catalog/groups/{nothing}", r#"{"name":"g"}"#, "snnnnnnn"),
    ("DELETE /catalog/groups/{group}", "/catalog/groups/{nothing}", "", "snnnnnnn"),

    ("GET /teams", "", "", "sooooooo"),
    ("POST /teams", "", r#"{"name":"Side","organization":"northwind-labs"}"#, "scffffoo"),
    ("GET /teams/{team}", "", "", "snoooooo"),
    ("PATCH /teams/{team}", "", r#"{"self_service":true}"#, "snffoooo"),
    ("DELETE /teams/{team}", "", r#"{"confirm_name":"another name"}"#, "snfffcff"),

    ("GET /teams/{team}/billing", "", "", "snffoooo"),
    ("PUT /teams/{team}/billing", "", r#"{"plan":"no such plan"}"#, "snfffcfc"),
    ("DELETE /teams/{team}/billing/request", "", "", "snfffnfn"),
    ("POST /teams/{team}/adjustments", "", r#"{"amount":0,"reason":"x"}"#, "snnnnnnc"),
    ("PUT /teams/{team}/discount", "", r#"{"discount_bp":0}"#, "snnnnnno"),
    ("GET /teams/{team}/ledger", "", "", "snffoooo"),
    ("GET /teams/{team}/ledger.csv", "", "", "snffoooo"),
    ("GET /teams/{team}/ledger/{line}/models", "/teams/{team}/ledger/1/models", "", "snffnnnn"),
    ("GET /teams/{team}/statements", "", "", "snffoooo"),
    ("GET /teams/{team}/statements/{start}", "/teams/{team}/statements/1", "", "snffnnnn"),
    ("GET /teams/{team}/statements/{start}/statement.csv", "/teams/{team}/statements/1/statement.csv", "", "snffnnnn"),
    ("GET /billing/requests", "", "", "snnnnnno"),
    ("POST /billing/requests/{request}/decision", "/billing/requests/{nothing}/decision", r#"{"approve":true}"#, "snnnnnnc"),
    ("GET /catalog/plans", "", "", "sooooooo"),
    ("POST /catalog/plans", "", r#"{"name":""}"#, "snnnnnnc"),
    ("PATCH /catalog/plans/{plan}", "/catalog/plans/{nothing}", "{}", "snnnnnnn"),

    ("GET /teams/{team}/members", "", "", "snoooooo"),
    ("PATCH /teams/{team}/members/{user}", "", r#"{"role":"viewer"}"#, "snffooof"),
    ("DELETE /teams/{team}/members/{user}", "", "", "snffooof"),
    ("GET /teams/{team}/members/{user}/removal", "", "", "snffooof"),
    ("POST /teams/{team}/transfer", "", r#"{"to":"{user}","confirm_name":"another name"}"#, "snfffcff"),
    ("POST /teams/{team}/leave", "", "{}", "snoooccc"),

    ("GET /teams/{team}/invitations", "", "", "snffooof"),
    ("POST /teams/{team}/invitations", "", r#"{"email":"nonsense","role":"member"}"#, "snffcccf"),
    ("DELETE /teams/{team}/invitations/{invitation}", "", "", "snffcccf"),
    ("POST /teams/{team}/invitations/{invitation}/resend", "", "", "snffcccf"),
    ("POST /teams/{team}/invitations/{invitation}/link", "", "", "snffcccf"),
    ("GET /invitations/{token}", "/invitations/{link}", "", "oooooooo"),
    ("POST /invitations/{token}/accept", "/invitations/{link}/accept", "{}", "sfffffff"),
    ("POST /invitations/{token}/decline", "/invitations/{link}/decline", "{}", "offfffff"),
    ("POST /invitations/{token}/ask", "/invitations/{link}/ask", "{}", "cccccccc"),

    ("GET /teams/{team}/keys", "", "", "snfooooo"),
    ("POST /teams/{team}/keys", "", r#"{"name":"k"}"#, "snfoooff"),
    ("PATCH /teams/{team}/keys/{key}", "", r#"{"name":"renamed"}"#, "snnnooff"),
    ("DELETE /teams/{team}/keys/{key}", "", "", "snnnoofo"),
    ("POST /teams/{team}/keys/{key}/rotate", "", "", "snnnooff"),

    ("GET /teams/{team}/limits", "", "", "snoooooo"),
    ("PUT /teams/{team}/limits", "", r#"{"rpm":600}"#, "snffoooo"),
    ("GET /teams/{team}/caps", "", "", "snoooooo"),
    ("PUT /teams/{team}/caps/models/{model}", "", r#"{"rpm":60}"#, "snffoooo"),
    ("GET /teams/{team}/budget", "", "", "snoooooo"),
    ("PUT /teams/{team}/budget", "", r#"{"spending_limit":1000000000}"#, "snfffofo"),
    ("GET /teams/{team}/budget/requests", "", "", "snfooooo"),
    ("POST /teams/{team}/budget/requests", "", r#"{"amount":-1,"reason":"r"}"#, "snfcccff"),
    ("DELETE /teams/{team}/budget/requests/{request}", "/teams/{team}/budget/requests/{nothing}", "", "snnnnnnn"),
    ("POST /teams/{team}/budget/requests/{request}/decision", "/teams/{team}/budget/requests/{nothing}/decision", r#"{"approve":true}"#, "snffnnnn"),
    ("GET /teams/{team}/self-service", "", "", "snffoooo"),
    ("PUT /teams/{team}/self-service", "", r#"{"enabled":true}"#, "snffoooo"),
    ("GET /organizations/{org}/limits", "", "", "snffffoo"),
    ("PUT /organizations/{org}/limits", "", r#"{"rpm":6000}"#, "snffffoo"),

    ("GET /teams/{team}/audit", "", "", "snffoooo"),
    ("GET /teams/{team}/audit.csv", "", "", "snffoooo"),
    ("POST /teams/{team}/recover", "", r#"{"to":"{nothing}","reason":"The owner left."}"#, "snnnnnnc"),

    ("GET /teams/{team}/usage", "", "", "snoooooo"),
    ("GET /teams/{team}/usage/members", "", "", "snffoooo"),
    ("GET /teams/{team}/usage/me", "", "", "snfooooo"),
    ("GET /organizations/{org}/usage", "", "", "snffffoo"),
    ("GET /usage", "", "", "snnnnnno"),
    ("GET /teams/{team}/usage.csv", "", "", "snoooooo"),
    ("GET /organizations/{org}/usage.csv", "", "", "snffffoo"),
    ("GET /usage.csv", "", "", "snnnnnno"),
    ("GET /teams/{team}/usage/ranking.csv", "", "", "snffoooo"),
    ("GET /organizations/{org}/usage/ranking.csv", "", "", "snffffoo"),
    ("GET /usage/ranking.csv", "", "", "snnnnnno"),
    ("GET /teams/{team}/logs", "", "", "snfooooo"),
    ("GET /teams/{team}/logs.csv", "", "", "snfooooo"),
    ("GET /teams/{team}/logs.ndjson", "", "", "snfooooo"),
    ("GET /teams/{team}/logs/{call}", "/teams/{team}/logs/{nothing}", "", "snfnnnnn"),

    ("GET /audit", "", "", "snnnnnno"),
    ("GET /audit.csv", "", "", "snnnnnno"),
    ("GET /users", "", "", "snnnnnno"),
    ("GET /users/{user}", "", "", "snnnnnno"),
    ("PATCH /users/{user}", "", r#"{"platform_admin":false}"#, "snnnnnno"),
    ("DELETE /users/{user}/sessions", "", "", "snnnnnno"),
    ("POST /users/{user}/password-reset", "", "", "snnnnnno"),
    ("GET /platform/settings", "", "", "snnnnnno"),
    ("PATCH /platform/settings", "", r#"{"personal_models":"none"}"#, "snnnnnno"),
    ("GET /platform/mails", "", "", "snnnnnno"),
    ("POST /platform/mails/retry", "", "", "snnnnnno"),

    ("GET /catalog/providers", "", "", "snnnnnno"),
    ("POST /catalog/providers", "", r#"{"name":"sim","kind":"simulated"}"#, "snnnnnnc"),
    ("GET /catalog/providers/{provider}", "", "", "snnnnnno"),
    ("PATCH /catalog/providers/{provider}", "", r#"{"name":"sim"}"#, "snnnnnno"),
    ("DELETE /catalog/providers/{provider}", "", "", "snnnnnnc"),
    ("POST /catalog/providers/{provider}/test", "", "", "snnnnnno"),
    ("GET /catalog/models", "", "", "snnnnnno"),
    ("POST /catalog/models", "", r#"{"name":"","tier":"general","context_window":1,"max_output":1,"deployments":[]}"#, "snnnnnnc"),
    ("GET /catalog/models/{model}", "", "", "snnnnnno"),
    ("PATCH /catalog/models/{model}", "", r#"{"restricted":false}"#, "snnnnnno"),
    ("DELETE /catalog/models/{model}", "/catalog/models/no-such-model", "", "snnnnnnn"),
    ("GET /catalog/prices/{model}", "", "", "snnnnnno"),
    ("POST /catalog/prices/{model}", "", r#"{"input_price":1}"#, "snnnnnno"),
    ("POST /catalog/price-lists", "", r#"{"price_list":{"m":{}}}"#, "snnnnnno"),
    ("GET /catalog/price-lists/{list}", "/catalog/price-lists/{nothing}", "", "snnnnnnn"),
    ("POST /catalog/price-lists/{list}/apply", "/catalog/price-lists/{nothing}/apply", r#"{"models":["m"]}"#, "snnnnnnn"),
    ("GET /catalog/settings", "", "", "snnnnnno"),
    ("PUT /catalog/settings", "", r#"{"restricted_above":null}"#, "snnnnnno"),
];

/// The routes that the router has, read from its source: what it serves must be described.
pub(super) fn served() -> BTreeSet<String> {
    let source = include_str!("../../api/mod.rs");
    let mut doors = BTreeSet::new();
    for route in source.split(".route(").skip(1) {
        let mut quoted = route.split('"');
        let path = quoted.nth(1).expect("a route has a path").replace("{*", "{");
        let handlers = quoted.collect::<Vec<_>>().join("\"");
        let handlers = handlers.split("\n        .").next().unwrap_or_default();
        for method in ["get", "post", "put", "patch", "delete"] {
            let called = |before: char| handlers.contains(&format!("{before}{method}("));
            if [' ', '.', ':', '\n'].into_iter().any(called) {
                doors.insert(format!("{} {path}", method.to_uppercase()));
            }
        }
    }
    // The document and its page describe themselves; neither needs anybody.
    doors.remove("GET /openapi.json");
    doors.remove("GET /api/docs");
    doors
}
