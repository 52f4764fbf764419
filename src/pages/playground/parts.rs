use leptos::{ev::KeyboardEvent, prelude::*};

use super::{
    CONVERSATION, FORM, PROMPT,
    talk::{End, Line, Talk},
};
use crate::{
    components::{CopyButton, Field, Icon, Note, NoteKind, Opt, Select, SnippetTabs, TextArea, drawn, noscroll, streamed},
    pages::failure::encode,
    server_fns::playground::{PlayFigures, PlayModel, PlayRefusal, PlaygroundPage as Playground},
};

/// What was said, oldest first.
pub(super) fn conversation(talk: Talk, page: StoredValue<Playground>) -> AnyView {
    let again = move || {
        (!talk.lines.read().is_empty()).then(|| {
            view! {
                <button class="btn sm ghost needs-js" type="button" on:click=move |_| talk.clear()>
                    <Icon name="refresh" class="i-14"/>
                    "New conversation"
                </button>
            }
        })
    };
    let lines = move || {
        let lines = talk.lines.get();
        if lines.is_empty() {
            return view! { <p class="mute small">"Ask something. The answer comes as the model writes it."</p> }.into_any();
        }
        let carried = untrack(|| carried(talk));
        let lines = lines.into_iter().map(|line| message(line, talk, page)).collect_view();
        view! { {lines} {carried} }.into_any()
    };
    view! {
        <header>
            <h2>"Conversation"</h2>
            <div class="end">{again}</div>
        </header>
        <div class="body talk" id=CONVERSATION tabindex="0" role="region" aria-label="What was said">{lines}</div>
    }
    .into_any()
}

/// What a plain form sends along, so that the conversation goes on.
fn carried(talk: Talk) -> AnyView {
    talk.history()
        .into_iter()
        .map(|said| view! { <input type="hidden" name="message" value=said.text/> })
        .collect_view()
        .into_any()
}

fn message(line: Line, talk: Talk, page: StoredValue<Playground>) -> AnyView {
    let Line { mine, text, end } = line;
    let (class, who) = if mine { ("said mine", "You") } else { ("said", "Answer") };
    let waiting = {
        let (text, end) = (text.clone(), end.clone());
        drawn(move || {
            let nothing_yet =
                !mine && text.read().is_empty() && *end.read() == End { call: end.read().call.clone(), ..End::default() };
            nothing_yet.then(|| view! { <span class="mute">"…"</span> }.into_any())
        })
    };
    let end = (!mine).then(|| drawn(move || ending(end.get(), talk, page)));
    view! {
        <article class=class>
            <h3>{who}</h3>
            <div class="words">{drawn(move || text.get())}{waiting}</div>
            {end}
        </article>
    }
    .into_any()
}

/// Below an answer: what it came to, or why there is none.
fn ending(end: End, talk: Talk, page: StoredValue<Playground>) -> AnyView {
    let stopped =
        end.stopped.then(|| view! { <p class="mute small">"Stopped. The prompt and what came until then are charged."</p> });
    let refusal = end.refusal.map(|refusal| refused(refusal, talk, page));
    let call = (!end.call.is_empty()).then(|| {
        view! {
            <div>
                <dt>"Call"</dt>
                <dd class="mono">{end.call.clone()}<CopyButton text=end.call.clone() label="Copy" class="sm ghost"/></dd>
            </div>
        }
    });
    let figures = end.figures.map(figures);
    view! {
        {refusal}
        {stopped}
        <dl class="play-figures">{figures}{call}</dl>
    }
    .into_any()
}

fn figures(figures: PlayFigures) -> AnyView {
    let tokens = if figures.estimated { format!("{} (counted here)", figures.tokens) } else { figures.tokens };
    [("Tokens", tokens), ("Cost", figures.cost), ("First token", figures.first_token), ("Total", figures.total)]
        .into_iter()
        .map(|(name, value)| view! { <div><dt>{name}</dt><dd class="num">{value}</dd></div> })
        .collect_view()
        .into_any()
}

fn refused(refusal: PlayRefusal, talk: Talk, page: StoredValue<Playground>) -> AnyView {
    let requests = page.try_with_value(|page| page.requests.clone()).unwrap_or_default();
    let wants = refusal.code == "model_requires_approval" && !requests.is_empty();
    let request = wants.then(|| {
        let href = format!("{requests}&model={}", encode(&talk.model.get_untracked()));
        view! { <a href=href class="btn sm" {..noscroll()}>"Request access"</a> }
    });
    let raw = (!refusal.raw.is_empty()).then(|| {
        view! {
            <details class="more">
                <summary><Icon name="chevr"/>"The answer as programs get it"</summary>
                <div class="more-body"><pre class="code" tabindex="0">{refusal.raw}</pre></div>
            </details>
        }
    });
    view! { <Note kind=NoteKind::Danger title=refusal.message>{request}</Note> {raw} }.into_any()
}

/// The question, and what sends it.
pub(super) fn composer(talk: Talk) -> AnyView {
    let on_key = move |event: KeyboardEvent| {
        if event.key() == "Enter" && (event.ctrl_key() || event.meta_key()) {
            event.prevent_default();
            streamed::submit(FORM);
        }
    };
    let prompt = talk.prompt.get_untracked();
    let stop = move || {
        talk.busy.get().then(|| {
            view! { <button class="btn" type="button" on:click=move |_| talk.stop()><Icon name="x"/>"Stop"</button> }
        })
    };
    view! {
        <div class="body form composer" on:keydown=on_key>
            <TextArea label="Message" name=PROMPT value=prompt rows=4 required=true/>
        </div>
        <footer>
            <span class="needs-js">"Ctrl or ⌘ with Enter sends."</span>
            {stop}
            <button class="btn primary" type="submit" aria-busy=move || talk.busy.get().then_some("true")>"Send"</button>
        </footer>
    }
    .into_any()
}

/// Model with its price, system prompt, bound of the answer.
pub(super) fn settings(talk: Talk, page: StoredValue<Playground>) -> AnyView {
    let of_models = move |find: fn(&PlayModel) -> String| {
        let name = talk.model.get();
        let found = page.try_with_value(|page| page.models.iter().find(|model| model.name == name).map(find));
        found.flatten().unwrap_or_default()
    };
    let models = page.with_value(|page| page.models.clone());
    let choices = models.iter().filter(|model| model.chats).map(|model| Opt::new(&model.name, &model.name)).collect();
    let picker = if page.with_value(|page| page.more) {
        let names = models.iter().filter(|model| model.chats).map(|model| view! { <option value=model.name.clone()></option> });
        view! {
            <span class="label"><label for="model">"Model"</label></span>
            <div class="in">
                <input id="model" name="model" value=talk.model.get_untracked() list="models" required=true autocomplete="off" spellcheck="false"/>
            </div>
            <datalist id="models">{names.collect_view()}</datalist>
        }
        .into_any()
    } else {
        view! { <Select label="Model" name="model" choices=choices selected=talk.model.get_untracked()/> }.into_any()
    };
    let others: Vec<String> = models.iter().filter(|model| !model.chats).map(|model| model.name.clone()).collect();
    let others = (!others.is_empty())
        .then(|| view! { <p class="hint">{format!("Open to you as well, for programs: {}.", others.join(", "))}</p> });
    let requests = page.with_value(|page| page.requests.clone());
    let more = (!requests.is_empty()).then(
        || view! { <p class="hint"><a href=requests class="link" {..noscroll()}>"Request access to another model"</a></p> },
    );
    view! {
        <section class="card" aria-label="Settings">
            <header><h2>"Settings"</h2></header>
            <div class="body form">
                <div class="field">
                    {picker}
                    <p class="hint">{drawn(move || of_models(|model| model.price.clone()))}</p>
                    {others}
                    {more}
                </div>
                <TextArea label="System prompt" name="system" value=talk.system.get_untracked() rows=3 optional=true/>
                <div class="field">
                    <Field
                        label="Max tokens"
                        name="max_tokens"
                        value=talk.max_tokens.get_untracked()
                        kind="number"
                        inputmode="numeric"
                        min="1"
                        optional=true
                    />
                    <p class="hint">
                        {drawn(move || {
                            let most = of_models(|model| model.max_output.clone());
                            if most.is_empty() { String::new() } else { format!("At most {most} for this model.") }
                        })}
                    </p>
                </div>
            </div>
        </section>
    }
    .into_any()
}

/// The same call for programs.
pub(super) fn code(talk: Talk, page: StoredValue<Playground>) -> AnyView {
    let snippets = Memo::new(move |_| {
        let base_url = page.try_with_value(|page| page.base_url.clone()).unwrap_or_default();
        talk.draft().snippets(&base_url)
    });
    view! {
        <section class="card needs-js" aria-label="Copy as">
            <div class="body"><SnippetTabs id="copy-as" label="Copy as" text=snippets/></div>
        </section>
    }
    .into_any()
}
