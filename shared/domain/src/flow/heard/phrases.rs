//! The phrases that tell an intent: in one spelling, in Latin letters (see [`crate::phrase`]), separated by
//! `;`. Urdu letters and other spellings mean the same.

use std::{collections::HashMap, sync::LazyLock};

use super::Intent;

/// The phrases of an intent, as words.
pub(super) struct Phrases {
    /// Tell it wherever they stand in a clause.
    pub(super) anywhere: Vec<Vec<&'static str>>,
    /// Tell it where nothing else is said.
    pub(super) alone: Vec<Vec<&'static str>>,
    /// May be said beside the latter.
    pub(super) beside: Vec<&'static str>,
}

/// As written.
struct Told {
    anywhere: &'static str,
    alone: &'static str,
    beside: &'static str,
}

/// The phrases of each intent.
pub(super) static PHRASES: LazyLock<HashMap<Intent, Phrases>> = LazyLock::new(|| {
    let of = |intent| {
        let told = told(intent);
        let beside = listed(POLITE).chain(listed(told.beside)).collect();
        (intent, Phrases { anywhere: words(told.anywhere), alone: words(told.alone), beside })
    };
    Intent::ALL.into_iter().map(of).collect()
});

fn listed(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.split(';').map(str::trim).filter(|phrase| !phrase.is_empty())
}

fn words(text: &'static str) -> Vec<Vec<&'static str>> {
    listed(text).map(|phrase| phrase.split(' ').collect()).collect()
}

/// What is said to be polite, or because one talks.
const POLITE: &str =
    "please; bhai; sir; yaar; thanks; you; ab; to; tau; hi; hello; salam; aoa; aap; ap; ji; dear; now";

fn told(intent: Intent) -> Told {
    match intent {
        Intent::Confirm => Told {
            anywhere: "confirm; bhej do; send it; ship it; please send; please ship; please deliver; \
                go ahead; proceed; i want it; mujhe chahiye; order chahiye; pakka; dispatch kar do",
            alone: "yes; y; haan; ji; ji haan; haan ji; ok; theek; theek hai; sahi; sahi hai; sure; \
                bilkul; zaroor; done; right; correct; acha; kar do; 👍; ✅; 👌",
            beside: "order; mera; hai; it; ye; of; course; mujhe; chahiye; kar; do; send",
        },
        Intent::Cancel => Told {
            anywhere: "cancel; dont want; not want; dont need; no need; nahi chahiye; nahi lena; \
                mat bhej do; nahi bhej do; na bhej do; mat bhejna; nahi bhejna; na bhejna; dont send; \
                not send; dont ship; not ship; dont deliver; not deliver",
            alone: "no; n; nahi; na; ji nahi; 👎; ❌",
            beside: "order; mera; it; ye; hai; mujhe",
        },
        Intent::WhereIsIt => Told {
            anywhere: "where is mera; where is the order; where is the parcel; where is it; where is order; \
                where is parcel; wheres mera; wheres the; where mera; order kahan; parcel kahan; \
                kahan hai; kahan tak; kahan pohncha; kahan reh; kab aayega; kab tak; kab milega; \
                kab pohnchega; kab deliver; delivery kab; kab bhej do; when will it; when will i; \
                when will mera; when will you deliver; when will the order; when is it; not received; \
                dont received; dont receive; not arrived; nahi mila; nahi aaya; nahi pohncha; \
                abhi tak nahi; track; tracking; order status; status of; order ka status; any update; \
                kitne din",
            alone: "status; update; kahan; when; where; kab",
            beside: "order; parcel; mera; hai; the; of; ka; on",
        },
        Intent::Complaint => Told {
            anywhere: "complaint; complain; shikayat; kharab; defective; faulty; damaged; damage; broken; \
                toota; phata; torn; ghalat; wrong item; wrong product; wrong size; wrong order; \
                wrong color; wrong colour; wrong parcel; missing; not working; dont work; \
                kaam nahi kar; chal nahi; refund; money back; paise wapas; wapas karna; wapas kar do; \
                exchange; dhoka; naqli; fake; bekar; disappointed; very bad; worst; bad quality; \
                poor quality; low quality; masla; problem; issue",
            alone: "bad; 👎",
            beside: "very; quality; service; hai; the; order",
        },
        Intent::Stop => Told {
            anywhere: "",
            alone: "stop; stop it; stopall; unsubscribe; unsub; opt out; optout; quit; end; band; \
                band kar do; rok do; remove; no message; no more message; message nahi chahiye; \
                dont message; not message; dont send message; not send message; message mat bhej do; \
                message mat bhejna; message na bhej do; message nahi bhej do; mat bhej do message; \
                mat kar do message; message mat kar do; message na kar do; khatam kar do; leave alone",
            beside: "message; me; mujhe; mera; all; sab; ye; these; this; any; more; koi; aur; sending; \
                whatsapp; sms; ads; ad; promotions; promotional; marketing; offers; offer; do; is; \
                par; pe; from; list",
        },
        Intent::Start => Told {
            anywhere: "",
            alone: "shuru; shuru kar do; subscribe; resubscribe; resume; unstop; opt in; optin; \
                dobara bhej do; dobara shuru; dobara shuru kar do; message bhej do; bhej do message; \
                message kar do; send message; send again; message dobara; dobara message",
            beside: "message; me; mujhe; again; dobara; all; sab; ye; these; sending; kar; do; bhej; phir; \
                se; offers; whatsapp; updates",
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::phrase::Speech;

    /// A phrase in another spelling than texts are brought to would never be found.
    #[test]
    fn phrases_are_in_the_one_spelling() {
        for intent in Intent::ALL {
            let told = told(intent);
            let all = [POLITE, told.anywhere, told.alone, told.beside].into_iter().flat_map(listed);
            for phrase in all {
                assert_eq!(Speech::of(phrase).words().join(" "), phrase, "{intent:?}");
            }
        }
    }
}
