//! What SQS takes as a body, whether it is sent at once or by a schedule.

use harkara_engine::port::Outgoing;

/// A body as SQS takes it: XML's characters, and no others. Of those that it refuses JSON leaves only
/// U+FFFE and U+FFFF as they are; they are escaped, so that an odd name holds nothing up.
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html>
///
/// # Errors
/// What is wrong with one that is empty, too long, or no JSON.
pub(crate) fn sendable(mut body: String) -> Result<String, String> {
    if body.is_empty() {
        return Err("a body is empty".to_owned());
    }
    if let Some(odd) = body.chars().find(|c| *c < ' ' && !matches!(c, '\t' | '\n' | '\r')) {
        return Err(format!("a body has the character {:#06x}, which JSON escapes", u32::from(odd)));
    }
    if body.contains(['\u{fffe}', '\u{ffff}']) {
        body = body.replace('\u{fffe}', "\\ufffe").replace('\u{ffff}', "\\uffff");
    }
    if body.len() > Outgoing::MAX_BODY {
        return Err(format!("a body has {} bytes, more than {}", body.len(), Outgoing::MAX_BODY));
    }
    Ok(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_sqs_refuses_is_escaped_and_reads_the_same() {
        let name = "a\u{fffe}b\u{ffff}c\u{1}\u{7f}\u{10ffff}\u{fffd}\n\"";
        let body = sendable(serde_json::to_string(name).unwrap()).unwrap();
        assert!(!body.contains(['\u{fffe}', '\u{ffff}', '\u{1}']), "{body}");
        assert_eq!(serde_json::from_str::<String>(&body).unwrap(), name);
    }

    #[test]
    fn what_is_no_json_is_refused() {
        assert_eq!(
            sendable("a\u{1}".to_owned()).unwrap_err(),
            "a body has the character 0x0001, which JSON escapes"
        );
        assert!(sendable(String::new()).is_err());
    }

    #[test]
    fn the_limit_counts_what_is_sent() {
        assert!(sendable("x".repeat(Outgoing::MAX_BODY)).is_ok());
        assert!(sendable("x".repeat(Outgoing::MAX_BODY + 1)).is_err());
        // Three bytes become six.
        assert!(sendable("\u{fffe}".repeat(Outgoing::MAX_BODY / 3)).is_err());
    }
}
