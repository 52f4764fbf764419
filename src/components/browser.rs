//! Everything that needs the browser's own interfaces, in one place: on the server each function exists and does nothing,
//! so that components need no gates of their own.

#[cfg(feature = "hydrate")]
pub use charts::*;
#[cfg(feature = "hydrate")]
pub use in_browser::*;
#[cfg(not(feature = "hydrate"))]
pub use on_server::*;

#[cfg(feature = "hydrate")]
mod charts;
#[cfg(feature = "hydrate")]
mod in_browser;
#[cfg(not(feature = "hydrate"))]
mod on_server;
