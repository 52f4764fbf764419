use leptos::prelude::*;

use crate::{
    components::{
        Badge, Button, CopyButton, Dialog, Empty, Note, NoteKind, Opt, PageHead, Pager, PickBox, Quiet, Search, SkeletonTable,
        StackTable, head, noscroll, use_toaster,
    },
    domain::mails::MailState,
    pages::{
        data::PageData,
        failure::encode,
        form::{Form, FormAction},
        query_param,
    },
    server_fns::mails::{ListOutbox, OutboxLine, OutboxPage as Outbox, RetryMails},
};

const ADDRESS: &str = "/admin/outbox";

/// What the address asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Query {
    text: String,
    state: String,
    cursor: String,
}

impl Query {
    /// The same list, with something more in the address.
    fn with(&self, more: &str) -> String {
        format!("{ADDRESS}?q={}&state={}{more}", encode(&self.text), encode(&self.state))
    }
}

/// `/admin/outbox`: the mails, and what became of them.
#[component]
pub fn OutboxPage() -> impl IntoView {
    let (text, state, cursor) = (query_param("q"), query_param("state"), query_param("cursor"));
    let mail = query_param("mail");
    let retry = FormAction::to::<RetryMails>();
    let query = Memo::new(move |_| Query { text: text.get(), state: state.get(), cursor: cursor.get() });
    let outbox = PageData::load_again(
        move || retry.version(),
        move || {
            let Query { text, state, cursor } = query.get();
            ListOutbox { text, state, cursor }
        },
    );
    announce(retry);
    view! {
        {retry.problems().note()}
        {outbox.page(
            || view! { <div class="card"><SkeletonTable rows=8/></div> }.into_any(),
            move |page| content(page, &query.get_untracked(), retry),
        )}
        {outbox.dialog(move || mail.track(), move |page| opened(page, &mail.get_untracked(), &query.get_untracked()))}
    }
}

/// Says how many mails are tried again.
fn announce(retry: FormAction) {
    let toaster = use_toaster();
    Effect::new(move |_| match retry.value::<i64>() {
        Some(Ok(0)) => toaster.show("Nothing waits for longer than two minutes."),
        Some(Ok(1)) => toaster.show("1 mail is tried now."),
        Some(Ok(_)) => toaster.show("The mails are tried now."),
        _ => {}
    });
}

fn content(page: Outbox, query: &Query, retry: FormAction) -> AnyView {
    let waiting = (!page.waiting.is_empty()).then(|| {
        view! {
            <Note kind=NoteKind::Warn title=page.waiting text=page.waiting_detail>
                <Form action=retry>
                    <Button label="Try now" class="sm" icon="refresh" busy=retry.pending()/>
                </Form>
            </Note>
        }
    });
    let older = page.next.as_deref().map(|cursor| query.with(&format!("&cursor={}", encode(cursor))));
    let newer = (!query.cursor.is_empty()).then(|| query.with(""));
    let summary = match page.rows.len() {
        0 => "No mails".to_owned(),
        1 => "1 mail".to_owned(),
        n => format!("{n} mails"),
    };
    let filtered = !query.text.is_empty() || !query.state.is_empty();
    // Where there is nothing, there is nothing to search.
    let nothing_yet = page.rows.is_empty() && !filtered && query.cursor.is_empty();
    let list = match (page.rows.is_empty(), filtered) {
        (true, true) => view! {
            <Empty title="No mail fits" text="Nothing in the outbox fits both filters.">
                <a class="btn" href=ADDRESS>"Clear filters"</a>
            </Empty>
        }
        .into_any(),
        (true, false) => view! { <Empty title="No mails yet" text="Invitations, changes of roles and links for passwords pass through here."/> }.into_any(),
        (false, _) => table(page.rows, query),
    };
    view! {
        <PageHead title="Outbox" context="Platform" lead=page.lead/>
        {waiting}
        {(!nothing_yet).then(|| filters(query))}
        <section class="card" aria-label="Mails">
            {list}
            {(!nothing_yet).then(|| view! { <Pager summary=summary newer=newer older=older/> })}
        </section>
    }
    .into_any()
}

fn filters(query: &Query) -> AnyView {
    let states = [("", "Any"), ("queued", "Queued"), ("sent", "Sent"), ("failed", "Given up")];
    let states = states.into_iter().map(|(value, label)| Opt::new(value, label)).collect();
    let (text, state) = (query.text.clone(), query.state.clone());
    view! {
        <Search
            address=ADDRESS
            label="Find mails"
            input="Find a mail"
            placeholder="Recipient or subject"
            text=text
            filtered=!state.is_empty()
        >
            <PickBox label="State" name="state" choices=states selected=state/>
        </Search>
    }
    .into_any()
}

fn table(rows: Vec<OutboxLine>, query: &Query) -> AnyView {
    let rows = rows.into_iter().map(|line| row(line, query)).collect_view().into_any();
    let heads = vec![
        head("Mail", ""),
        head("Kind", ""),
        head("State", ""),
        head("Tries", "n"),
        head("Sent, or next try", ""),
        head("Queued", ""),
    ];
    view! {
        <StackTable heads=heads rows=rows class="outbox"/>
    }
    .into_any()
}

fn row(line: OutboxLine, query: &Query) -> AnyView {
    let subject = if line.text.is_empty() {
        view! { <span class="name">{line.subject}</span> }.into_any()
    } else {
        let href = query.with(&format!("&cursor={}&mail={}", encode(&query.cursor), line.id));
        view! { <a class="name" href=href.clone() {..noscroll()}>{line.subject}</a> }.into_any()
    };
    let state = match line.state {
        MailState::Sent => view! { <Quiet text="Sent"/> }.into_any(),
        MailState::Failed => view! { <Badge text="Given up" tone="danger" icon="alert"/> }.into_any(),
        MailState::Queued if line.problem.is_empty() => view! { <Badge text="Queued" icon="clock"/> }.into_any(),
        MailState::Queued => view! { <Badge text="Waits" tone="warn" icon="alert"/> }.into_any(),
    };
    let problem = (!line.problem.is_empty()).then(|| view! { <small>{line.problem}</small> });
    view! {
        <tr role="row">
            <td role="cell" class="lead wrap">{subject}<small>{line.recipient}</small></td>
            <td role="cell" class="sub drop cap">{line.kind}</td>
            <td role="cell" class="wrap why">{state}{problem}</td>
            <td role="cell" class="n drop">{line.attempts}</td>
            <td role="cell" class="sub drop cap" title=line.next_title>{line.next.clone()}</td>
            <td role="cell" class="sub drop cap" title=line.queued_title>{line.queued.clone()}</td>
            <td role="cell" class="meta only-m">{format!("{}, queued {}", line.next, line.queued)}</td>
        </tr>
    }
    .into_any()
}

/// What a mail says, for whoever passes it on.
fn opened(page: Outbox, mail: &str, query: &Query) -> Option<AnyView> {
    let line = page.rows.into_iter().find(|line| line.id == mail && !line.text.is_empty())?;
    let close = query.with(&format!("&cursor={}", encode(&query.cursor)));
    let recipient = line.recipient;
    let lead = move || view! { <p>"To "<b>{recipient.clone()}</b></p> };
    Some(
        view! {
            <Dialog id="mail" title=line.subject lead=lead close=close.clone() width="w-600">
                <div class="dlg-body">
                    // Focusable, because it scrolls.
                    <pre class="code letter" tabindex="0" role="region" aria-label="Text of the mail">{line.text.clone()}</pre>
                </div>
                <footer>
                    <CopyButton text=line.text label="Copy text"/>
                    <a href=close.clone() class="btn primary" {..noscroll()}>"Done"</a>
                </footer>
            </Dialog>
        }
        .into_any(),
    )
}
