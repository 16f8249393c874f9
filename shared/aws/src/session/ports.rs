//! The ports that a session gives. A function that does not ask for one does not link it.
