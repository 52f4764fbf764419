//! The server functions' rows: name, form, letters.

use std::collections::BTreeSet;

use leptos::server_fn::axum::server_fn_paths;

/// Order of the letters: anonymous, stranger, viewer, member, admin, owner, organization admin, platform admin.
#[rustfmt::skip]
pub(super) const ROWS: &[(&str, &str, &str)] = &[
    // Around signing in: open to everybody.
    ("get_visitor", "guarded=false", "oooooooo"),
    ("get_standing", "", "oooooooo"),
    ("get_door", "", "oooooooo"),
    ("log_in", "email=nobody@x.example&password=not+the+password", "ssssssss"),
    ("log_out", "", "oooooooo"),
    ("sign_up", "email=new@x.example&password=short", "cccccccc"),
    ("finish_sign_up", "password=short", "cccccccc"),
    ("forgot_password", "email=nonsense", "cccccccc"),
    ("reset_password", "password=short", "cccccccc"),
    ("confirm_email", "", "cccccccc"),
    ("get_mailed_link", "page=reset", "oooooooo"),
    ("set_theme", "theme=dark", "oooooooo"),

    // One's own account.
    ("get_account", "", "sooooooo"),
    ("change_name", "name=", "sccccccc"),
    ("change_password", "current_password=x&password=y", "sccccccc"),
    ("change_email", "email=nonsense&email_password=not+the+password", "sccccccc"),
    ("end_session", "id={nothing}", "snnnnnnn"),
    ("end_other_sessions", "", "sooooooo"),
    ("delete_account", "confirm=nobody&password=not+the+password", "sccccccc"),
    ("resend_confirmation", "", "sccccccc"),
    ("create_token", "name=t&scope=read", "sooooooo"),
    ("revoke_token", "id={nothing}", "snnnnnnn"),

    // Teams.
    ("list_teams", "", "sooooooo"),
    ("get_new_team", "", "sooooooo"),
    ("create_team", "form[name]=Side&form[organization]=northwind-labs&form[mode]=inherit", "scffffoo"),
    ("get_overview", "team={team}&range=28d", "snoooooo"),
    ("get_overview_parts", "team={team}&range=28d&calls=", "snoooooo"),
    ("get_overview_stamp", "team={team}", "snoooooo"),
    ("get_own_view", "", "sooooooo"),
    ("search", "text=atlas&at=/me", "sooooooo"),
    ("list_keys", "team={team}&text=&mine=false&status=&cursor=", "snfooooo"),
    ("create_key", "team={team}&name=k", "snfoooff"),
    ("edit_key", "team={team}&id={key}&name=renamed", "snnnooff"),
    ("rotate_key", "team={team}&id={key}", "snnnooff"),
    ("revoke_key", "team={team}&id={key}", "snnnoofo"),

    ("get_explanation", "team={team}&who=&model=labs/chat&tokens=", "snoooooo"),
    ("get_playground", "team={team}", "snfoooff"),
    ("get_call_figures", "team={team}&call={nothing}", "snfoooff"),

    // Single calls.
    ("list_calls", "team={team}", "snfooooo"),
    ("get_call", "team={team}&call={nothing}", "snfnnnnn"),
    ("get_export_progress", "export=x", "sooooooo"),

    // Their money.
    ("get_billing", "team={team}", "snffoooo"),
    ("preview_plan_change", "team={team}&plan=nothing&seats=", "snfffofo"),
    ("change_plan", "team={team}&plan=nothing&seats=", "snfffcfc"),
    ("withdraw_plan_request", "team={team}", "snfffnfn"),
    ("adjust_balance", "team={team}&amount=x&reason=x", "snnnnnnc"),
    ("set_discount", "team={team}&percent=101", "snnnnnnc"),
    ("get_statement", "team={team}&start=1", "snffnnnn"),
    ("get_plans", "", "snnnnnno"),
    ("save_plan", "name=", "snnnnnnc"),
    ("decide_plan_request", "id={nothing}&approve=true", "snnnnnnc"),

    // Their people.
    ("list_members", "team={team}&text=&sort=&cursor=", "snoooooo"),
    ("preview_removal", "team={team}&user={user}", "snffooof"),
    ("set_member_role", "team={team}&user={user}&role=viewer", "snffooof"),
    ("remove_member", "team={team}&user={user}", "snffooof"),
    ("leave_team", "team={team}", "snoooccc"),
    ("invite_members", "team={team}&emails=&role=member", "snffcccf"),
    ("resend_invitation", "team={team}&id={invitation}", "snffcccf"),
    ("revoke_invitation", "team={team}&id={invitation}", "snffcccf"),
    ("copy_invitation_link", "team={team}&id={invitation}", "snffcccf"),

    // What it can call.
    ("list_team_models", "team={team}&text=&tier=&show=&cursor=", "snoooooo"),
    ("open_models_dialog", "team={team}&asked[dialog]=change&asked[what]=mode&asked[to]=restrict", "snffoooo"),
    ("change_team_models", "team={team}&what=review", "snffoooo"),
    ("limit_member_models", "team={team}&user={user}&lift=true", "snffoooo"),
    ("apply_team_models", "team={team}&teams[0]=nowhere", "snffcccc"),

    // Its settings and endings.
    ("get_team_settings", "team={team}", "snoooooo"),
    ("save_team_settings", "team={team}&name=Atlas+Search", "snffoooo"),
    ("set_team_seats", "team={team}&seats=", "snfffofo"),
    ("preview_team_seats", "team={team}&seats=20", "snfffofo"),
    ("transfer_team", "team={team}&to=nobody&confirm_name=x", "snfffcff"),
    ("delete_team", "team={team}&confirm_name=x", "snfffcff"),

    // Asking for models, and deciding.
    ("get_ask_form", "team={team}&open=true", "snfoooff"),
    ("request_access", "team={team}&model=no+such+model&reason=x", "snfcccff"),
    ("list_requests", "place=t/{team}", "snfooooo"),
    ("list_requests", "place=o/{org}", "snffffoo"),
    ("decide_request", "team={team}&id={nothing}&approve=true", "snffnnnn"),
    ("withdraw_request", "team={team}&id={nothing}", "snnnnnnn"),
    ("end_grant", "team={team}&id={nothing}", "snffnnnn"),

    // What organizations take in, and access groups.
    ("list_organization_models", "org={org}", "snffffoo"),
    ("preview_model_states", "org={org}&model=labs/chat&to=closed", "snffffoo"),
    ("set_model_states", "org={org}&model=labs/chat&to=open", "snffffoo"),
    ("set_open_unrestricted", "org={org}&open_unrestricted=true", "snffffoo"),
    ("list_access_groups", "place=o/{org}", "snffffoo"),
    ("list_access_groups", "place=admin", "snnnnnno"),
    ("get_group_form", "place=o/{org}&id=new", "snffffoo"),
    ("save_access_group", "place=o/{org}&form[name]=", "snffffcc"),
    ("save_access_group", "place=admin&form[name]=", "snnnnnnc"),
    ("preview_group_removal", "place=o/{org}&id={nothing}", "snffffnn"),
    ("delete_access_group", "place=o/{org}&id={nothing}", "snffffnn"),

    // The audit log.
    ("get_usage", "place=t/{team}", "snoooooo"),
    ("get_usage_ranking", "place=t/{team}", "snoooooo"),
    ("list_audit", "place=t/{team}", "snffoooo"),

    // Invitations: the token comes in a cookie, and without one there is nothing.
    ("get_invitation", "", "nnnnnnnn"),
    ("accept_invitation", "", "snnnnnnn"),
    ("sign_in_and_join", "password=x", "nnnnnnnn"),
    ("sign_up_and_join", "password=x", "nnnnnnnn"),
    ("switch_account", "", "oooooooo"),
    ("decline_invitation", "", "nnnnnnnn"),
    ("ask_about_invitation", "", "nnnnnnnn"),
    ("accept_own_invitation", "id={nothing}", "snnnnnnn"),
    ("decline_own_invitation", "id={nothing}", "snnnnnnn"),

    // Organizations.
    ("get_organization_overview", "org={org}", "snffffoo"),
    ("list_organization_members", "org={org}&text=&sort=&cursor=", "snffffoo"),
    ("add_organization_member", "org={org}&email=nobody@x.example&role=member", "snffffcc"),
    ("set_organization_role", "org={org}&user={user}&role=member", "snffffoo"),
    ("preview_organization_removal", "org={org}&user={user}", "snffffoo"),
    ("remove_organization_member", "org={org}&user={user}", "snffffcc"),
    ("get_organization_settings", "org={org}", "snffffoo"),
    ("update_organization", "org={org}&name=Northwind+Labs", "snffffoo"),

    // Limits.
    ("list_budget_requests", "team={team}&shown=true", "snfooooo"),
    ("request_budget", "team={team}&of=team&amount=5&reason=r", "snfcccff"),
    ("decide_budget_request", "team={team}&id={nothing}&approve=true", "snffnnnn"),
    ("withdraw_budget_request", "team={team}&id={nothing}", "snnnnnnn"),
    ("get_quotas", "team={team}&tab=", "snoooooo"),
    ("get_cap", "team={team}&kind=member&id={user}", "snffoooo"),
    ("save_limits", "team={team}&typed[rpm]=many&version=1", "snffcccc"),
    ("save_cap", "team={team}&kind=member&id={user}&version=1", "snffcccc"),
    ("save_self_service", "team={team}&enabled=true", "snffoooo"),
    ("get_organization_quotas", "org={org}", "snffffoo"),
    ("save_organization_limits", "org={org}&typed[rpm]=many&version=1", "snffffcc"),

    // The platform.
    ("list_providers", "", "snnnnnno"),
    ("save_provider", "form[name]=sim&form[kind]=simulated", "snnnnnnc"),
    ("delete_provider", "id={provider}&confirm_name=", "snnnnnnc"),
    ("test_provider", "id={provider}", "snnnnnno"),
    ("list_catalog_models", "", "snnnnnno"),
    ("list_tiers", "", "snnnnnno"),
    ("list_outbox", "text=&state=&cursor=", "snnnnnno"),
    ("retry_mails", "", "snnnnnno"),
    ("save_model", "form[name]=labs/chat", "snnnnnnc"),
    ("list_users", "text=&show=&cursor=", "snnnnnno"),
    ("get_user_detail", "user={user}", "snnnnnno"),
    ("suspend_user", "user={user}&reason=", "snnnnnnc"),
    ("unsuspend_user", "user={user}", "snnnnnnc"),
    ("end_user_sessions", "user={user}", "snnnnnno"),
    ("start_password_reset", "user={user}", "snnnnnno"),
    ("set_platform_admin", "user={user}&admin=false", "snnnnnno"),
    ("preview_recovery", "team={team}", "snnnnnno"),
    ("list_organization_rows", "", "snnnnnno"),
    ("create_organization", "name=", "snnnnnnc"),
    ("get_platform_settings", "", "snnnnnno"),
    ("update_platform_settings", "personal_models=none", "snnnnnno"),
    ("recover_ownership", "user={user}&team={team}&to={nothing}&reason=The+owner+left.", "snnnnnnc"),
    ("delete_model", "id={nothing}", "snnnnnnn"),
    ("list_model_prices", "id=", "snnnnnno"),
    ("save_price_threshold", "restricted_above=20", "snnnnnno"),
    ("get_price_list", "list=&effect=&text=", "snnnnnno"),
    ("upload_price_list", "price_list=[]", "snnnnnnc"),
    ("apply_price_list", "list={nothing}&models[0]=m", "snnnnnnn"),
];

/// The server functions that this program answers.
pub(super) fn registered() -> BTreeSet<String> {
    server_fn_paths().map(|(path, _)| path.strip_prefix("/fn/").expect("server functions live under /fn").to_owned()).collect()
}
