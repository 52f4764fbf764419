use leptos::prelude::*;

use super::Icon;

/// A table whose rows are blocks on phones.
#[component]
pub fn StackTable(
    heads: Vec<AnyView>,
    rows: AnyView,
    /// Beside those of all such tables.
    #[prop(optional)]
    class: &'static str,
    /// Id of the heading that names it, where its card does not.
    #[prop(optional)]
    named_by: Option<&'static str>,
) -> impl IntoView {
    view! {
        <div class="tbl-wrap">
            <table class=format!("tbl stack {class}") role="table" aria-labelledby=named_by>
                <thead role="rowgroup">
                    <tr role="row">{heads}</tr>
                </thead>
                <tbody role="rowgroup">{rows}</tbody>
            </table>
        </div>
    }
}

/// A column's head. Class `n` is for numbers.
pub fn head(label: &'static str, class: &'static str) -> AnyView {
    view! { <th role="columnheader" scope="col" class=(!class.is_empty()).then_some(class)>{label}</th> }.into_any()
}

/// The head of the column with the buttons of each row.
pub fn actions_head() -> AnyView {
    view! { <th role="columnheader" scope="col"><span class="vh">"Actions"</span></th> }.into_any()
}

/// A column head that sorts: a link, with an arrow on the column that is sorted now.
#[component]
pub fn SortHead(
    #[prop(into)] label: String,
    #[prop(into)] href: String,
    /// `ascending`, `descending`, or none.
    #[prop(optional)]
    sorted: Option<&'static str>,
    #[prop(optional)] class: &'static str,
) -> impl IntoView {
    let arrow = sorted.map(|order| view! { <Icon name=if order == "ascending" { "up" } else { "down" }/> });
    view! {
        <th role="columnheader" class=class aria-sort=sorted scope="col">
            <a class="sort" href=href>{label}" "{arrow}</a>
        </th>
    }
}

/// How a list is sorted, and the heads of its columns that sort it otherwise.
#[derive(Clone, Copy, Debug)]
pub struct Sorting<'a> {
    /// The list's address with its search, up to the word for the order.
    pub address: &'a str,
    /// The column that it is sorted by, with a `-` before it for the other way round.
    pub now: &'a str,
    /// Columns that begin with the most: numbers and times.
    pub most_first: &'a [&'a str],
}

impl Sorting<'_> {
    /// A column's head; a second press turns the order round.
    pub fn column(&self, label: &'static str, word: &str, class: &'static str) -> AnyView {
        let (sorted, next) = self.turn(word);
        let href = format!("{}&sort={next}", self.address);
        match sorted {
            Some(order) => view! { <SortHead label=label href=href sorted=order class=class/> }.into_any(),
            None => view! { <SortHead label=label href=href class=class/> }.into_any(),
        }
    }

    /// How the list is sorted by a column now, and what a press on its head leads to.
    fn turn(&self, word: &str) -> (Option<&'static str>, String) {
        let descending = format!("-{word}");
        if self.now == word {
            (Some("ascending"), descending)
        } else if self.now == descending {
            (Some("descending"), word.to_owned())
        } else if self.most_first.contains(&word) {
            (None, descending)
        } else {
            (None, word.to_owned())
        }
    }
}

/// The search of a list, and what else narrows it. A plain form, so that the address says what is shown.
#[component]
pub fn Search(
    /// The list without a search.
    #[prop(into)]
    address: String,
    /// "Find members".
    label: &'static str,
    /// "Find a member".
    input: &'static str,
    /// What is searched for now.
    #[prop(into)]
    text: String,
    #[prop(default = "Name or email")] placeholder: &'static str,
    /// The order that stays with it.
    #[prop(optional, into)]
    sort: String,
    /// More than the text narrows the list now.
    #[prop(optional)]
    filtered: bool,
    /// Further filters.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    let clear = (filtered || !text.is_empty()).then(|| view! { <a class="btn ghost" href=address.clone()>"Clear"</a> });
    let sort = (!sort.is_empty()).then(|| view! { <input type="hidden" name="sort" value=sort/> });
    let button = if children.is_some() { "Apply" } else { "Find" };
    view! {
        <form class="filters" method="get" action=address aria-label=label role="search">
            {sort}
            <label class="in sm find">
                <Icon name="search" class="i-14"/>
                <input type="search" name="q" value=text placeholder=placeholder aria-label=input/>
            </label>
            {children.map(|children| children())}
            <button class="btn" type="submit">{button}</button>
            {clear}
        </form>
    }
}

/// "3 members", "25 of 80 members", for the line below a list.
pub fn shown_of(found: i64, shown: usize, noun: &str) -> String {
    match (found, shown) {
        (0, _) => format!("No {noun} matches."),
        (1, _) => format!("1 {noun}"),
        (found, shown) if usize::try_from(found).is_ok_and(|found| found == shown) => format!("{found} {noun}s"),
        (found, shown) => format!("{shown} of {found} {noun}s"),
    }
}

/// Below a list: what is shown, and links to the pages before and after it.
#[component]
pub fn Pager(
    #[prop(into)] summary: String,
    #[prop(optional_no_strip, into)] newer: Option<String>,
    #[prop(optional_no_strip, into)] older: Option<String>,
    /// What the way on is called.
    #[prop(default = "Older")]
    older_label: &'static str,
) -> impl IntoView {
    let newer = newer.map(|href| view! { <a class="btn sm" href=href rel="prev"><Icon name="chevl" class="i-14"/>"Newer"</a> });
    let older =
        older.map(|href| view! { <a class="btn sm" href=href rel="next">{older_label}<Icon name="chevr" class="i-14"/></a> });
    view! {
        <div class="tfoot">
            <span role="status">{summary}</span>
            <div class="acts">{newer}{older}</div>
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_press_on_a_head_turns_the_order_round() {
        let by = |now: &'static str| Sorting { address: "/o/x/members?q=", now, most_first: &["teams"] };
        assert_eq!(by("name").turn("name"), (Some("ascending"), "-name".into()));
        assert_eq!(by("-name").turn("name"), (Some("descending"), "name".into()));
        assert_eq!(by("name").turn("role"), (None, "role".into()));
        assert_eq!(by("name").turn("teams"), (None, "-teams".into()));
        assert_eq!(by("-teams").turn("teams"), (Some("descending"), "teams".into()));
    }

    #[test]
    fn a_list_says_how_much_of_it_is_shown() {
        assert_eq!(shown_of(0, 0, "member"), "No member matches.");
        assert_eq!(shown_of(1, 1, "member"), "1 member");
        assert_eq!(shown_of(3, 3, "member"), "3 members");
        assert_eq!(shown_of(80, 25, "member"), "25 of 80 members");
    }
}
