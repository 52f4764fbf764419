//! Reusable pieces of the interface. They know no feature: plain props in, view out.
//! Each has a stylesheet of the same name in `style/`.

mod auth;
mod avatar;
mod badge;
mod breadcrumbs;
/// The few things only a browser can do; on the server they do nothing.
pub mod browser;
mod button;
mod chart;
mod choice;
mod copy_button;
mod dialog;
mod drawn;
mod empty;
mod field;
mod filter_chips;
mod icon;
mod kpi;
/// Links as they are pressed.
pub mod links;
mod logo;
mod menu;
mod meter;
mod note;
mod page;
mod select;
mod skeleton;
mod snippet;
/// Answers that come piece by piece; on the server nothing comes.
pub mod streamed;
mod table;
mod tabs;
mod toast;

pub use auth::AuthPage;
pub use avatar::{Avatar, Tile, Who};
pub use badge::{Badge, Count, Quiet, RolePill};
pub use breadcrumbs::{Breadcrumbs, Crumb};
pub use button::{Button, IconLink, LinkButton, noscroll};
pub use chart::{Chart, Legend};
pub use choice::{Checkbox, Choice, RadioGroup, Segmented};
pub use copy_button::CopyButton;
pub use dialog::Dialog;
pub use drawn::drawn;
pub use empty::{Empty, Message};
pub use field::{Field, TextArea};
pub use filter_chips::filter_chips;
#[cfg(feature = "ssr")]
pub use icon::SPRITE;
pub use icon::{Icon, symbol};
pub use kpi::{Kpi, change_cell, delta_line, success_cell};
pub use logo::{Brand, Logo};
pub use menu::Menu;
pub use meter::{Meter, budget_meter, meters};
pub use note::{Note, NoteKind};
pub use page::{PageHead, PageTitle};
pub use select::{Opt, PickBox, Select};
pub use skeleton::{SkeletonBlock, SkeletonLine, SkeletonTable};
pub use snippet::{Secret, SnippetTabs};
pub use table::{Pager, Search, SortHead, Sorting, StackTable, actions_head, head, shown_of};
pub use tabs::{TabLink, Tabs};
pub use toast::{Toaster, Toasts, use_toaster};
