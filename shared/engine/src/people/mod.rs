//! The people of a store: users, sessions, API keys, the audit log.
