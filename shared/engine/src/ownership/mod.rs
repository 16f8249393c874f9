//! Flows as things that people own: their states, drafts and changes, what a plan has room for, and the
//! bundles in which they travel. [`Setup`](crate::setup::Setup) does what is described here.

pub mod bundle;
pub mod change;
pub mod plan;
pub mod preview;
pub mod state;

pub use bundle::{Act, Bundle, Difference, FileProblem, Kind, Sheet, Wish};
pub use change::{Change, Changed, VersionLine};
pub use plan::{Full, Plan};
pub use preview::{InFlight, Needed, Preview, Room, Written};
pub use state::{Draft, FlowState};
