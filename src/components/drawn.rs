use leptos::prelude::*;

/// A part that is drawn anew whenever what it reads changes. For each type of closure in a view there are some kilobytes of code that the
/// browser loads; drawn here, all of them are of one type.
pub fn drawn<V: IntoAny + 'static>(draw: impl Fn() -> V + Send + 'static) -> AnyView {
    let draw: Box<dyn Fn() -> AnyView + Send> = Box::new(move || draw().into_any());
    (move || draw()).into_any()
}
