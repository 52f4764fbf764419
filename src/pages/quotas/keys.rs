use leptos::prelude::*;

use crate::{
    components::{Button, Checkbox, Field},
    domain::self_service::SelfServicePolicy,
    pages::{
        data::nothing,
        form::{Form, FormAction},
    },
    server_fns::quotas::QuotasPage as Quotas,
};

/// What members may do when they make keys.
pub(super) fn policy_card(page: &Quotas, team: &str, action: FormAction) -> AnyView {
    let Some(SelfServicePolicy { enabled, max_keys_per_user, require_expiry, max_expiry_days, .. }) = page.policy else {
        return nothing();
    };
    let problems = action.problems();
    let (team, ceiling) = (team.to_owned(), page.policy_ceiling.clone());
    let number = |value: Option<i64>| value.map_or_else(String::new, |value| value.to_string());
    view! {
        <section class="card narrow-page" aria-labelledby="self-service">
            <header><h2 id="self-service">"Self-service keys"</h2></header>
            <Form action=action>
                <div class="body form">
                    {problems.note()}
                    <p class="sub">"What members may do without an admin. Owners and admins are not bound. Keys that are there stay as they are, until they are changed."</p>
                    <input type="hidden" name="team" value=team/>
                    <Checkbox
                        label="Members may create and change their own keys"
                        name="enabled"
                        checked=enabled
                        hint="Off: an owner or admin does it for them. They can always revoke."
                    />
                    <div class="two">
                        <Field
                            label="Active keys per person"
                            name="max_keys_per_user"
                            value=number(max_keys_per_user)
                            placeholder="Any number"
                            hint="A rotation counts as one."
                            error=problems.field("max_keys_per_user")
                            inputmode="numeric"
                            maxlength=7
                            autocomplete="off"
                        />
                        <Field
                            label="Budget ceiling"
                            name="budget_ceiling"
                            value=ceiling
                            prefix="$"
                            placeholder="None"
                            hint="Then every key needs a budget."
                            error=problems.field("budget_ceiling")
                            inputmode="decimal"
                            maxlength=20
                            autocomplete="off"
                        />
                    </div>
                    <div class="two">
                        <Field
                            label="Longest life, in days"
                            name="max_expiry_days"
                            value=number(max_expiry_days)
                            placeholder="Any"
                            hint="Then every key needs an expiry."
                            error=problems.field("max_expiry_days")
                            inputmode="numeric"
                            maxlength=6
                            autocomplete="off"
                        />
                        <Checkbox label="Keys must have an expiry" name="require_expiry" checked=require_expiry/>
                    </div>
                </div>
                <footer class="form-foot"><Button label="Save policy" class="primary" busy=action.pending()/></footer>
            </Form>
        </section>
    }
    .into_any()
}
