use leptos::prelude::*;

use crate::{
    components::{Button, Dialog, Field, Icon, noscroll},
    pages::form::{Form, FormAction},
};

const ADDRESS: &str = "/account";

/// The way to the account's end.
pub(super) fn deletion() -> AnyView {
    view! {
        <section class="card" aria-labelledby="deletion">
            <header>
                <h2 id="deletion">"Delete account"</h2>
                <p>"Your keys stop, your memberships and your personal space end."</p>
                <span class="end"><a class="btn sm" href="/account?dialog=delete" {..noscroll()}>"Delete account"</a></span>
            </header>
        </section>
    }
    .into_any()
}

/// Says what ends, and asks for address and password.
#[component]
pub(super) fn DeleteDialog(email: String, action: FormAction) -> impl IntoView {
    let problems = action.problems();
    view! {
        <Dialog id="delete-account" title="Delete account" close=ADDRESS width="w-480">
            <Form action=action>
                <div class="dlg-body">
                    {problems.note()}
                    <ul class="facts">
                        <li><Icon name="lock"/><span>"Your keys and tokens stop at their next request."</span></li>
                        <li><Icon name="clock"/><span>"What you used stays in statistics, under your name. This can not be undone."</span></li>
                    </ul>
                    <Field
                        label=format!("Type {email} to confirm")
                        name="confirm"
                        id="delete-confirm"
                        error=problems.field("confirm")
                        required=true
                        maxlength=254
                        autocomplete="off"
                    />
                    <Field
                        label="Password"
                        name="password"
                        id="delete-password"
                        kind="password"
                        error=problems.field("password")
                        required=true
                        autocomplete="current-password"
                    />
                </div>
                <footer>
                    <a href=ADDRESS class="btn" {..noscroll()}>"Cancel"</a>
                    <Button label="Delete account" class="danger" busy=action.pending()/>
                </footer>
            </Form>
        </Dialog>
    }
}
