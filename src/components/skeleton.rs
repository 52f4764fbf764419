use leptos::prelude::*;

/// A grey line where text will stand; `width` like `60%`.
#[component]
pub fn SkeletonLine(#[prop(default = "60%")] width: &'static str) -> impl IntoView {
    view! { <span class="sk line" style=format!("--w:{width}") aria-hidden="true"></span> }
}

/// A grey box of the final height.
#[component]
pub fn SkeletonBlock(height: u32) -> impl IntoView {
    view! {
        <span class="vh" role="status">"Loading"</span>
        <span class="sk block" style=format!("--h:{height}px") aria-hidden="true"></span>
    }
}

/// Rows of the height a table's rows will have.
#[component]
pub fn SkeletonTable(#[prop(default = 6)] rows: u32) -> impl IntoView {
    let lines = (0..rows)
        .map(|row| view! { <span><i class="sk line" style=format!("--w:{}%", 88 - (row * 7) % 24)></i></span> })
        .collect_view();
    view! {
        <span class="vh" role="status">"Loading"</span>
        <div class="sk-table" aria-hidden="true">{lines}</div>
    }
}
