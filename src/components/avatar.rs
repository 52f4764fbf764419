use leptos::prelude::*;

/// Up to two initials: of the first and the last word.
pub fn initials(name: &str) -> String {
    let mut words = name.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let first = words.next().and_then(|word| word.chars().next());
    let last = words.next_back().and_then(|word| word.chars().next());
    let both: String = first.into_iter().chain(last).flat_map(char::to_uppercase).collect();
    if both.is_empty() { "?".to_owned() } else { both }
}

/// One of six hues, always the same for the same id (FNV-1a, so that server and browser agree).
pub fn hue_class(id: &str) -> &'static str {
    let hash = id.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    ["h1", "h2", "h3", "h4", "h5", "h6"][(hash % 6) as usize]
}

/// A person, round. `id` decides the hue.
#[component]
pub fn Avatar(
    #[prop(into)] name: String,
    #[prop(into)] id: String,
    /// `sm` or `lg`.
    #[prop(optional)]
    size: &'static str,
) -> impl IntoView {
    view! { <span class=format!("av {} {size}", hue_class(&id)) aria-hidden="true">{initials(&name)}</span> }
}

/// A team or personal space, square. `id` decides the hue.
#[component]
pub fn Tile(
    #[prop(into)] name: String,
    #[prop(into)] id: String,
    /// `sm`.
    #[prop(optional)]
    size: &'static str,
) -> impl IntoView {
    view! { <span class=format!("tile {} {size}", hue_class(&id)) aria-hidden="true">{initials(&name)}</span> }
}

/// Avatar, name and, below it, a smaller line.
#[component]
pub fn Who(#[prop(into)] name: String, #[prop(into)] id: String, #[prop(optional, into)] detail: String) -> impl IntoView {
    let size = if detail.is_empty() { "sm" } else { "" };
    let text = if detail.is_empty() {
        view! { <span class="trunc">{name.clone()}</span> }.into_any()
    } else {
        view! {
            <span>
                <b class="trunc">{name.clone()}</b>
                <small class="trunc">{detail}</small>
            </span>
        }
        .into_any()
    };
    view! {
        <span class="who">
            <Avatar name=name id=id size=size/>
            {text}
        </span>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn initials_come_from_first_and_last_word() {
        assert_eq!(initials("Maya Okafor"), "MO");
        assert_eq!(initials("noor el-amin"), "NA");
        assert_eq!(initials("atlas"), "A");
        assert_eq!(initials("  "), "?");
    }
}
