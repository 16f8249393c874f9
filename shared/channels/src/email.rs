//! E-mail.

/// A mail, ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Mail {
    /// Addresses.
    pub to: Vec<String>,
    /// One line.
    pub subject: String,
    /// Plain text.
    pub text: String,
    /// The same as HTML, where there is more to show.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub html: Option<String>,
    /// Our reference, for receipts; goes into a header.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
}
